using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;
using Ostiary.Server.Http;
using Ostiary.Server.Users;

namespace Ostiary.Server.Sessions;

/// <summary>Who is signed in at this browser. The only place that reads and writes the cookies.</summary>
public sealed class BrowserSessions(Issuer issuer)
{
    private static readonly TimeSpan TouchInterval = TimeSpan.FromMinutes(1);
    private readonly SessionCookies _cookies = new(issuer.Url);

    /// <summary>
    /// The hash of the browser cookie, setting the cookie where it is absent, repeated or malformed. It tells browsers apart and gives no rights: it survives
    /// sign-in and sign-out, so that the interactions waiting in other tabs of the browser stay its own.
    /// </summary>
    public string BrowserOf(HttpContext http) => _cookies.BrowserOf(http);

    /// <summary>Whether the browser sent a cookie of ours, valid or not.</summary>
    public bool IsKnown(HttpContext http) => _cookies.IsKnown(http);

    /// <summary>The state of this browser's session, which the browser has from then on.</summary>
    public string StateOf(HttpContext http, Session session) => _cookies.ShowState(http, session.SecretHash);

    /// <summary>The cookie that <see cref="StateOf"/> is kept in.</summary>
    public string StateCookie => _cookies.StateName;

    /// <summary>The live session of this browser, or null. Marks its activity at most once a minute.</summary>
    public async ValueTask<Session?> CurrentAsync(HttpContext http, CancellationToken ct)
    {
        if (!_cookies.TryReadSession(http, out var id, out var secretHash))
            return null;
        var session = await LiveAsync(id, secretHash, ct);
        if (session is null)
            _cookies.ClearState(http);
        return session;
    }

    private async ValueTask<Session?> LiveAsync(string id, string secretHash, CancellationToken ct)
    {
        var session = await issuer.Stores.Sessions.FindAsync(id, ct);
        if (session is null || !FixedTime.Equals(Encoding.ASCII.GetBytes(session.SecretHash), Encoding.ASCII.GetBytes(secretHash)))
            return null;
        var now = issuer.Now;
        var configuration = issuer.Configuration.Current;
        if (!session.IsLive(now) || now >= session.SeenAt + configuration.Settings.SessionIdle)
            return null;
        if (configuration.User(session.Subject) is not { Disabled: false })
            return null;
        if (now - session.SeenAt < TouchInterval)
            return session;
        return await issuer.Stores.Sessions.TryTouchAsync(id, now, ct) ? session with { SeenAt = now } : null;
    }

    /// <summary>
    /// Signs a person in: always under a new secret, whatever the browser brought along. The same person goes on in their session, so the grants made in it stay;
    /// another person's session in this browser ends.
    /// </summary>
    public async ValueTask<Session> StartAsync(HttpContext http, User user, IReadOnlyList<string> amr, CancellationToken ct)
    {
        var previous = await CurrentAsync(http, ct);
        if (previous?.Subject == user.Subject && await RenewAsync(http, previous, amr, ct) is { } renewed)
            return renewed;
        var session = await CreateAsync(http, user, amr, ct);
        if (previous is not null)
            await ReplaceAsync(http, previous);
        return session;
    }

    private async ValueTask<Session?> RenewAsync(HttpContext http, Session session, IReadOnlyList<string> amr, CancellationToken ct)
    {
        var now = issuer.Now;
        var expiresAt = now + issuer.Configuration.Current.Settings.SessionLifetime;
        var (_, secretHash, send) = _cookies.NewSecret(session.Id);
        if (!await issuer.Stores.Sessions.TryRenewAsync(session.Id, secretHash, amr, expiresAt, now, ct))
            return null;
        send(http);
        return session with { SecretHash = secretHash, Amr = amr, AuthenticatedAt = now, SeenAt = now, ExpiresAt = expiresAt };
    }

    private async ValueTask<Session> CreateAsync(HttpContext http, User user, IReadOnlyList<string> amr, CancellationToken ct)
    {
        var now = issuer.Now;
        while (true)
        {
            var (id, secretHash, send) = _cookies.NewSecret();
            var session = new Session
            {
                Id = id,
                SecretHash = secretHash,
                Subject = user.Subject,
                CreatedAt = now,
                AuthenticatedAt = now,
                SeenAt = now,
                ExpiresAt = now + issuer.Configuration.Current.Settings.SessionLifetime,
                Amr = amr,
                Device = DeviceName.Of(http.Request.Headers.UserAgent.ToString()),
                Network = Network.Of(http),
            };
            if (!await issuer.Stores.Sessions.TryCreateAsync(session, ct))
                continue;
            send(http);
            return session;
        }
    }

    /// <summary>Signs this browser out: ends the session with the grants that do not outlive it, and clears the cookie. OIDC Core §11</summary>
    /// <remarks>Whoever asks for it records it, as what it was.</remarks>
    public async ValueTask EndAsync(HttpContext http, Session session, CancellationToken ct)
    {
        await EndAsync(session, ct);
        _cookies.ClearSession(http);
    }

    /// <summary>Signs a person out everywhere: ends all their sessions with the grants that do not outlive them, and clears the cookie of this browser.</summary>
    public async ValueTask EndAllAsync(HttpContext http, Session session, CancellationToken ct)
    {
        var now = issuer.Now;
        foreach (var id in await issuer.Stores.Sessions.EndOfSubjectAsync(session.Subject, exceptId: null, now, ct))
            await issuer.Stores.Grants.EndOfSessionAsync(id, GrantEnd.LoggedOut, now, CancellationToken.None); // OIDC Core §11
        _cookies.ClearSession(http);
    }

    /// <summary>Ends a session of whatever browser, with the grants that do not outlive it, even if who asked goes meanwhile. False: it was over already.</summary>
    public async ValueTask<bool> EndAsync(Session session, CancellationToken ct)
    {
        var now = issuer.Now;
        var ended = await issuer.Stores.Sessions.TryEndAsync(session.Id, now, ct);
        await issuer.Stores.Grants.EndOfSessionAsync(session.Id, GrantEnd.LoggedOut, now, CancellationToken.None); // OIDC Core §11
        return ended;
    }

    /// <summary>Nobody asked for this end: it follows from another person's sign-in, so it is recorded here.</summary>
    private async ValueTask ReplaceAsync(HttpContext http, Session session)
    {
        var ended = await EndAsync(session, CancellationToken.None);
        issuer.Log.Record(
            new DecisionRecord
            {
                At = issuer.Now,
                Flow = Flow.Of(http),
                Act = "session.replaced",
                Subject = session.Subject,
                SessionId = session.Id,
                Network = Network.Of(http),
                Change = ended ? "ended: logged-out" : null,
                Revision = issuer.Configuration.Current.Revision,
            }
        );
    }
}
