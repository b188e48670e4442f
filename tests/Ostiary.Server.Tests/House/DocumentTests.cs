using System.Text;
using System.Text.RegularExpressions;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Decisions;

namespace Ostiary.Server.Tests.House;

/// <summary>What the documents name is there.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] Documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

    private static IEnumerable<string> All =>
        Documents.Concat(
            Directory
                .EnumerateFiles(Repository.At("docs"), "*.md", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(Repository.Root, file))
        );

    [Fact]
    public void Every_type_that_the_architecture_names_exists()
    {
        var declared = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Repository.Sources("src"))
        {
            var text = File.ReadAllText(file);
            foreach (Match type in Declaration().Matches(text))
                declared[type.Groups[1].Value] = declared.GetValueOrDefault(type.Groups[1].Value) + text;
        }
        var named = Code()
            .Matches(Repository.Read("ARCHITECTURE.md"))
            .Select(m => TypeName().Match(m.Groups[1].Value))
            .Where(m => m.Success)
            .ToList();

        Assert.NotEmpty(named);
        foreach (var name in named)
        {
            Assert.True(declared.TryGetValue(name.Groups[1].Value, out var text), $"no type {name.Value} in src");
            if (name.Groups[2].Success)
                Assert.Matches($@"\b{name.Groups[2].Value}\b", text!);
        }
    }

    [Fact]
    public void Every_path_that_the_architecture_names_exists()
    {
        var paths = Code().Matches(Repository.Read("ARCHITECTURE.md")).Select(m => m.Groups[1].Value).Where(IsPath).ToList();

        Assert.NotEmpty(paths);
        Assert.All(
            paths,
            path => Assert.True(Exists(path) || Exists("src/Ostiary.Server/" + path) || Exists("src/Ostiary.Cli/" + path), $"no {path}")
        );
    }

    [Fact]
    public void Every_link_between_documents_leads_somewhere()
    {
        foreach (var document in All)
        foreach (Match link in Link().Matches(Repository.Read(document)))
        {
            var target = link.Groups[1].Value.Split('#')[0];
            if (target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal))
                Assert.True(Exists(Path.Combine(Path.GetDirectoryName(document)!, target)), $"{document}: no {target}");
        }
    }

    [Fact]
    public void The_readme_fits_on_a_few_screens() => Assert.InRange(Repository.Read("README.md").Split('\n').Length, 1, 121);

    [Fact]
    public void The_reference_of_rules_is_current() => Repository.IsCurrent("docs/reference/rules.md", RulesReference());

    [Fact]
    public void The_reference_of_the_configuration_names_every_setting()
    {
        var reference = Repository.Read("docs/reference/configuration.md");
        foreach (var file in Repository.Sources("src/Ostiary.Server/Configuration").Where(f => SettingsFile().IsMatch(f)))
        foreach (Match setting in Setting().Matches(File.ReadAllText(file)))
            Assert.Contains($"`{setting.Groups[1].Value}`", reference, StringComparison.Ordinal);
    }

    [Fact]
    public void The_reference_of_endpoints_names_every_route()
    {
        var reference = Repository.Read("docs/reference/endpoints.md");
        var routes = Repository.Read("src/Ostiary.Server/MapOstiary.cs") + Repository.Read("src/Ostiary.Server/Hosting/ServerRoutes.cs");
        foreach (Match route in Route().Matches(routes))
            Assert.Contains($"`{route.Groups[1].Value}`", reference, StringComparison.Ordinal);
    }

    private static string RulesReference()
    {
        var text = new StringBuilder(
            """
            # Rules

            Every decision of the server is one of these lists, asked from top to bottom. The first rule that does not hold refuses, with the code
            beside it. A line of the [event log](events.md) names the list (`act`) and how many of its rules passed (`passed`): with `refused`, the
            rule that refused is the one with the next number.

            This page is written by a test from the lists themselves; do not edit it.

            """
        );
        foreach (var (name, lines) in RuleBook.Lists.OrderBy(list => list.Key, StringComparer.Ordinal))
        {
            text.Append($"\n## `{name}`\n\n| # | what must hold | refused with | from |\n|---|---|---|---|\n");
            foreach (var (index, line) in lines.Index())
            {
                var code = Refusal.CodeOf(line.Reason);
                text.Append($"| {index + 1} | {line.Text} | [{code}](../errors/{code}.md) {Refusal.NameOf(line.Reason)} | {line.Spec} |\n");
            }
        }
        return text.ToString();
    }

    private static bool Exists(string path) => Path.Exists(Repository.At(path));

    /// <summary>Routes begin with a slash; what a build makes is not there before it.</summary>
    private static bool IsPath(string code) =>
        Regex.IsMatch(code, @"^[\w.-]+(/[\w.-]*)+$|^[\w-]+\.(cs|md|json|txt|props|slnx|yml)$")
        && !code.StartsWith("artifacts/", StringComparison.Ordinal);

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum|delegate [\w<>]+) (?:struct |class )?([A-Z]\w+)")]
    private static partial Regex Declaration();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"^([A-Z][a-z]\w*|I[A-Z][a-z]\w*)(?:<[\w, ]+>)?(?:\.([A-Z]\w+))?$")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(
        @"(?:\.(?:Text|Texts|Flag|Number|Span|Display|Choice|OneOf|Items|Has|TryGet|ReadPage)\(|Bounds\.Read\(\w+, |Read\w*\(reader, )""(\w+)"""
    )]
    private static partial Regex Setting();

    [GeneratedRegex(@"/(\w+Document|ConfigurationFile|SecretReference)\.cs$")]
    private static partial Regex SettingsFile();

    [GeneratedRegex(@"""(/[^""]+)""")]
    private static partial Regex Route();
}
