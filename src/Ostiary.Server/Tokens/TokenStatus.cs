using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Grants;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tokens;

/// <summary>What is known of a presented access token when it is judged. The grant only where it was asked for.</summary>
public sealed record PresentedToken(AccessToken? Token, Grant? Grant, bool Revoked)
{
    public static PresentedToken None { get; } = new(null, null, false);
}

/// <summary>
/// Whether an access token of this server is still good: its own time, its grant, its revocation, its client and its user. What has ended is in the memory of this
/// node, which is at most <see cref="Follower.Fresh"/> old; where it is older and the storage cannot be asked, nothing is said about any token (5001).
/// </summary>
public sealed class TokenStatus(AccessTokens tokens, IStores stores, KeyRing keys, EndedTokens ended, Follower follower)
{
    /// <summary>
    /// Ends are remembered at least that long, whatever the settings were when the token was issued and when its grant ended. For a token that
    /// lives longer the grant itself is read: its row is gone, or says that it has ended.
    /// </summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    /// <summary>A clock may be wrong by that much and be set right again: so long after its end by this clock a token is still revoked, and stays it.</summary>
    public static readonly TimeSpan Doubt = TimeSpan.FromDays(1);

    /// <summary>A revocation outlives its token by the clocks of other nodes.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    /// <summary>The content and state of a token text; without content where this server did not issue it.</summary>
    public async ValueTask<PresentedToken> LoadAsync(string text, CancellationToken ct, bool withGrant = false)
    {
        await follower.EnsureFreshAsync(ct);
        return await ReadAsync(text, ct) is { } token ? await StateOfAsync(token, withGrant, ct) : PresentedToken.None;
    }

    /// <summary>The state of an ID token of this server, whose content stands in the form of an access token; with its grant. RFC 8693 §3</summary>
    public async ValueTask<PresentedToken> LoadAsync(AccessToken token, CancellationToken ct)
    {
        await follower.EnsureFreshAsync(ct);
        return await StateOfAsync(token, withGrant: true, ct);
    }

    private async ValueTask<PresentedToken> StateOfAsync(AccessToken token, bool withGrant, CancellationToken ct)
    {
        if (ended.Contains(token.Id) || token.Parents.Any(ended.Contains))
            return new(token, null, true);
        if (!GrantId.TryParse(token.GrantId, out var id))
            return new(token, null, false);
        if (ended.Contains(id))
            return new(token, null, true);
        if (!withGrant && token.ExpiresAt - token.IssuedAt <= Remembered)
            return new(token, null, false);
        var grant = await stores.Grants.FindAsync(id, ct);
        return new(token, grant, grant is not { Status: GrantStatus.Active });
    }

    /// <summary>Whether a token that was issued may still be used. Pure.</summary>
    public static Reason? Refuse(PresentedToken presented, Snapshot snapshot, DateTimeOffset now)
    {
        if (presented.Token is not { } token)
            return Reason.AccessTokenInvalid;
        if (now >= token.ExpiresAt)
            return Reason.AccessTokenExpired; // RFC 7662 §2.2
        if (token.IssuedAt < snapshot.Fence?.Since)
            return Reason.AccessTokenRevoked; // RFC 7009 §2.1
        if (presented.Revoked || snapshot.Client(token.ClientId) is not { Disabled: false })
            return Reason.AccessTokenRevoked; // RFC 7009 §2.1
        if (token.GrantId is not null && snapshot.User(token.Subject) is not { Disabled: false })
            return Reason.AccessTokenRevoked; // RFC 6749 §4.1.2
        return null;
    }

    /// <summary>Revokes one access token until it is over anyway, even if who asked leaves. Durable when it returns. False: it has long been over, and nothing is kept.</summary>
    public async ValueTask<bool> RevokeAsync(AccessToken token, DateTimeOffset now)
    {
        if (now >= token.ExpiresAt + Doubt)
            return false;
        var until = token.ExpiresAt + Margin;
        await stores.Changes.AppendAsync(ChangeKind.TokenRevoked, token.Id, until, now, CancellationToken.None);
        ended.Add(token.Id, until);
        return true;
    }

    /// <summary>The content of an access token. A key that this node does not know may be one that another node has just made.</summary>
    public async ValueTask<AccessToken?> ReadAsync(string text, CancellationToken ct)
    {
        var asked = keys.Verification;
        if (tokens.Read(text) is { } token)
            return token;
        await LearnKeyAsync(text, ct);
        // It may also have been learnt beside this request, between its two questions.
        return ReferenceEquals(asked, keys.Verification) ? null : tokens.Read(text);
    }

    /// <summary>Asks the storage once for the key that a token names, where this node does not know it.</summary>
    public async ValueTask LearnKeyAsync(string text, CancellationToken ct)
    {
        if (Jws.TryReadUnverified(text, out var header, out _) && header.TryGetProperty("kid", out var kid) && !keys.Knows(kid.ToString()))
            await follower.FollowAsync(ct);
    }
}
