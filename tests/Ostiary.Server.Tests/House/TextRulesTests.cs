using System.Text.RegularExpressions;

namespace Ostiary.Server.Tests.House;

public sealed partial class TextRulesTests
{
    private const int LongestFile = 300;
    private const int LongestFunction = 60;

    [Fact]
    public void No_file_is_too_long_to_read()
    {
        var long_ = SourceTree.Sources.Select(f => (f.Path, Lines: f.Text.Count(c => c == '\n'))).Where(f => f.Lines > LongestFile).ToList();

        Assert.True(long_.Count == 0, "Longer than 300 lines: " + string.Join(", ", long_.Select(f => $"{f.Path} ({f.Lines})")));
    }

    [Fact]
    public void No_function_is_too_long_to_hold_in_mind()
    {
        var long_ = SourceTree
            .Sources.Where(f => !Debt.LongFunctions.Contains(f.Path))
            .SelectMany(f => Functions(f.Text).Where(n => n.Lines > LongestFunction).Select(n => $"{f.Path}: {n.Head} ({n.Lines})"))
            .ToList();

        Assert.True(long_.Count == 0, "Longer than 60 lines:\n" + string.Join('\n', long_));
    }

    [Fact]
    public void The_debt_is_only_what_is_owed()
    {
        var paid = Debt.LongFunctions.Where(path =>
            SourceTree.Sources.Where(f => f.Path == path).All(f => Functions(f.Text).All(n => n.Lines <= LongestFunction))
        );

        Assert.Empty(paid);
    }

    [Fact]
    public void Nothing_tells_where_it_was_written()
    {
        // Put together here, so that this file does not hold them itself.
        string[] words = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "api.nu" + "get.org", "registry.npm" + "js.org", "C:" + "\\Users"];
        var found = Everything()
            .SelectMany(f => words.Where(w => f.Text.Contains(w, StringComparison.Ordinal)).Select(w => $"{f.Path}: {w}"))
            .Where(hit => !Tolerated().IsMatch(hit))
            .ToList();

        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    private static IEnumerable<(string Path, string Text)> Everything()
    {
        string[] kinds = [".cs", ".md", ".csproj", ".props", ".json", ".yaml", ".yml", ".css", ".js", ".ts", ".html", ".txt", ".slnx", ".config", ""];
        return SourceTree.Read("", "*").Where(f => kinds.Contains(Path.GetExtension(f.Path)) && !f.Text.Contains('\0', StringComparison.Ordinal));
    }

    /// <summary>Members of a type by their indentation: a line at depth four that ends a head, up to its closing brace.</summary>
    private static IEnumerable<(string Head, int Lines)> Functions(string text)
    {
        var lines = text.Split('\n');
        for (var i = 1; i < lines.Length; i++)
        {
            if (lines[i] != "    {")
                continue;
            var end = Array.FindIndex(lines, i, line => line.StartsWith("    }", StringComparison.Ordinal));
            var head = lines[i - 1].Trim();
            var start = i - 1;
            while (start > 0 && lines[start].StartsWith("     ", StringComparison.Ordinal))
                start--;
            if (end > 0 && lines[end] == "    }" && head.EndsWith(')') && !IsType().IsMatch(lines[start]))
                yield return (lines[start].Trim(), end - i - 1);
        }
    }

    [GeneratedRegex(@"\b(class|record|struct|interface|enum)\b")]
    private static partial Regex IsType();

    /// <summary>A path of a user's own machine in an example is no place where we were.</summary>
    [GeneratedRegex(@"Verdicts\.cs|^artifacts/|^package")]
    private static partial Regex Tolerated();
}
