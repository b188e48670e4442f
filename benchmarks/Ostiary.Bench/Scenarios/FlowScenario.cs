using Ostiary.Bench.Ceilings;
using Ostiary.Bench.Results;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Scenarios;

/// <summary>One operation against its own ceiling, in turns; where it commits, also against the same handler with one row in a grouped commit.</summary>
/// <param name="Ceiling">What its bare handler does.</param>
/// <param name="Commits">Whether its answer leaves after a flush of the disk.</param>
internal sealed record FlowScenario(string Name, string About, Operation Operation, string Ceiling, bool Commits) : IScenario
{
    private const int Connections = 32;
    private const double Share = 0.7;

    public bool RunsBy(Options options) => !options.Growth;

    public async Task RunAsync(Run run)
    {
        using var server = await run.StartAsync(Operation);
        var length = await server.ClaimsLengthAsync();
        using var ceiling = await CeilingSubject.StartAsync(length);
        using var grouped = Commits ? await CeilingSubject.StartAsync(length, Path.Combine(run.Directory("rows"), "rows.db"), grouped: true) : null;
        List<Subject> subjects = [server, ceiling];
        if (grouped is not null)
            subjects.Add(grouped);
        var rows = await run.CompareAsync(About, Operation, Connections, subjects);
        Compare(run, rows[0], rows[1], Ceiling);
        if (grouped is not null)
            Compare(run, rows[0], rows[2], Ceiling + " + one row, committed in groups");
        if (Operation == Operation.Dpop)
            await BesideBearerAsync(run, server, rows[0]);
    }

    private void Compare(Run run, Row ours, Row ceiling, string what) =>
        run.Findings.Goals.Add(
            new(
                About,
                $"≥ {Share:P0} of {what}",
                $"{ours.Rate / ceiling.Rate:P0} of {ceiling.Rate:N0}/s (by processor time {ceiling.ServerCpu / ours.ServerCpu:P0})",
                ours.Rate >= Share * ceiling.Rate
            )
        );

    /// <summary>The same grant without a proof, and what a signature and a verification cost meanwhile.</summary>
    private async Task BesideBearerAsync(Run run, OstiarySubject server, Row bound)
    {
        var costs = new List<SignatureCost>();
        var rows = await run.CompareAsync(
            About + ": bearer beside it",
            Operation.ClientCredentials,
            Connections,
            latencies: false,
            [server],
            () =>
            {
                costs.Add(SignatureCost.Measure());
                return Task.CompletedTask;
            }
        );
        var (sign, verify) = (Run.Median(costs.Select(c => c.Sign)), Run.Median(costs.Select(c => c.Verify)));
        var more = bound.ServerCpu - rows[0].ServerCpu;
        run.Findings.Goals.Add(
            new(
                About + ", processor time",
                "≤ bearer + one verification + one signature",
                $"bearer {rows[0].ServerCpu:N0} µs + {more:N0} µs; a verification is {verify:N0} µs, a signature {sign:N0} µs",
                more <= verify + sign
            )
        );
    }
}
