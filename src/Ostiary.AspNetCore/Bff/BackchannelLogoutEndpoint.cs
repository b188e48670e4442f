using Microsoft.AspNetCore.Http;
using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Bff;

/// <summary>POST /signout/backchannel: the issuer says that a session is over; what this app keeps of it ends. Back-Channel Logout §2.5</summary>
internal sealed class BackchannelLogoutEndpoint(BffParts parts)
{
    private const int MaxForm = 16 * 1024;

    /// <summary>Longer than a code lives: who was signing in when the logout came is not signed in by it.</summary>
    private static readonly TimeSpan RememberEnd = TimeSpan.FromMinutes(10);

    public async Task HandleAsync(HttpContext http)
    {
        var token = await ReadTokenAsync(http);
        var refused = token is null ? Reason.RequestMalformed : await EndAsync(token, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store"; // Back-Channel Logout §2.8
        http.Response.StatusCode = refused is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        if (refused is not { } reason)
            return;
        BffParts.LogLogoutRefused(parts.Logger, Refusal.CodeOf(reason), Refusal.NameOf(reason));
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync($$"""{"error":"{{Refusal.For(reason).Error}}"}""", http.RequestAborted);
    }

    private async ValueTask<Reason?> EndAsync(string token, CancellationToken ct)
    {
        var policy = new JwsPolicy { Algorithms = parts.Options.IdTokenAlgorithms, Types = ["logout+jwt", "JWT", ""] };
        var (state, jws, _) = await parts.Issuer.VerifyAsync(token, policy, ct);
        JwtClaims? claims = null;
        if (jws is not null)
            _ = JwtClaims.TryParse(jws.Payload, out claims, out _);
        var now = parts.Clock.GetUtcNow();
        var expectation = new LogoutTokenExpectation(parts.Options.Issuer, parts.Options.ClientId);
        var facts = new LogoutTokenFacts(state is not null, claims, IsNew: true);
        var verdict = LogoutTokenRules.All.Judge(expectation, facts, now);
        if (verdict.Allowed && !parts.LogoutTokens.TryAdd(facts.Text("jti")!, facts.Date("exp")!.Value + LogoutTokenRules.Past, now))
            verdict = LogoutTokenRules.All.Judge(expectation, facts with { IsNew = false }, now);
        parts.Tell(
            new BffHop
            {
                Name = "back-channel logout",
                Method = "POST",
                Url = parts.Options.Origin + parts.Options.BackchannelLogoutPath,
                Sent = parts.Show([new("logout_token", token)]),
                Rules = CheckedRule.Of(LogoutTokenRules.All, verdict),
                Verdict = verdict,
                Status = verdict.Allowed ? 200 : 400,
            }
        );
        if (verdict.Refused is { } reason)
            return reason;
        var sid = facts.Text("sid");
        if (sid is not null)
            parts.EndedSessions.TryAdd(sid, now + RememberEnd, now);
        BffParts.LogEndedByIssuer(parts.Logger, await parts.Sessions.RemoveAllAsync(facts.Text("sub"), sid, ct)); // Back-Channel Logout §2.7
        return null;
    }

    private static async ValueTask<string?> ReadTokenAsync(HttpContext http)
    {
        if (!http.Request.HasFormContentType)
            return null;
        var buffer = new byte[MaxForm];
        var length = await http.Request.Body.ReadAtLeastAsync(buffer, MaxForm, throwOnEndOfStream: false, http.RequestAborted);
        if (length == MaxForm || FormParameters.TryParse(buffer.AsSpan(0, length), out var form) is not null || form.Repeated is not null)
            return null;
        return form["logout_token"];
    }
}
