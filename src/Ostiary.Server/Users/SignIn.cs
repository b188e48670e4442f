using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Users;

/// <summary>What came of a sign-in: a session, or why not.</summary>
internal sealed record SignInResult(Session? Session, Reason? Refused, TimeSpan RetryAfter);

/// <summary>Signs people in by password. Whether an account exists, is disabled or has no password shows neither in the answer nor in its time.</summary>
internal sealed class SignIn(Issuer issuer, BrowserSessions sessions, Passwords passwords, IPasswordUpdates updates)
{
    private static readonly string[] Amr = ["pwd"]; // RFC 8176 §2
    private static readonly TimeSpan WhenFull = TimeSpan.FromSeconds(3);
    private readonly LoginThrottle _throttle = new(issuer.Master.Derive("throttle"), issuer.Time);

    public async Task<SignInResult> TryAsync(HttpContext http, string username, string password, bool formIsOurs, string? clientId)
    {
        var ct = http.RequestAborted;
        var user = issuer.Configuration.Current.UserByLogin(username);
        var account = user?.Subject ?? User.Normalize(username);
        var network = Network.Of(http);
        var facts = new LoginFacts { FormIsOurs = formIsOurs };
        LoginThrottle.Attempt? attempt = null;
        var retryAfter = TimeSpan.Zero;
        PasswordCheck check = default;
        if (facts.FormIsOurs)
            facts = facts with { MayTry = _throttle.TryBegin(account, network, sessions.BrowserOf(http), out attempt, out retryAfter) };
        if (facts.MayTry)
        {
            var checking = passwords.TryCheck(user?.PasswordHash, password, ct);
            if (checking is not null)
                check = await checking;
            facts = facts with { QueueHasRoom = checking is not null, PasswordIsRight = check.Right, AccountIsEnabled = user is { Disabled: false } };
        }
        var verdict = LoginRules.All.Judge(new(network), facts, issuer.Now);
        Session? session = null;
        if (verdict.Allowed)
        {
            attempt!.Succeeded();
            session = await sessions.StartAsync(http, user!, Amr, ct);
            await KeepStrongerHashAsync(user!, check.Rehashed);
        }
        else if (verdict.Refused == Reason.PasswordQueueFull)
        {
            attempt!.GiveBack();
            retryAfter = WhenFull;
        }
        Record(http, verdict, user, session, clientId, network);
        return new(session, verdict.Refused, retryAfter);
    }

    private async ValueTask KeepStrongerHashAsync(User user, string? rehashed)
    {
        if (rehashed is null)
            return;
        try
        {
            await updates.RehashedAsync(user.Subject, user.PasswordHash!, rehashed, CancellationToken.None); // Signed in already: who leaves now is signed in and on record.
        }
        catch (StoreException)
        {
            // The old hash still holds; the next sign-in tries again.
        }
    }

    private void Record(HttpContext http, Verdict verdict, User? user, Session? session, string? clientId, string? network) =>
        issuer.Log.Record(
            DecisionRecord.Of(verdict, issuer.Now, Flow.Of(http)) with
            {
                ClientId = clientId,
                Subject = user?.Subject,
                SessionId = session?.Id,
                Network = network,
                Change = session is null ? null : "signed-in",
                Revision = issuer.Configuration.Current.Revision,
            }
        );
}
