using System.Text.RegularExpressions;

namespace Ostiary.Server.Tests.House;

/// <summary>The files of the repository, as text.</summary>
internal static partial class SourceTree
{
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<(string Path, string Text)> Sources { get; } = Read("src", "*.cs");
    public static IReadOnlyList<(string Path, string Text)> Tests { get; } = Read("tests", "*.cs");

    public static IReadOnlyList<(string Path, string Text)> Read(string folder, string pattern) =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
                .Where(file => !Generated().IsMatch(file))
                .Order(StringComparer.Ordinal)
                .Select(file => (file, File.ReadAllText(Path.Combine(Root, file)))),
        ];

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Ostiary.slnx")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }

    [GeneratedRegex("(^|/)(artifacts|bin|obj|node_modules|\\.git)/")]
    private static partial Regex Generated();
}
