using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.Server.Decisions;

/// <summary>
/// What was decided, recorded once, and used five times: audit log, trace, explain, monitor, plan. It names the rule list and how many of its rules passed,
/// so the checks themselves cost nothing to keep. It has no free text and no member that could hold a token, a code or a secret.
/// </summary>
public sealed record DecisionRecord
{
    public required DateTimeOffset At { get; init; }

    /// <summary>The flow that it belongs to: <c>flow_…</c>.</summary>
    public required string Flow { get; init; }

    /// <summary>What was decided, by the name of its rule list: <c>token.refresh_token</c>, <c>authorize.request</c>; without one, by its own: <c>client.update</c> …</summary>
    public required string Act { get; init; }

    /// <summary>Null: allowed.</summary>
    public Reason? Refused { get; init; }

    /// <summary>How many rules passed; the rule at this index refused where one did.</summary>
    public int Passed { get; init; }
    public string? ClientId { get; init; }
    public string? Subject { get; init; }
    public string? GrantId { get; init; }
    public string? SessionId { get; init; }

    /// <summary>The <c>jti</c> of a token that was issued or checked.</summary>
    public string? TokenId { get; init; }
    public string? Scope { get; init; }
    public string? Audience { get; init; }

    /// <summary>The name of the parameter, setting or object concerned; never its value.</summary>
    public string? Item { get; init; }

    /// <summary>The peer's network: /24 or /48.</summary>
    public string? Network { get; init; }

    /// <summary>The refresh-token generation before the act.</summary>
    public int? Generation { get; init; }

    /// <summary>The state change that was committed: <c>approved</c>, <c>redeemed</c>, <c>rotated</c>, <c>ended: code-replayed</c> …</summary>
    public string? Change { get; init; }
    public long Revision { get; init; }

    public static DecisionRecord Of(Verdict verdict, DateTimeOffset at, string flow) =>
        new()
        {
            At = at,
            Flow = flow,
            Act = verdict.List,
            Passed = verdict.Passed,
            Refused = verdict.Refused,
        };
}

/// <summary>Where decisions are recorded. Every refusal and every allowed act of every endpoint passes here once, before its answer leaves.</summary>
public interface IDecisionLog
{
    /// <summary>
    /// Asked before an act that cannot be asked for twice: throws <see cref="Stores.StoreException"/> (<see cref="Reason.LogUnavailable"/>) where its record would find
    /// no space, so that nothing is done that cannot be recorded.
    /// </summary>
    void Reserve();

    /// <summary>Throws <see cref="Stores.StoreException"/> (<see cref="Reason.LogUnavailable"/>) where it cannot be recorded: then nothing may be issued.</summary>
    void Record(DecisionRecord record);
}
