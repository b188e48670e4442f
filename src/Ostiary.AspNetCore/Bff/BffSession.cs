namespace Ostiary.AspNetCore.Bff;

/// <summary>A signed-in person: what the server keeps so that the browser need not.</summary>
public sealed record BffSession
{
    /// <summary>The claims of the ID token and of the userinfo endpoint, as JSON.</summary>
    public required string Claims { get; init; }

    /// <summary>Who it is (<c>sub</c>), and which session at the issuer it belongs to (<c>sid</c>): a back-channel logout names one or both.</summary>
    public string? Subject { get; init; }
    public string? IssuerSession { get; init; }

    /// <summary>The ID token itself: needed as a hint when signing out.</summary>
    public required string IdToken { get; init; }

    public required string AccessToken { get; init; }
    public required DateTimeOffset AccessTokenExpires { get; init; }
    public required string? RefreshToken { get; init; }
    public required DateTimeOffset Started { get; init; }
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>The end, however busy the session is.</summary>
    public required DateTimeOffset Ends { get; init; }

    /// <summary>Whether a logout that names this person, this session of the issuer, or both, is about it.</summary>
    public bool IsOf(string? subject, string? issuerSession) =>
        (subject ?? issuerSession) is not null
        && (subject is null || subject == Subject)
        && (issuerSession is null || issuerSession == IssuerSession);

    public override string ToString() => $"session since {Started:O}";
}

/// <summary>A sign-in that has begun in some browser and has not come back yet.</summary>
public sealed record PendingSignIn
{
    public required string State { get; init; }
    public required string Nonce { get; init; }
    public required string Verifier { get; init; }

    /// <summary>The local path to go to afterwards.</summary>
    public required string ReturnUrl { get; init; }

    public required DateTimeOffset Ends { get; init; }

    public override string ToString() => $"sign-in until {Ends:O}";
}

/// <summary>
/// Where sessions and unfinished sign-ins are kept. Identifiers are hashes of what the browsers hold, so a copy of the store opens no session.
/// </summary>
public interface IBffSessionStore
{
    ValueTask AddSignInAsync(string id, PendingSignIn signIn, CancellationToken ct);

    /// <summary>Takes the sign-in out: of any number of concurrent callers at most one gets it.</summary>
    ValueTask<PendingSignIn?> TakeSignInAsync(string id, CancellationToken ct);

    ValueTask AddAsync(string id, BffSession session, CancellationToken ct);
    ValueTask<BffSession?> FindAsync(string id, CancellationToken ct);

    /// <summary>Puts <paramref name="next"/> in the place of <paramref name="expected"/>; false where something else, or nothing, is there by now.</summary>
    ValueTask<bool> TryReplaceAsync(string id, BffSession expected, BffSession next, CancellationToken ct);

    ValueTask RemoveAsync(string id, CancellationToken ct);

    /// <summary>
    /// Removes every session that has this <see cref="BffSession.Subject"/> and this <see cref="BffSession.IssuerSession"/>; one of them may be null, and then stands for
    /// all. Returns how many there were.
    /// </summary>
    ValueTask<int> RemoveAllAsync(string? subject, string? issuerSession, CancellationToken ct);
}
