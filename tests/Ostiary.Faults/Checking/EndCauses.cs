using Ostiary.Faults.Records;

namespace Ostiary.Faults.Checking;

/// <summary>What may have ended a grant, and what has.</summary>
internal sealed class EndCauses
{
    private readonly List<Op> _possible = [];
    private readonly List<Op> _certain = [];

    public EndCauses(IReadOnlyList<Op> ops, Generations generations, UserTimes users, Promise promise)
    {
        foreach (var op in ops.Where(op => !op.Foreign && op.Outcome != Outcome.Shed))
        {
            var isEnd = op.Act switch
            {
                // An access token that is revoked ends alone.
                Act.Revoke => op.MayHaveHappened && op.Text == "refresh",
                Act.Redeem => op.Code == "OST2014"
                    || (
                        op.MayHaveHappened
                        && op.Outcome != Outcome.Ok
                        && ops.Any(o => o.Act == Act.Redeem && o.Number != op.Number && o.MayHaveHappened)
                    ),
                Act.Refresh => op.Code == "OST2032"
                    // A network that doubles requests may show the client the answer to the second: over, by the first.
                    || (
                        (op.MayHaveHappened || op.Code == "OST2020")
                        && generations.IsReuse(op, promise.RetryWindow - promise.Slack, promise.ClockMoved)
                    ),
                _ => false,
            };
            if (!isEnd)
                continue;
            _possible.Add(op);
            if (op.Outcome is Outcome.Refused || op is { Act: Act.Revoke, Outcome: Outcome.Ok })
                _certain.Add(op);
        }
        // Disabling a user ends the user's grants; enabling brings none back.
        foreach (var user in ops.Select(op => op.User).Where(user => user.Length > 0).Distinct())
            _possible.AddRange(users.Disabled(user));
    }

    /// <summary>An end that was acknowledged before this call began.</summary>
    public Op? CertainBefore(Op op, double delay) => _certain.Find(end => end.Number != op.Number && end.Ended + delay < op.Begun);

    /// <summary>An end that may have come before the answer to this call, which may itself be the reuse that was doubled.</summary>
    public bool PossibleBefore(Op op) => _possible.Exists(end => end.Begun < op.Ended && (end.Number != op.Number || op.Act == Act.Refresh));
}
