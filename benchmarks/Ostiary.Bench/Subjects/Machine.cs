using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Ostiary.Bench.Subjects;

/// <summary>The machine: which core is whose, and how its processes are asked what they used.</summary>
internal static class Machine
{
    /// <summary>Ticks a second of the times in /proc; the kernel shows users 100 whatever its own is.</summary>
    private const double TicksPerSecond = 100;

    public const string ServerCore = "0";
    public const string GeneratorCore = "1";

    private static readonly List<Process> Started = [];

    public static string AllCores => $"0-{Environment.ProcessorCount - 1}";

    /// <summary>This process makes the load. What it starts inherits the pinning, so everything else is started through <see cref="Start"/>.</summary>
    public static void PinGenerator()
    {
        if (Environment.ProcessorCount < 2)
            return;
        var pin = new ProcessStartInfo("taskset", ["-a", "-p", "-c", GeneratorCore, Text(Environment.ProcessId)]) { RedirectStandardOutput = true };
        using var process = Process.Start(pin)!;
        process.WaitForExit();
    }

    public static Process Start(
        string cores,
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? directory = null
    )
    {
        var start = new ProcessStartInfo("taskset", ["-c", cores, program, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        Started.Add(process);
        return process;
    }

    /// <summary>Runs a program to its end on all cores and returns what it printed. Throws where it fails.</summary>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, string? directory = null, string? cores = null)
    {
        using var process = Start(cores ?? AllCores, program, arguments, null, directory);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{Path.GetFileName(program)} failed: {said}{await errors}");
        return said;
    }

    /// <summary>Processor time of a process and all that descend from it, those that have ended included.</summary>
    public static TimeSpan Cpu(int process)
    {
        var ticks = 0L;
        foreach (var id in Tree(process))
        {
            if (Stat(id) is { } stat)
                ticks += stat[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
        }
        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    /// <summary>Resident bytes of one process.</summary>
    public static long Memory(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6, line.Length - 6 - 3).Trim(), CultureInfo.InvariantCulture) * 1024;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits until somebody listens.</summary>
    public static async Task ListeningAsync(int port, Process process)
    {
        for (var tries = 0; tries < 600 && !process.HasExited; tries++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
            }
        }
        throw new InvalidOperationException("A process does not listen: " + await process.StandardError.ReadToEndAsync());
    }

    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));

    /// <summary>Of all cores, the share that is in use now, by whomever: what this process does not use while it waits.</summary>
    public static async Task<double> BusyAsync(TimeSpan span)
    {
        var (busy, all) = Times();
        await Task.Delay(span, TimeProvider.System);
        var (busyNow, allNow) = Times();
        return (busyNow - busy) / (double)Math.Max(1, allNow - all);
    }

    public static string Describe()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1L << 30);
        return $"{Environment.ProcessorCount} cores of {model ?? "an unnamed processor"}, {memory} GB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";
    }

    /// <summary>Who stops this program in the middle does not leave servers behind.</summary>
    public static void EndAll()
    {
        foreach (var process in Started)
        {
            try
            {
                process.Kill();
                process.WaitForExit();
            }
            catch (InvalidOperationException)
            {
                // It has ended, as it should.
            }
        }
    }

    private static (long Busy, long All) Times()
    {
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9];
        var all = ticks.Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
        // Idle, and idle while it waits for a disk.
        var idle = ticks[3..5].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
        return (all - idle, all);
    }

    private static IEnumerable<int> Tree(int process)
    {
        yield return process;
        var children = $"/proc/{process}/task/{process}/children";
        if (!File.Exists(children))
            yield break;
        foreach (var child in File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        foreach (var descendant in Tree(int.Parse(child, CultureInfo.InvariantCulture)))
            yield return descendant;
    }

    /// <summary>The fields of /proc/PID/stat from the state on; null where the process is gone.</summary>
    private static string[]? Stat(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
