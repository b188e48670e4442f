using System.Text;
using System.Text.RegularExpressions;

namespace Ostiary.Server.Tests.House;

/// <summary>
/// Code and tests cite the same sections. The index is made from the text of the sources; <c>WRITE_DOCS=1</c> writes it anew.
/// </summary>
public sealed partial class SpecIndexTests
{
    private const string IndexFile = "docs/spec-index.md";

    private sealed record Section(string Name, IReadOnlyList<string> Code, IReadOnlyList<string> Tests);

    private static readonly IReadOnlyList<Section> Sections = Collect();

    [Fact]
    public void Every_cited_section_has_a_test()
    {
        var missing = Sections.Where(s => s.Tests.Count == 0 && !Debt.Sections.Contains(s.Name)).ToList();

        Assert.True(missing.Count == 0, "Cited in src, without a test:\n" + Lines(missing, s => s.Code));
    }

    [Fact]
    public void Every_tested_section_is_cited_in_code()
    {
        var unknown = Sections.Where(s => s.Code.Count == 0).ToList();

        Assert.True(unknown.Count == 0, "Tested, but cited nowhere in src:\n" + Lines(unknown, s => s.Tests));
    }

    [Fact]
    public void The_debt_is_only_what_is_owed()
    {
        var paid = Debt.Sections.Where(name => Sections.All(s => s.Name != name || s.Tests.Count > 0)).ToList();

        Assert.True(paid.Count == 0, "Strike from the list of sections without a test: " + string.Join(", ", paid));
    }

    [Fact]
    public void The_index_is_current()
    {
        var text = Write();
        var file = Path.Combine(SourceTree.Root, IndexFile);
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
            File.WriteAllText(file, text);

        Assert.True(File.Exists(file) && File.ReadAllText(file) == text, $"{IndexFile} is not current: run this test with WRITE_DOCS=1.");
    }

    private static List<Section> Collect()
    {
        var code = SourceTree
            .Sources.SelectMany(file => Citation().Matches(file.Text).Select(m => (Name: m.Value.TrimEnd('.'), file.Path)))
            .Where(c => !c.Path.EndsWith("HelpText.cs", StringComparison.Ordinal))
            .ToLookup(c => c.Name, c => c.Path);
        var tests = SourceTree
            .Tests.SelectMany(file => SpecTrait().Matches(file.Text).Select(m => (Name: m.Groups[1].Value, file.Path)))
            .ToLookup(t => t.Name, t => t.Path);
        return
        [
            .. code.Select(g => g.Key)
                .Union(tests.Select(g => g.Key))
                .OrderBy(Sortable, StringComparer.Ordinal)
                .Select(name => new Section(name, [.. code[name].Distinct()], [.. tests[name].Distinct()])),
        ];
    }

    private static string Write()
    {
        var text = new StringBuilder("# Sections of the specifications: where they are kept, where they are tested\n\n");
        text.Append("Made from the sources by `SpecIndexTests`; do not edit.\n\n| section | code | tests |\n|---|---|---|\n");
        foreach (var section in Sections)
            text.Append($"| {section.Name} | {Names(section.Code)} | {Names(section.Tests)} |\n");
        return text.ToString();
    }

    private static string Names(IReadOnlyList<string> paths) =>
        string.Join(", ", paths.Select(p => Path.GetFileNameWithoutExtension(p)!).Distinct().Order(StringComparer.Ordinal));

    private static string Lines(IEnumerable<Section> sections, Func<Section, IReadOnlyList<string>> paths) =>
        string.Join('\n', sections.Select(s => $"  {s.Name}  ({string.Join(", ", paths(s).Take(3))})"));

    /// <summary>Numbers in their order: RFC 6749 §4.1.3 before RFC 6749 §10.10.</summary>
    private static string Sortable(string name) => Number().Replace(name, m => m.Value.PadLeft(6, '0'));

    [GeneratedRegex(
        @"(?:RFC \d+|OIDC [A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)*|OAuth [A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)*|OAuth 2\.1|RP-Initiated Logout|Session Management|Multiple Response Types|(?:Front|Back)-Channel Logout|FAPI 2\.0(?: [A-Z][A-Za-z]+)*|FIPS \d+(?:-\d+)?|CIMD|JARM) §\d+(?:\.\d+)*"
    )]
    internal static partial Regex Citation();

    [GeneratedRegex("Trait\\(\"Spec\", \"([^\"]+)\"\\)")]
    private static partial Regex SpecTrait();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();
}
