using Ostiary.Faults.Records;

namespace Ostiary.Faults.Checking;

/// <summary>When a user was disabled for certain, and when perhaps.</summary>
internal sealed class UserTimes(IReadOnlyList<Op> ops)
{
    private readonly ILookup<string, Op> _changes = ops.Where(op => op.Act is Act.Disable or Act.Enable)
        .OrderBy(op => op.Begun)
        .ToLookup(op => op.Item);

    public IEnumerable<Op> Disabled(string user) => _changes[user].Where(change => change.Act == Act.Disable && change.MayHaveHappened);

    /// <summary>Disabled over the whole of this call, whatever else was going on; with time for other nodes to hear of it.</summary>
    public Op? CertainlyDisabled(string user, Op during, double delay) =>
        _changes[user].LastOrDefault(change => change is { Act: Act.Disable, Outcome: Outcome.Ok } && change.Ended + delay < during.Begun)
            is { } disabled
        && !_changes[user].Any(change => change.Act == Act.Enable && change.Ended > disabled.Begun && change.Begun < during.Ended)
            ? disabled
            : null;

    public bool PerhapsDisabled(string user, Op during, double delay)
    {
        foreach (var disable in _changes[user].Where(change => change.Act == Act.Disable && change.MayHaveHappened && change.Begun < during.Ended))
        {
            var enabled = _changes[user].FirstOrDefault(change => change is { Act: Act.Enable, Outcome: Outcome.Ok } && change.Begun > disable.Ended);
            if (enabled is null || enabled.Ended + delay > during.Begun)
                return true;
        }
        return false;
    }
}
