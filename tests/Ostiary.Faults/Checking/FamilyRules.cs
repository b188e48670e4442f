using Ostiary.Faults.Records;

namespace Ostiary.Faults.Checking;

/// <summary>One sign-in with its code and everything that came from it.</summary>
internal sealed class FamilyRules(IReadOnlyList<Op> ops, UserTimes users, Promise promise)
{
    private readonly List<Violation> _found = [];
    private readonly Generations _generations = new(ops);
    private EndCauses _ends = null!;

    public IReadOnlyList<Violation> Check()
    {
        _ends = new(ops, _generations, users, promise);
        _found.AddRange(_generations.Conflicts);
        var redeemed = ops.Where(op => op is { Act: Act.Redeem, Outcome: Outcome.Ok }).ToArray();
        if (redeemed.Length > 1)
            Report("I2", "a code was honoured more than once", redeemed);
        foreach (var op in ops)
        {
            switch (op.Act)
            {
                case Act.Redeem:
                    CheckRedeemed(op);
                    break;
                case Act.Refresh:
                    CheckRefreshed(op);
                    break;
                case Act.Introspect:
                    CheckStatus(op);
                    break;
            }
            if (op.Outcome == Outcome.Ok)
                CheckGiven(op);
        }
        return _found;
    }

    /// <summary>What an answer gives out is given to the right one and from a grant that lives.</summary>
    private void CheckGiven(Op op)
    {
        if (op is { Foreign: true, Act: Act.Redeem or Act.Refresh })
            Report("I12", "a stranger was given tokens", op);
        if (op.Access.Length == 0)
            return;
        if (op.Act is Act.Redeem or Act.Refresh)
        {
            if (_ends.CertainBefore(op, 0) is { } end)
                Report("I1", "an ended grant gave tokens", end, op);
            if (users.CertainlyDisabled(op.User, op, promise.Delay) is { } disabled)
                Report("I6", "a disabled user's grant gave tokens", disabled, op);
        }
        var claims = Claims.Of(op.Access);
        if (op.Client.Length > 0 && claims.Client != op.Client)
            Report("I12", $"the token is for client {claims.Client}, not {op.Client}", op);
        if (op.Text.Length > 0 && claims.Subject != op.Text)
            Report("I12", "the token is about somebody else", op);
    }

    private void CheckRedeemed(Op op)
    {
        var authorized = ops.FirstOrDefault(o => o is { Act: Act.Authorize, Outcome: Outcome.Ok });
        if (
            op.Outcome == Outcome.Ok
            && authorized is not null
            && !promise.ClockMoved
            && op.Begun - authorized.Ended > promise.CodeLifetime + promise.Slack
        )
            Report("I11", "a code was honoured after its lifetime", authorized, op);
        if (op.Outcome != Outcome.Refused || op.Foreign)
            return;
        var isOwed = op.Code switch
        {
            "OST2014" or "OST2020" => !ops.Any(o =>
                o is { Act: Act.Redeem, Foreign: false, MayHaveHappened: true } && o.Number != op.Number && o.Begun < op.Ended
            ) && !_ends.PossibleBefore(op),
            "OST2013" => !promise.ClockMoved && authorized is not null && op.Ended - authorized.Begun < promise.CodeLifetime - promise.Slack,
            "OST2021" => !users.PerhapsDisabled(op.User, op, promise.Delay),
            _ => true,
        };
        if (isOwed)
            Report("I5", "a code that was given and not used is refused", [.. Of(authorized), op]);
    }

    private void CheckRefreshed(Op op)
    {
        if (op.Foreign)
            return;
        var generation = _generations.Of(op.Item);
        if (op.Outcome == Outcome.Ok)
        {
            var successor = ops.FirstOrDefault(o =>
                o is { Act: Act.Refresh, Outcome: Outcome.Ok } && _generations.Of(o.Item) == generation + 1 && o.EndedBefore(op)
            );
            if (successor is not null)
                Report("I3", "a refresh token was honoured after its successor had been used", successor, op);
            var first = ops.FirstOrDefault(o => o is { Act: Act.Refresh, Outcome: Outcome.Ok } && o.Item == op.Item);
            if (!promise.ClockMoved && first is not null && op.Begun - first.Ended > promise.RetryWindow + promise.Slack)
                Report("I3", "a spent refresh token was honoured after the retry window", first, op);
            return;
        }
        if (op.Outcome != Outcome.Refused)
            return;
        if (op.Code == "OST2032" && !_generations.IsReuse(op, promise.RetryWindow - promise.Slack, promise.ClockMoved))
            Report("I4", "a family was ended although nothing was used twice", op);
        else if (op.Code == "OST2020" && !_ends.PossibleBefore(op))
            Report("I4", "a grant is over although nobody ended it", op);
        else if (op.Code == "OST2021" && !users.PerhapsDisabled(op.User, op, promise.Delay))
            Report("I4", "the user is refused although nobody disabled it", op);
        else if (op.Code is not ("OST2032" or "OST2020" or "OST2021"))
            Report("I5", "a refresh token that was given is refused", op);
    }

    private void CheckStatus(Op op)
    {
        if (op.Outcome != Outcome.Ok || op.Active is not { } active)
            return;
        var issued = ops.FirstOrDefault(o => o.Access == op.Item && o.Act is Act.Redeem or Act.Refresh or Act.ServiceToken or Act.Assert);
        var revoked = ops.Where(o => o.Act == Act.Revoke && !o.Foreign && o.Item == op.Item).ToList();
        if (active)
        {
            if (_ends.CertainBefore(op, promise.Delay) is { } end)
                Report("I1", "a token of an ended grant is active", end, op);
            if (revoked.Find(r => r.Outcome == Outcome.Ok && r.Ended + promise.Delay < op.Begun) is { } revocation)
                Report("I1", "a revoked token is active", revocation, op);
            if (issued is not null && op.Begun - issued.Ended > promise.AccessLifetime + promise.Slack)
                Report("I11", "a token is active after its lifetime", issued, op);
            if (op.User.Length > 0 && users.CertainlyDisabled(op.User, op, promise.Delay) is { } disabled)
                Report("I6", "a token of a disabled user is active", disabled, op);
            if (issued is not null && issued.Text.Length > 0 && (op.Text != issued.Text || op.Client != issued.Client))
                Report("I12", "a token is told to be about somebody else", issued, op);
            return;
        }
        if (_ends.PossibleBefore(op) || revoked.Exists(r => r.MayHaveHappened && r.Begun < op.Ended))
            return;
        if (issued is null || promise.ClockMoved || op.Ended - issued.Begun > promise.AccessLifetime - promise.Slack)
            return;
        if (op.User.Length == 0 || !users.PerhapsDisabled(op.User, op, promise.Delay))
            Report("I5", "a token that was given is not active", issued, op);
    }

    private void Report(string invariant, string what, params Op[] shown) => _found.Add(new(invariant, what, shown));

    private static Op[] Of(Op? op) => op is null ? [] : [op];
}
