namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>Where things are in the checkout that this test program was built from.</summary>
internal static class Checkout
{
    public static string Root { get; } = FindRoot();

    /// <summary>The program of the same build as these tests.</summary>
    public static string Program { get; } = Path.Combine(Root, "artifacts", "bin", "Ostiary.Cli", Configuration, "ostiary");

    private static string Configuration => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    private static string FindRoot()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Ostiary.slnx")))
            directory = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(directory))!;
        return directory;
    }
}
