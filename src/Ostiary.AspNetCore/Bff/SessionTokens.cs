using System.Collections.Concurrent;

namespace Ostiary.AspNetCore.Bff;

/// <summary>Keeps the access token of a session fresh: one refresh at a time per session, whatever number of requests wait for it.</summary>
internal sealed class SessionTokens(BffParts parts)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Lazy<Task<BffSession?>>> _flights = new(StringComparer.Ordinal);
    private long _pausedUntil;

    /// <summary>The session with a token that is still good for a while, or that could not be replaced now; null where the session has ended.</summary>
    public async ValueTask<BffSession?> FreshAsync(string id, BffSession session, bool force, CancellationToken ct)
    {
        if (!force && parts.Clock.GetUtcNow() < session.AccessTokenExpires - parts.Options.RefreshBefore)
            return session;
        if (session.RefreshToken is null)
            return session;
        var flight = _flights.GetOrAdd(
            id,
            _ => new Lazy<Task<BffSession?>>(() => Task.Run(() => FlyAsync(id, session.AccessToken), CancellationToken.None))
        );
        return await flight.Value.WaitAsync(ct);
    }

    // The refresh belongs to all who wait for it, so no single request may cancel it.
    private async Task<BffSession?> FlyAsync(string id, string staleToken)
    {
        try
        {
            var session = await parts.Sessions.FindAsync(id, CancellationToken.None);
            // Who saw the old token late must not spend the new refresh token.
            if (session is null || session.AccessToken != staleToken)
                return session;
            // While the issuer is away, requests do not queue up to find that out again.
            if (parts.Clock.GetUtcNow().UtcTicks < Interlocked.Read(ref _pausedUntil))
                return session;
            return await RefreshAsync(id, session);
        }
        finally
        {
            _flights.TryRemove(id, out _);
        }
    }

    private async ValueTask<BffSession?> RefreshAsync(string id, BffSession session)
    {
        List<KeyValuePair<string, string>> form = [new("grant_type", "refresh_token"), new("refresh_token", session.RefreshToken!)]; // RFC 6749 §6
        var answer = await parts.AskForTokensAsync("refresh", form, CancellationToken.None);
        if (answer.AccessToken is null && answer.Error == "invalid_grant") // RFC 6749 §5.2
        {
            BffParts.LogEnded(parts.Logger, "invalid_grant");
            await parts.Sessions.RemoveAsync(id, CancellationToken.None);
            return null;
        }
        if (answer.AccessToken is null)
        {
            if (answer.IsUnavailable)
                Interlocked.Exchange(ref _pausedUntil, (parts.Clock.GetUtcNow() + Pause).UtcTicks);
            BffParts.LogKept(parts.Logger, answer.Status, answer.IsUnavailable ? "unavailable" : "refused");
            return session;
        }
        if (answer.IdToken is not null && !await IsSamePersonAsync(session, answer))
        {
            BffParts.LogEnded(parts.Logger, "id token rejected");
            await parts.Sessions.RemoveAsync(id, CancellationToken.None);
            return null;
        }
        return await KeepAsync(id, session, answer);
    }

    private async ValueTask<bool> IsSamePersonAsync(BffSession session, TokenAnswer answer)
    {
        var expectation = new IdTokenExpectation
        {
            Issuer = parts.Options.Issuer,
            ClientId = parts.Options.ClientId,
            AccessToken = answer.AccessToken!,
            Subject = SignedInUser.SubjectOf(session),
        };
        var (verdict, _) = await parts.CheckIdTokenAsync(answer.IdToken, expectation, CancellationToken.None);
        return verdict.Allowed; // OIDC Core §12.2
    }

    // Somebody may have touched the session, or signed out, while the issuer was asked. A session that has ended is not brought back.
    private async ValueTask<BffSession?> KeepAsync(string id, BffSession? session, TokenAnswer answer)
    {
        var expires = parts.Clock.GetUtcNow() + answer.Lifetime;
        while (session is not null)
        {
            var next = session with
            {
                AccessToken = answer.AccessToken!,
                AccessTokenExpires = expires,
                RefreshToken = answer.RefreshToken ?? session.RefreshToken,
                IdToken = answer.IdToken ?? session.IdToken,
            };
            if (await parts.Sessions.TryReplaceAsync(id, session, next, CancellationToken.None))
                return next;
            session = await parts.Sessions.FindAsync(id, CancellationToken.None);
        }
        return null;
    }
}
