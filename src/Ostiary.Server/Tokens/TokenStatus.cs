using System.Collections.Concurrent;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tokens;

/// <summary>What is known of a presented access token when it is judged.</summary>
public sealed record PresentedToken(AccessToken? Token, Grant? Grant, bool Revoked);

/// <summary>Whether an access token of this server is still good: its own time, its grant, its revocation, its client and its user.</summary>
public sealed class TokenStatus(AccessTokens tokens, IGrantStore grants, IChangeFeed changes)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _revoked = new(StringComparer.Ordinal);
    private long _sequence;

    /// <summary>The content and state of a token text; without content where this server did not issue it.</summary>
    public async ValueTask<PresentedToken> LoadAsync(string text, CancellationToken ct)
    {
        if (tokens.Read(text) is not { } token)
            return new(null, null, false);
        var grant = GrantId.TryParse(token.GrantId, out var id) ? await grants.FindAsync(id, ct) : null;
        return new(token, grant, _revoked.ContainsKey(token.Id));
    }

    /// <summary>Whether a token that was issued may still be used. Pure.</summary>
    public static Reason? Refuse(PresentedToken presented, Snapshot snapshot, DateTimeOffset now)
    {
        if (presented.Token is not { } token)
            return Reason.AccessTokenInvalid;
        if (now >= token.ExpiresAt)
            return Reason.AccessTokenExpired; // RFC 7662 §2.2
        if (presented.Revoked || snapshot.Client(token.ClientId) is not { Disabled: false })
            return Reason.AccessTokenRevoked; // RFC 7009 §2.1
        if (token.GrantId is null)
            return null;
        if (presented.Grant is not { Status: GrantStatus.Active } || snapshot.User(token.Subject) is not { Disabled: false })
            return Reason.AccessTokenRevoked; // RFC 6749 §4.1.2
        return null;
    }

    /// <summary>Revokes one access token until it is over anyway. Durable when it returns.</summary>
    public async ValueTask RevokeAsync(AccessToken token, DateTimeOffset now, CancellationToken ct)
    {
        await changes.AppendAsync(ChangeKind.TokenRevoked, token.Id, token.ExpiresAt, now, ct);
        _revoked[token.Id] = token.ExpiresAt;
    }

    /// <summary>Takes over what the feed brought since the last time, and forgets what is over. Called at start and once a second.</summary>
    public async ValueTask FollowAsync(DateTimeOffset now, CancellationToken ct)
    {
        while (await changes.ReadAsync(_sequence, 1000, ct) is { Count: > 0 } entries)
        {
            foreach (var change in entries.Where(c => c.Kind == ChangeKind.TokenRevoked && c.Until > now))
                _revoked[change.Id] = change.Until;
            _sequence = entries[^1].Sequence;
        }
        foreach (var (id, until) in _revoked)
        {
            if (until <= now)
                _revoked.TryRemove(id, out _);
        }
    }
}
