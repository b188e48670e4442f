using Ostiary.Protocol;

namespace Ostiary.Server.Grants;

/// <summary>Where a grant stands. It only ever moves forward.</summary>
public enum GrantStatus
{
    /// <summary>Asked for, and waiting for a person.</summary>
    Requested = 0,

    /// <summary>Approved: its code waits to be redeemed.</summary>
    Approved = 1,

    /// <summary>Redeemed: it has a live refresh-token generation (or only access tokens).</summary>
    Active = 2,

    /// <summary>Over, with all its tokens.</summary>
    Ended = 3,
}

/// <summary>Why a grant ended before its time.</summary>
public enum GrantEnd
{
    None = 0,
    Denied = 1,
    CodeReplayed = 2,
    RefreshTokenReused = 3,
    RevokedByClient = 4,
    RevokedByUser = 5,
    RevokedByOperator = 6,
    LoggedOut = 7,
    SubjectDisabled = 8,
    ClientDisabled = 9,

    /// <summary>It is older than the restore of a backup, and may have been ended after the backup. Never stored.</summary>
    Fenced = 10,
}

/// <summary>
/// The one aggregate: what a person (or a client for itself) allowed a client to do. Codes and refresh tokens are references to it, every token is a claim on it.
/// A grant is a value; the store changes it by one conditional write at a time.
/// </summary>
/// <remarks>Bounded by <see cref="ExpiresAt"/>: from then on it is as good as gone and may be swept.</remarks>
public sealed record Grant
{
    public required GrantId Id { get; init; }
    public required string ClientId { get; init; }
    public required GrantStatus Status { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the present state ends by itself: the request, the code, or the grant as a whole.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The authorization request as it was validated. Kept here, so no later step can swap a parameter.</summary>
    public required GrantRequest Request { get; init; }

    /// <summary>What was approved; null while <see cref="GrantStatus.Requested"/>.</summary>
    public Approval? Approval { get; init; }

    /// <summary>The live refresh-token generation; 0 before redemption, 1 after it.</summary>
    public int Generation { get; init; }

    /// <summary>When <see cref="Generation"/> became live: redemption or the last rotation.</summary>
    public DateTimeOffset? RotatedAt { get; init; }

    /// <summary>The last use of a refresh token, for idle expiry; coarse where tokens do not rotate.</summary>
    public DateTimeOffset? UsedAt { get; init; }

    public GrantEnd End { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    public bool IsActive(DateTimeOffset now) => Status == GrantStatus.Active && now < ExpiresAt;
}

/// <summary>A validated authorization request. Immutable.</summary>
public sealed record GrantRequest
{
    public string? RedirectUri { get; init; }
    public required ScopeSet Scope { get; init; }

    /// <summary>The APIs asked for (RFC 8707 §2), by identifier.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];
    public string? State { get; init; }
    public string? Nonce { get; init; }
    public string ResponseMode { get; init; } = "query";
    public string? CodeChallenge { get; init; }
    public IReadOnlyList<string> Prompt { get; init; } = [];

    /// <summary>The key that the code is bound to. RFC 9449 §10</summary>
    public SenderKey? Sender { get; init; }

    /// <summary>Seconds. OIDC Core §3.1.2.1</summary>
    public long? MaxAge { get; init; }
    public string? LoginHint { get; init; }
    public IReadOnlyList<string> UiLocales { get; init; } = [];

    /// <summary>The <c>claims</c> parameter, validated, as JSON text. OIDC Core §5.5</summary>
    public string? Claims { get; init; }
    public IReadOnlyList<string> AcrValues { get; init; } = [];

    /// <summary>The subject of a verified id_token_hint.</summary>
    public string? HintedSubject { get; init; }

    /// <summary>SHA-256 (base64url) of the browser cookie that started the request: nobody else may continue it.</summary>
    public string? Browser { get; init; }

    /// <summary>The key under which a pushed or signed request is used up when it is answered; null: it may be asked again. RFC 9126 §4</summary>
    public string? OnceKey { get; init; }

    /// <summary>A device asked, which has no browser: whoever types its user code answers. RFC 8628 §3.1</summary>
    public bool ForDevice { get; init; }

    /// <summary>The network it came from, where the person who answers must be told.</summary>
    public string? Network { get; init; }

    /// <summary>The reference under which log and trace find the flow.</summary>
    public required string Flow { get; init; }

    /// <summary>
    /// Without what only the way to the code needed. The proofs stay that tell a replay from a stranger's try, and all that later tokens are made of; an ID token
    /// that comes with a refresh has no nonce. OIDC Core §12.2
    /// </summary>
    public GrantRequest Redeemed() =>
        this with
        {
            Scope = ScopeSet.None,
            State = null,
            Nonce = null,
            ResponseMode = "query",
            Prompt = [],
            MaxAge = null,
            LoginHint = null,
            UiLocales = [],
            AcrValues = [],
            HintedSubject = null,
            Browser = null,
            OnceKey = null,
            Network = null,
        };
}

/// <summary>What a person approved, and how they were authenticated.</summary>
public sealed record Approval
{
    public required string Subject { get; init; }
    public required ScopeSet Scope { get; init; }
    public required DateTimeOffset AuthenticatedAt { get; init; }
    public string? SessionId { get; init; }
    public string? Acr { get; init; }
    public IReadOnlyList<string> Amr { get; init; } = [];

    /// <summary>Whether refresh tokens are issued on redemption.</summary>
    public bool Refreshable { get; init; }

    /// <summary>Whether the grant outlives the session it was approved in (<c>offline_access</c>). OIDC Core §11</summary>
    public bool Offline { get; init; }
}
