using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ostiary.Storage.Sqlite;

namespace Ostiary.Bench;

/// <summary>One line of the table: what was measured, beside its ceiling or bound, and whether the goal is met.</summary>
internal sealed record Figure(string Name, string Measured, string Beside, double Value, string Goal, bool Met);

/// <summary>The three figures, as ratios inside one run: the machine may be shared and noisy, its two sides are measured in turns.</summary>
internal static class Report
{
    private const int ServiceConnections = 32;
    private const int RotationConnections = 64;

    public static async Task<int> RunAsync(bool quick)
    {
        var root = Root();
        var work = Directory.CreateDirectory(Path.Combine(root, "artifacts", "bench", $"work-{Environment.ProcessId}")).FullName;
        try
        {
            PinToSecondCore();
            Note("building the release program");
            var program = await PublishAsync(root);
            List<Figure> figures =
            [
                .. await ClientCredentialsAsync(program, work, quick),
                await RotationAsync(program, work, quick),
                .. await StartAsync(program, work, quick),
            ];
            Print(figures);
            var file = Path.Combine(root, "artifacts", "bench", "figures.json");
            await File.WriteAllBytesAsync(file, Json(figures, quick));
            Note($"written to {Path.GetRelativePath(Environment.CurrentDirectory, file)}");
            return 0;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static async Task<Figure[]> ClientCredentialsAsync(string program, string work, bool quick)
    {
        Note("client credentials against the bare handler");
        using var server = await Server.StartAsync(program, "sqlite", Path.Combine(work, "credentials"));
        using var bare = await Server.StartBareAsync(await server.ClaimsLengthAsync());
        ICaller[] callers = [.. Enumerable.Range(0, ServiceConnections).Select(_ => new ServiceCaller())];
        var (warm, round, rounds) = quick ? (2.0, 1.0, 3) : (8.0, 3.0, 7);
        await Generator.RunAsync(bare.Port, callers, TimeSpan.FromSeconds(warm));
        await Generator.RunAsync(server.Port, callers, TimeSpan.FromSeconds(warm));
        var (ours, ceilings, cpu, bareCpu) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < rounds; i++)
        {
            await MeasureAsync(bare, callers, round, ceilings, bareCpu);
            await MeasureAsync(server, callers, round, ours, cpu);
        }
        var share = Median(ours) / Median(ceilings) * 100;
        var cpuShare = Median(bareCpu) / Median(cpu) * 100;
        return
        [
            new("client credentials, ES256 JWT", $"{Median(ours):N0}/s", $"bare handler {Median(ceilings):N0}/s", share, ">= 75 %", share >= 75),
            new("  the same by processor time", $"{Median(cpu):N1} us", $"bare handler {Median(bareCpu):N1} us", cpuShare, ">= 75 %", cpuShare >= 75),
        ];
    }

    private static async Task MeasureAsync(Server server, ICaller[] callers, double seconds, List<double> rates, List<double> cpu)
    {
        var before = server.Cpu;
        var rate = await Generator.RunAsync(server.Port, callers, TimeSpan.FromSeconds(seconds));
        rates.Add(rate);
        cpu.Add((server.Cpu - before).TotalMicroseconds / (rate * seconds));
    }

    private static async Task<Figure> RotationAsync(string program, string work, bool quick)
    {
        Note("refresh rotation on SQLite against one commit a request");
        using var server = await Server.StartAsync(program, "sqlite", Path.Combine(work, "rotation"));
        ICaller[] callers = [.. (await server.SignInAsync(RotationConnections)).Select(token => new RotatingCaller(token))];
        var (warm, round, rounds) = quick ? (1.0, 1.0, 3) : (4.0, 3.0, 5);
        await Generator.RunAsync(server.Port, callers, TimeSpan.FromSeconds(warm));
        var (ours, single) = (new List<double>(), new List<double>());
        for (var i = 0; i < rounds; i++)
        {
            single.Add(OneCommitEach(Path.Combine(work, $"single-{i}.db"), TimeSpan.FromSeconds(round)));
            ours.Add(await Generator.RunAsync(server.Port, callers, TimeSpan.FromSeconds(round)));
        }
        var times = Median(ours) / Median(single);
        return new(
            $"refresh rotation, SQLite, {RotationConnections} connections",
            $"{Median(ours):N0}/s",
            $"one commit each {Median(single):N0}/s",
            times,
            ">= 10 x",
            times >= 10
        );
    }

    /// <summary>What a server without group commit does at best: one connection, one row a commit, on the same disk with the same durability.</summary>
    private static double OneCommitEach(string file, TimeSpan duration)
    {
        using var connection = Connection.Open(file);
        connection.Execute("PRAGMA journal_mode=WAL");
        connection.Execute("PRAGMA synchronous=FULL");
        connection.Execute("CREATE TABLE grants (id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, content TEXT NOT NULL)");
        const string Insert = "INSERT INTO grants VALUES (?1, ?2, ?3)";
        var content = new string('c', 300);
        var watch = Stopwatch.StartNew();
        var commits = 0;
        while (watch.Elapsed < duration)
        {
            using var statement = connection.Prepare(Insert);
            statement.Bind(1, commits).Bind(2, commits).Bind(3, content).Run();
            commits++;
        }
        return commits / watch.Elapsed.TotalSeconds;
    }

    private static async Task<Figure[]> StartAsync(string program, string work, bool quick)
    {
        Note("start to first token, and idle memory");
        var starts = new List<double>();
        long memory = 0;
        var rounds = quick ? 5 : 11;
        for (var i = 0; i < rounds; i++)
        {
            var watch = Stopwatch.StartNew();
            using var server = await Server.StartAsync(program, "sqlite", Path.Combine(work, $"start-{i}"), pinned: false);
            await server.FirstTokenAsync();
            starts.Add(watch.Elapsed.TotalMilliseconds);
            if (i < rounds - 1)
                continue;
            await Task.Delay(TimeSpan.FromSeconds(10));
            memory = server.Memory;
        }
        var (start, megabytes) = (Median(starts), memory / 1e6);
        return
        [
            new(
                "start to first token, new data directory",
                $"{start:N0} ms",
                $"{starts.Min():N0} to {starts.Max():N0} ms",
                start,
                "< 400 ms",
                start < 400
            ),
            new("memory when idle", $"{megabytes:N1} MB", "resident, after 10 s", megabytes, "< 80 MB", megabytes < 80),
        ];
    }

    private static void PinToSecondCore()
    {
        if (OperatingSystem.IsLinux() && Environment.ProcessorCount > 1)
            using (var self = Process.GetCurrentProcess())
            using (
                var pin = Process.Start(
                    new ProcessStartInfo("taskset", ["-a", "-p", "-c", "1", self.Id.ToString(CultureInfo.InvariantCulture)])
                    {
                        RedirectStandardOutput = true,
                    }
                )!
            )
                pin.WaitForExit();
    }

    private static async Task<string> PublishAsync(string root)
    {
        var target = Path.Combine(root, "artifacts", "bench", "release");
        // Children inherit the pinning of this process; building may use the whole machine.
        var all = $"0-{Environment.ProcessorCount - 1}";
        using var publish = Process.Start(
            new ProcessStartInfo("taskset", ["-c", all, Path.Combine(root, "ostiary"), "--publish", target]) { RedirectStandardOutput = true }
        )!;
        var said = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        if (publish.ExitCode != 0)
            throw new InvalidOperationException("The release build failed: " + said);
        return Path.Combine(target, "ostiary");
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    private static void Print(List<Figure> figures)
    {
        Console.WriteLine();
        Console.WriteLine($"{"figure", -42} {"measured", 12}  {"beside", -30} {"value", 8}  goal");
        foreach (var f in figures)
            Console.WriteLine($"{f.Name, -42} {f.Measured, 12}  {f.Beside, -30} {f.Value, 8:N1}  {f.Goal} {(f.Met ? "met" : "MISSED")}");
        Console.WriteLine();
    }

    private static byte[] Json(List<Figure> figures, bool quick)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteBoolean("quick", quick);
            json.WriteStartArray("figures");
            foreach (var f in figures)
            {
                json.WriteStartObject();
                json.WriteString("name", f.Name.Trim());
                json.WriteString("measured", f.Measured);
                json.WriteString("beside", f.Beside);
                json.WriteNumber("value", Math.Round(f.Value, 2));
                json.WriteString("goal", f.Goal);
                json.WriteBoolean("met", f.Met);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static void Note(string text) => Console.Error.WriteLine(text);

    private static string Root()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        while (here is not null && !File.Exists(Path.Combine(here.FullName, "Ostiary.slnx")))
            here = here.Parent;
        return here?.FullName ?? throw new InvalidOperationException("The benchmarks run from a checkout.");
    }
}
