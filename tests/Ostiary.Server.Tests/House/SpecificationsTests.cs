using System.Text;
using System.Text.RegularExpressions;

namespace Ostiary.Server.Tests.House;

/// <summary>What this server is of each specification, with the tests that cover it; <c>WRITE_DOCS=1</c> writes the page anew.</summary>
public sealed partial class SpecificationsTests
{
    private static readonly ILookup<string, string> Sections = SourceTree
        .Sources.Where(file => !file.Path.EndsWith("HelpText.cs", StringComparison.Ordinal))
        .SelectMany(file => SpecIndexTests.Citation().Matches(file.Text).Select(m => m.Value.TrimEnd('.')))
        .Distinct()
        .ToLookup(NameOf, section => section, StringComparer.Ordinal);

    private static readonly ILookup<string, (string Class, string Method)> Tests = SourceTree
        .Tests.SelectMany(file => CoveredIn(file.Text))
        .ToLookup(t => NameOf(t.Section), t => (t.Class, t.Method), StringComparer.Ordinal);

    [Fact]
    public void Every_cited_specification_has_its_title()
    {
        var unnamed = Sections.Select(s => s.Key).Except(Specifications.All.Select(s => s.Name)).ToList();

        Assert.True(unnamed.Count == 0, "Cited in src, without a title in Specifications: " + string.Join(", ", unnamed));
    }

    [Fact]
    public void Every_titled_specification_is_cited()
    {
        var idle = Specifications.All.Where(s => !Sections.Contains(s.Name)).Select(s => s.Name).ToList();

        Assert.True(idle.Count == 0, "Named in Specifications, cited nowhere in src: " + string.Join(", ", idle));
    }

    [Fact]
    public void A_specification_is_named_once() => Assert.Equal(Specifications.All.Count, Specifications.All.DistinctBy(s => s.Name).Count());

    [Fact]
    public void The_reference_of_specifications_is_current() => Repository.IsCurrent("docs/reference/specifications.md", Write());

    private static string Write()
    {
        var text = new StringBuilder(
            """
            # Specifications

            What this server cites of each specification, how much of it it is, and the tests that cover it. *Whole* means: what concerns an authorization server
            or an OpenID provider. *Part* says what is left out; what is refused by design stays out. Where each section is kept and tested stands in the
            [index of sections](../spec-index.md), the OpenID Foundation's modules in [conformance](../conformance.md).

            This page is made from the sources by a test; do not edit it.

            | specification | title | here | sections | tests |
            |---|---|---|---|---|

            """
        );
        foreach (var specification in Specifications.All)
        {
            var tests = Tests[specification.Name].Distinct().Count();
            text.Append($"| [{specification.Name}](#{AnchorOf(specification)}) | {specification.Title} | {specification.Standing} | ");
            text.Append($"{Sections[specification.Name].Count()} | {tests} |\n");
        }
        foreach (var specification in Specifications.All)
            Append(text, specification);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Specification specification)
    {
        var sections = Sections[specification.Name].Select(s => s[(specification.Name.Length + 1)..]).OrderBy(Sortable, StringComparer.Ordinal);
        var tests = Tests[specification.Name].Distinct().ToList();
        var classes = tests.Select(t => t.Class).Distinct().Order(StringComparer.Ordinal);
        text.Append($"\n## {specification.Name}\n\n");
        text.Append(specification.Address is { } address ? $"[{specification.Title}]({address})" : specification.Title);
        text.Append($". Here: {specification.Standing}.\n\n");
        text.Append($"- Sections: {string.Join(", ", sections)}\n");
        text.Append($"- Tests: {tests.Count}, in {string.Join(", ", classes)}\n");
    }

    /// <summary>The tests of a file with the sections that they, or their class, name.</summary>
    private static IEnumerable<(string Section, string Class, string Method)> CoveredIn(string text)
    {
        var (type, ofClass, pending) = ("", new List<string>(), new List<string>());
        foreach (Match match in Declaration().Matches(text))
        {
            if (match.Groups["spec"] is { Success: true } spec)
            {
                pending.Add(spec.Value);
                continue;
            }
            if (match.Groups["class"] is { Success: true } named)
            {
                (type, ofClass) = (named.Value, [.. pending]);
            }
            else
            {
                foreach (var section in pending.Concat(ofClass))
                    yield return (section, type, match.Groups["method"].Value);
            }
            pending.Clear();
        }
    }

    private static string NameOf(string section) => section[..section.IndexOf(" §", StringComparison.Ordinal)];

    private static string AnchorOf(Specification specification) =>
        string.Concat(specification.Name.ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-')).Replace(' ', '-');

    private static string Sortable(string name) => Number().Replace(name, m => m.Value.PadLeft(6, '0'));

    [GeneratedRegex(
        """
            Trait\("Spec", "(?<spec>[^"]+)"\)|^(?:public|internal) (?:abstract |sealed |static |partial )*class (?<class>\w+)|^    public (?:async )?(?:Task|ValueTask|void)\b[^\n(=;]*? (?<method>\w+)\(
            """,
        RegexOptions.Multiline
    )]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();
}
