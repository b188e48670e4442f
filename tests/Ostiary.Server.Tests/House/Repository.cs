namespace Ostiary.Server.Tests.House;

/// <summary>The files of the checkout, for tests of what stands in them.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string At(string path) => Path.Combine(Root, path);

    public static string Read(string path) => File.ReadAllText(At(path));

    public static IEnumerable<string> Sources(string folder) =>
        Directory
            .EnumerateFiles(At(folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    /// <summary>A document that is made from the program: compared, or with <c>WRITE_DOCS=1</c> written.</summary>
    public static void IsCurrent(string path, string made)
    {
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
            File.WriteAllText(At(path), made);
        Assert.True(Read(path) == made, $"{path} is not what the program says now. Run this test with WRITE_DOCS=1 to write it.");
    }

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Ostiary.slnx")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}
