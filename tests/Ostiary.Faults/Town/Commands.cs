using System.Diagnostics;
using System.Text;

namespace Ostiary.Faults.Town;

/// <summary>Programs that the bench runs beside itself.</summary>
internal static class Commands
{
    /// <summary>The program under test: the build beside this one, or the one that is named.</summary>
    public static string Ostiary { get; } = Environment.GetEnvironmentVariable("FAULTS_PROGRAM") ?? Find();

    private static Process Start(string file, string[] arguments, IReadOnlyDictionary<string, string>? environment = null, string? directory = null)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? Path.GetTempPath(),
        };
        foreach (var name in info.Environment.Keys.Where(k => k.StartsWith("OSTIARY_", StringComparison.Ordinal)).ToList())
            info.Environment.Remove(name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            info.Environment[name] = value;
        var process = Process.Start(info)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>A program that stays until it is stopped, and never longer than this process.</summary>
    public static Process StartToStay(
        string file,
        string[] arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? directory = null
    )
    {
        var process = Start(file, arguments, environment, directory);
        Reaper.OfThisProcess.Watch(process);
        return process;
    }

    /// <summary>Runs to the end. Throws with what it said where it fails.</summary>
    public static async Task<string> RunAsync(string file, params string[] arguments)
    {
        using var process = Start(file, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(2));
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await error}{await output}");
        return await output;
    }

    /// <summary>A program that stays, with its output in a file.</summary>
    public static Process Begin(string file, string[] arguments, string log, IReadOnlyDictionary<string, string>? environment = null)
    {
        var process = StartToStay(file, arguments, environment, Path.GetDirectoryName(log));
        var writer = TextWriter.Synchronized(new StreamWriter(log, append: true, Encoding.UTF8) { AutoFlush = true });
        process.OutputDataReceived += (_, line) => writer.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => writer.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static string Find()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(here.Parent!.Parent!.FullName, "Ostiary.Cli", here.Name, "ostiary");
    }
}
