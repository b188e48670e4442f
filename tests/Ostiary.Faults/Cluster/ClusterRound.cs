using Ostiary.Faults.Checking;
using Ostiary.Faults.Load;
using Ostiary.Faults.Records;
using Ostiary.Faults.Town;

namespace Ostiary.Faults.Cluster;

/// <summary>Three nodes on one database behind a balancer, under load.</summary>
internal sealed class ClusterRound : IAsyncDisposable
{
    private const int NodeCount = 3;
    private readonly RoundPlan _plan;
    private readonly Recorder _recorder;
    private readonly List<Wire> _doors = [];
    private Balancer? _balancer;

    private ClusterRound(RoundPlan plan, string database, Wire? line)
    {
        (_plan, Line, Random) = (plan, line, new Random(plan.Seed));
        _recorder = new(new History(Path.Combine(Report.Directory, $"{plan.Name.ToLowerInvariant()}-cluster-{plan.Seed}.jsonl")));
        foreach (var name in Enumerable.Range(1, NodeCount).Select(n => $"n{n}"))
        {
            var node = new ServerNode(
                Ground,
                new()
                {
                    Store = database,
                    Name = name,
                    More = ["--drain-delay", "2s"],
                },
                _recorder.History
            );
            Nodes.Add(node);
            _doors.Add(new(() => node.Port, plan.Seed));
        }
    }

    public Ground Ground { get; } = new();
    public List<ServerNode> Nodes { get; } = [];

    /// <summary>Between the nodes and their database.</summary>
    public Wire? Line { get; }
    public Random Random { get; }

    /// <param name="plan">What is done for how long.</param>
    /// <param name="database">The URL of the database.</param>
    /// <param name="line">The wire that the URL leads to, where there is one.</param>
    /// <param name="strike">Breaks something and makes it whole again.</param>
    /// <param name="ct">Stops everything.</param>
    public static async Task<RoundResult> RunAsync(
        RoundPlan plan,
        string database,
        Wire? line,
        Func<ClusterRound, CancellationToken, Task> strike,
        CancellationToken ct
    )
    {
        await using var round = new ClusterRound(plan, database, line);
        await round.StartAsync(ct);
        return await round.RunAsync(strike, ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (_balancer is not null)
            await _balancer.DisposeAsync();
        foreach (var node in Nodes)
            await node.DisposeAsync();
        foreach (var door in _doors)
            await door.DisposeAsync();
        _recorder.History.Dispose();
        Ground.Dispose();
    }

    private async Task StartAsync(CancellationToken ct)
    {
        await Nodes[0].StartAsync(ct);
        foreach (var node in Nodes.Skip(1))
        {
            // What nodes share beside the database: the master key.
            Directory.CreateDirectory(Path.Combine(node.Data, "keys"));
            File.Copy(Path.Combine(Nodes[0].Data, "format"), Path.Combine(node.Data, "format"));
            foreach (var key in Directory.EnumerateFiles(Path.Combine(Nodes[0].Data, "keys")))
                File.Copy(key, Path.Combine(node.Data, "keys", Path.GetFileName(key)));
            File.SetUnixFileMode(Path.Combine(node.Data, "keys"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await node.StartAsync(ct);
        }
        _balancer = await Balancer.OfNodesAsync(Ground.Root, _doors.Select(d => d.Port));
    }

    private async Task<RoundResult> RunAsync(Func<ClusterRound, CancellationToken, Task> strike, CancellationToken ct)
    {
        var history = _recorder.History;
        using var caller = new Caller(_balancer!.Port, TimeSpan.FromSeconds(12));
        using var administration = new Administration(_recorder, () => (Nodes.Find(n => n.Runs) ?? Nodes[0]).Socket, caller, _plan.Seed)
        {
            RotatesKeys = _plan.RotatesKeys,
        };
        await UntilReadyAsync(caller, ct);
        var people = await People.SignInAsync(Nodes[0].Port, administration, ct);
        var load = new Workload(_recorder, caller, Ground, people, _plan.Seed);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var working = Task.WhenAll(load.RunAsync(_plan.Browsers, stop.Token, ct), administration.RunAsync(stop.Token, ct));
        await Task.Delay(1_000, ct);
        Measure();
        var begun = history.Now;
        var strikes = 0;
        for (var until = history.Now + _plan.Length.TotalMilliseconds; history.Now < until; strikes++)
        {
            await Task.WhenAny(working, Task.Delay(Random.Next(300, 1500), ct));
            if (working.IsFaulted)
                await working;
            await strike(this, ct);
        }
        await Task.Delay(2_000, ct);
        var ended = history.Now;
        await stop.CancelAsync();
        await working;
        await UntilReadyAsync(caller, ct);
        await load.ProbeAsync(ct);
        await administration.ProbeAsync(ct);
        await administration.ReadEventsAsync(Nodes.Select(n => n.Socket), ct);
        Measure();
        var ops = history.Ops;
        return new(_plan, ops, Checker.Check(ops, _plan.Promise), strikes, Outages.Longest(ops, begun, ended), history.File);
    }

    private void Measure()
    {
        foreach (var node in Nodes)
            node.Measure();
    }

    private async Task UntilReadyAsync(Caller caller, CancellationToken ct)
    {
        var deadline = _recorder.History.Now + 40_000;
        while (true)
        {
            try
            {
                if (await caller.StatusAsync("/readyz", ct) == 200)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
            Assert.True(_recorder.History.Now < deadline, "the nodes are not ready 40 seconds after everything is whole again");
            await Task.Delay(200, ct);
        }
    }
}
