using Ostiary.Faults.Records;

namespace Ostiary.Faults.Checking;

/// <summary>Which generation of a family a refresh token is, read off the answers: who presents the n-th is given the one after it.</summary>
internal sealed class Generations
{
    private readonly Dictionary<string, int> _byToken = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<Op> _ops;

    public Generations(IReadOnlyList<Op> ops)
    {
        _ops = ops;
        var successors = new Dictionary<string, Op>(StringComparer.Ordinal);
        foreach (var op in ops.Where(op => op.Outcome == Outcome.Ok && op.Refresh.Length > 0).OrderBy(op => op.Begun))
        {
            if (op.Act == Act.Redeem)
                _byToken.TryAdd(op.Refresh, 1);
            else if (op.Act == Act.Refresh && !successors.TryAdd(op.Item, op) && successors[op.Item].Refresh != op.Refresh)
                Conflicts.Add(new("I3", "one refresh token has two successors", successors[op.Item], op));
        }
        for (var grew = true; grew; )
        {
            grew = false;
            foreach (var (token, op) in successors)
                if (_byToken.TryGetValue(token, out var generation) && _byToken.TryAdd(op.Refresh, generation + 1))
                    grew = true;
        }
    }

    public List<Violation> Conflicts { get; } = [];

    public int Of(string token) => _byToken.GetValueOrDefault(token, -1);

    /// <summary>Whether this presentation may rightly be taken for a reuse: the successor was presented too, or the window was over.</summary>
    public bool IsReuse(Op presented, double window, bool clockMoved)
    {
        var generation = Of(presented.Item);
        return _ops.Any(op =>
            op is { Act: Act.Refresh, Foreign: false }
            && op.Number != presented.Number
            && op.Begun < presented.Ended
            && op.Outcome != Outcome.Shed
            && (
                (generation > 0 && Of(op.Item) == generation + 1)
                || (op.Item == presented.Item && op.MayHaveHappened && (clockMoved || presented.Ended - op.Begun > window))
            )
        );
    }
}
