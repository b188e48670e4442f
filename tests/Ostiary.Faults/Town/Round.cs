using System.Globalization;
using Ostiary.Faults.Checking;
using Ostiary.Faults.Load;
using Ostiary.Faults.Nemeses;
using Ostiary.Faults.Records;

namespace Ostiary.Faults.Town;

/// <summary>What is done for how long.</summary>
internal sealed record RoundPlan
{
    public required string Name { get; init; }
    public required string Store { get; init; }
    public string Fault { get; init; } = "";
    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(8);
    public int Browsers { get; init; } = 4;
    public Promise Promise { get; init; } = new();
    public int Seed { get; init; } = 20261120;
    public bool RotatesKeys { get; init; } = true;
    public bool WithShim { get; init; }

    /// <summary>Ends as soon as something was found: for faults that are known to be there.</summary>
    public bool UntilFound { get; init; }
}

/// <summary>What came of it.</summary>
internal sealed record RoundResult(
    RoundPlan Plan,
    IReadOnlyList<Op> Ops,
    IReadOnlyList<Violation> Violations,
    int Strikes,
    double Outage,
    string HistoryFile
)
{
    public int Unknown => Ops.Count(op => op.Outcome is Outcome.Unknown or Outcome.Failed);

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Plan.Name} on {Plan.Store}{(Plan.Fault.Length > 0 ? " with " + Plan.Fault : "")}: {Ops.Count} calls ({Unknown} without a sure answer), {Strikes} faults, longest write outage {Outage / 1000:0.0} s, {Violations.Count} violations; seed {Plan.Seed}, history {HistoryFile}"
        );
}

/// <summary>One server on one machine under load, with somebody who breaks things.</summary>
internal sealed class Round : IAsyncDisposable
{
    private readonly RoundPlan _plan;
    private readonly Recorder _recorder;

    private Round(RoundPlan plan, Ground ground, Shim? shim)
    {
        (_plan, Ground, Shim) = (plan, ground, shim);
        var history = new History(Path.Combine(Report.Directory, FileName(plan)));
        _recorder = new(history);
        Node = new(
            ground,
            new()
            {
                Store = plan.Store,
                Fault = plan.Fault,
                Shim = shim,
            },
            history
        );
        Wire = new(() => Node.Port, plan.Seed);
        Random = new(plan.Seed);
    }

    public Ground Ground { get; }
    public Shim? Shim { get; }
    public ServerNode Node { get; }
    public Wire Wire { get; }
    public Random Random { get; }
    public History History => _recorder.History;

    public static async Task<Round> PrepareAsync(RoundPlan plan)
    {
        var ground = new Ground();
        return new(plan, ground, plan.WithShim ? await Shim.MakeAsync(ground) : null);
    }

    /// <summary>Runs to the end and judges. The result goes into the report.</summary>
    public static async Task<RoundResult> RunAsync(RoundPlan plan, INemesis nemesis, CancellationToken ct)
    {
        await using var round = await PrepareAsync(plan);
        try
        {
            return await round.RunAsync(nemesis, ct);
        }
        finally
        {
            await round.Node.KillAsync();
            await nemesis.CleanUpAsync();
        }
    }

    public async Task<RoundResult> RunAsync(INemesis nemesis, CancellationToken ct)
    {
        await nemesis.PrepareAsync(this);
        await Node.StartAsync(ct);
        using var caller = new Caller(Wire.Port, TimeSpan.FromSeconds(4));
        using var administration = new Administration(_recorder, () => Node.Socket, caller, _plan.Seed) { RotatesKeys = _plan.RotatesKeys };
        var load = new Workload(_recorder, caller, Ground, await People.SignInAsync(Node.Port, administration, ct), _plan.Seed);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var working = Task.WhenAll(load.RunAsync(_plan.Browsers, stop.Token, ct), administration.RunAsync(stop.Token, ct));
        await Task.Delay(500, ct);
        Node.Measure();
        var begun = History.Now;
        var strikes = await StrikeAsync(nemesis, working, ct);
        var ended = History.Now;
        await stop.CancelAsync();
        await working;
        await nemesis.HealAsync(this);
        await load.ProbeAsync(ct);
        await administration.ProbeAsync(ct);
        await administration.ReadEventsAsync([Node.Socket], ct);
        Node.Measure();
        var ops = History.Ops;
        return new(_plan, ops, Checker.Check(ops, _plan.Promise), strikes, Outages.Longest(ops, begun, ended), History.File);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await Wire.DisposeAsync();
        History.Dispose();
        Ground.Dispose();
    }

    private async Task<int> StrikeAsync(INemesis nemesis, Task working, CancellationToken ct)
    {
        var strikes = 0;
        var until = History.Now + _plan.Length.TotalMilliseconds;
        while (History.Now < until && !(_plan.UntilFound && Checker.Check(History.Ops, _plan.Promise).Count > 0))
        {
            await Task.WhenAny(working, Task.Delay(Random.Next(300, 1200), ct));
            if (working.IsFaulted)
                await working;
            await nemesis.StrikeAsync(this, ct);
            strikes++;
        }
        return strikes;
    }

    private static string FileName(RoundPlan plan) =>
        string.Concat($"{plan.Name}-{plan.Store}-{plan.Fault}-{plan.Seed}".Select(c => char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'))
        + ".jsonl";
}

/// <summary>Who signs in before the load begins.</summary>
internal static class People
{
    public static async Task<IReadOnlyList<Person>> SignInAsync(int port, Administration administration, CancellationToken ct)
    {
        using var direct = new Caller(port, TimeSpan.FromSeconds(20));
        var people = new List<Person>();
        foreach (var name in new[] { "ada", "bob" })
        {
            var cookies = await direct.SignInAsync(name, Protocol.Pkce.ChallengeOf(Protocol.Entropy.Text(32)), ct);
            people.Add(new(name, await administration.SubjectAsync(name, ct), cookies));
        }
        return people;
    }
}

/// <summary>How long nobody's write was acknowledged.</summary>
internal static class Outages
{
    public static double Longest(IReadOnlyList<Op> ops, double from, double to)
    {
        var last = from;
        var longest = 0.0;
        foreach (var end in ops.Where(IsWrite).Select(op => op.Ended).Where(end => end > from && end < to).Order().Append(to))
        {
            longest = Math.Max(longest, end - last);
            last = end;
        }
        return longest;
    }

    private static bool IsWrite(Op op) => op is { Outcome: Outcome.Ok, Act: Act.Redeem or Act.Refresh or Act.Revoke or Act.Create };
}
