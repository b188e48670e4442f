using Ostiary.Bench.Ceilings;
using Ostiary.Bench.Results;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Scenarios;

/// <summary>One operation against its ceiling, in turns, and then against the peers.</summary>
/// <param name="Share">Of the ceiling, at least.</param>
/// <param name="Times">Of the best peer, at least.</param>
internal sealed record OperationScenario(string Name, string About, Operation Operation, int Connections, double Share, double Times) : IScenario
{
    private const string P99Bar = "≤ 2 × the bare handler at the same rate, and ahead of the peers";

    public bool RunsBy(Options options) => !options.Growth;

    public async Task RunAsync(Run run)
    {
        var rows = await AgainstCeilingAsync(run);
        var (ours, ceiling) = (rows[0], rows[1]);
        run.Findings.Goals.Add(
            new(
                About,
                $"≥ {Share:P0} of {Ceiling}",
                $"{ours.Rate / ceiling.Rate:P0} of {ceiling.Rate:N0}/s (by processor time {ceiling.ServerCpu / ours.ServerCpu:P0})",
                ours.Rate >= Share * ceiling.Rate
            )
        );
        var peers = await PeersAsync(run);
        if (peers.MaxBy(p => p.Rate) is { } best)
            run.Findings.Goals.Add(
                new(About, $"≥ {Times:0} × the best peer", $"{ours.Rate / best.Rate:N1} × {best.Subject}", ours.Rate >= Times * best.Rate)
            );
        var ahead = peers.All(p => ours.P99 < p.P99);
        run.Findings.Goals.Add(
            new(
                About + ", p99 at half of the peak",
                P99Bar,
                $"{ours.P99 / 1000:N2} ms, {ours.P99 / Math.Max(1, ceiling.P99):N1} × the bare handler's{(peers.Count == 0 ? "" : ahead ? ", ahead" : ", behind a peer")}",
                ours.P99 <= 2 * ceiling.P99 && ahead
            )
        );
    }

    private string Ceiling =>
        Operation switch
        {
            Operation.Discovery or Operation.Jwks => "GET constant",
            Operation.IntrospectJwt or Operation.IntrospectOpaque => "form + constant",
            Operation.Code => "GET constant, then form + one signature",
            _ => "form + one signature",
        };

    private async Task<IReadOnlyList<Row>> AgainstCeilingAsync(Run run)
    {
        using var server = await run.StartAsync();
        using var ceiling = await CeilingSubject.StartAsync(await server.ClaimsLengthAsync());
        return await run.CompareAsync(About, Operation, Connections, server, ceiling);
    }

    /// <summary>Each alone, at half of its own peak.</summary>
    private async Task<IReadOnlyList<Row>> PeersAsync(Run run)
    {
        var rows = new List<Row>();
        if (await run.PeerDirectoryAsync() is not { } directory)
            return rows;
        foreach (var database in new[] { null, Path.Combine(run.Directory("peer"), "peer.db") })
        {
            using var peer = await OidcProviderSubject.StartAsync(directory, database);
            rows.AddRange(await run.CompareAsync(About, Operation, Connections, peer));
        }
        return rows;
    }
}
