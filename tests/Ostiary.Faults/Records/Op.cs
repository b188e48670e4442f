namespace Ostiary.Faults.Records;

/// <summary>What a client asked for.</summary>
internal enum Act
{
    Authorize,
    Redeem,
    Refresh,
    Revoke,
    Introspect,

    /// <summary>A token of a service for itself, with its secret.</summary>
    ServiceToken,

    /// <summary>The same with a signed assertion, which is good once.</summary>
    Assert,
    Create,
    Delete,
    Read,
    Disable,
    Enable,
    FetchKeys,
    RotateKeys,
    RevokeKey,
    ReadEvents,
    Start,

    /// <summary>Descriptors and threads of the process, seen from outside.</summary>
    Measure,
}

internal enum Outcome
{
    /// <summary>Sent, and no answer came: both worlds are allowed.</summary>
    Unknown,
    Ok,
    Refused,

    /// <summary>A 5xx: it was not done, or it is not known.</summary>
    Failed,

    /// <summary>A 5xx or 429 that promises that nothing was done.</summary>
    Shed,
}

/// <summary>One call of one client: what it asked, when, and what it was told. Nothing else is ever known to the checker.</summary>
internal sealed record Op
{
    public int Number { get; init; }
    public required Act Act { get; init; }

    /// <summary>Milliseconds since the history began.</summary>
    public double Begun { get; init; }
    public double Ended { get; init; } = double.PositiveInfinity;
    public Outcome Outcome { get; init; }
    public int Status { get; init; }

    /// <summary>The stable code of a refusal.</summary>
    public string Code { get; init; } = "";

    /// <summary>The sign-in that this belongs to, as its client knows.</summary>
    public string Family { get; init; } = "";

    /// <summary>The code, token, assertion id, object or user that it is about.</summary>
    public string Item { get; init; } = "";

    /// <summary>Presented by somebody it was not issued to: must be refused and must change nothing.</summary>
    public bool Foreign { get; init; }
    public string User { get; init; } = "";
    public string Client { get; init; } = "";

    /// <summary>What came back.</summary>
    public string Refresh { get; init; } = "";
    public string Access { get; init; } = "";
    public bool? Active { get; init; }
    public string Text { get; init; } = "";
    public double Number1 { get; init; }
    public double Number2 { get; init; }

    public bool MayHaveHappened => Outcome is Outcome.Ok or Outcome.Unknown or Outcome.Failed;

    public bool EndedBefore(Op other) => Ended < other.Begun;

    public override string ToString() =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"#{Number} {Act} {Family}{(Foreign ? " by a stranger" : "")} [{Begun:0}–{Ended:0} ms] {Outcome} {Status} {Code}"
        );
}
