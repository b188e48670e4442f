using Ostiary.Bench.Ceilings;
using Ostiary.Bench.Load;
using Ostiary.Bench.Results;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Scenarios;

/// <summary>Client credentials at rising load, arrivals by chance: what the picture of the README shows.</summary>
internal sealed class SweepScenario : IScenario
{
    private const int Connections = 64;
    private static readonly double[] Loads = [0.05, 0.2, 0.35, 0.5, 0.65, 0.75, 0.85, 0.92, 1.0, 1.1];

    public string Name => "sweep";

    public string About => "client credentials at rising load";

    public bool RunsBy(Options options) => options is { Growth: false, Quick: false };

    public async Task RunAsync(Run run)
    {
        using (var server = await run.StartAsync())
        {
            using var ceiling = await CeilingSubject.StartAsync(await server.ClaimsLengthAsync());
            await SweepAsync(run, server);
            await SweepAsync(run, ceiling);
        }
        if (await run.PeerDirectoryAsync() is not { } directory)
            return;
        using var peer = await OidcProviderSubject.StartAsync(directory, null);
        await SweepAsync(run, peer);
    }

    private static async Task SweepAsync(Run run, Subject subject)
    {
        var callers = (await subject.CallersAsync(Operation.ClientCredentials, Connections))!;
        Generator.Closed(subject.Port, callers, run.Pace.WarmUp);
        var peak = Generator.Closed(subject.Port, callers, run.Pace.Round).Rate;
        var points = new List<Point>();
        foreach (var load in Loads)
        {
            var offered = peak * load;
            var samples = Enumerable.Range(0, 3).Select(_ => Generator.Open(subject.Port, callers, offered, run.Pace.Latency / 2)).ToList();
            points.Add(
                new(
                    offered,
                    Run.Median(samples.Select(s => s.Rate)),
                    Run.Median(samples.Select(s => s.Latencies.Quantile(0.5))),
                    Run.Median(samples.Select(s => s.Latencies.Quantile(0.99)))
                )
            );
        }
        run.Findings.Curves.Add(new(subject.Name, points));
        Run.Say($"  {subject.Name}: peak {peak:N0}/s");
    }
}
