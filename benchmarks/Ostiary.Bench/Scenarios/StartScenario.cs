using System.Diagnostics;
using Ostiary.Bench.Load;
using Ostiary.Bench.Results;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Scenarios;

/// <summary>From the start of the process to the first token, on an empty store and all cores; and the memory of a server that has nothing to do.</summary>
internal sealed class StartScenario : IScenario
{
    private const int Bar = 300;
    private const int MemoryBar = 70;
    private static readonly TimeSpan UntilIdle = TimeSpan.FromSeconds(2);

    public string Name => "start";

    public string About => "start to first token, empty store";

    public bool RunsBy(Options options) => !options.Growth;

    public async Task RunAsync(Run run)
    {
        var starts = new List<double>();
        double memory = 0;
        var rounds = run.Options.Quick ? 5 : 11;
        for (var i = 0; i < rounds; i++)
        {
            var directory = run.Directory("start");
            var watch = Stopwatch.StartNew();
            using var server = await OstiarySubject.StartAsync(run.Program, directory, cores: Machine.AllCores);
            var callers = (await server.CallersAsync(Operation.ClientCredentials, 1))!;
            // The load ends after its first answer.
            var first = Generator.Closed(server.Port, callers, 0.000_001);
            starts.Add(watch.Elapsed.TotalMilliseconds);
            if (first.Failed > 0)
                throw new InvalidDataException("The first token is none: " + first.FirstFailure);
            if (i < rounds - 1)
                continue;
            await Task.Delay(UntilIdle, TimeProvider.System);
            memory = server.Memory / (1024.0 * 1024.0);
        }
        var start = Run.Median(starts);
        run.Findings.Goals.Add(new(About, $"≤ {Bar} ms", $"{start:N0} ms", start <= Bar));
        run.Findings.Goals.Add(new("idle memory", $"≤ {MemoryBar} MB", $"{memory:N0} MB", memory <= MemoryBar));
        Run.Say($"  {start:N0} ms, {memory:N0} MB");
    }
}
