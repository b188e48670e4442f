using System.Diagnostics;
using System.Text;

namespace Ostiary.Program.Tests.Cli;

/// <summary>What a run of the program gave.</summary>
public sealed record Run(int Exit, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>The real program, as a child process.</summary>
public static class Program
{
    /// <summary>The build beside this one: <c>artifacts/bin/Ostiary.Cli/debug</c> for <c>artifacts/bin/Ostiary.Program.Tests/debug</c>.</summary>
    public static string Path { get; } = Find();

    public static Task<Run> RunAsync(params string[] arguments) => RunAsync(arguments, null, null);

    public static async Task<Run> RunAsync(string[] arguments, string? input, Dictionary<string, string?>? environment)
    {
        using var process = Start(arguments, environment);
        if (input is not null)
            await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>The program on a terminal, which is made by <c>script</c>; stdout and stderr are one there.</summary>
    public static async Task<string> OnTerminalAsync(string command, Dictionary<string, string?>? environment = null, int columns = 100)
    {
        var all = new Dictionary<string, string?>(environment ?? [])
        {
            ["COLUMNS"] = columns.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        all.TryAdd("TERM", "xterm");
        using var process = Start("/usr/bin/script", ["-qec", $"{Path} {command}", "/dev/null"], all);
        process.StandardInput.Close();
        return (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    public static Process Start(string[] arguments, Dictionary<string, string?>? environment = null) => Start(Path, arguments, environment);

    public static Process Start(string file, string[] arguments, Dictionary<string, string?>? environment)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = System.IO.Path.GetTempPath(),
        };
        foreach (
            var name in info
                .Environment.Keys.Where(k => k.StartsWith("OSTIARY_", StringComparison.Ordinal) || k is "NO_COLOR" or "CLICOLOR_FORCE")
                .ToList()
        )
            info.Environment.Remove(name);
        foreach (var (name, value) in environment ?? [])
            info.Environment[name] = value;
        return Process.Start(info)!;
    }

    private static string Find()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        return System.IO.Path.Combine(here.Parent!.Parent!.FullName, "Ostiary.Cli", here.Name, "ostiary");
    }
}
