using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Bff;

/// <summary>Sends a browser to the issuer, and takes what it brings back.</summary>
internal sealed class SignInEndpoint(BffParts parts)
{
    private const int SlotLength = 11;

    private readonly BffOptions _options = parts.Options;

    /// <summary>GET /signin: the authorization request.</summary>
    public async Task StartAsync(HttpContext http)
    {
        var ct = http.RequestAborted;
        if ((await parts.Issuer.GetAsync(ct))?.Metadata.AuthorizationEndpoint is not { } endpoint)
        {
            await BffPage.WriteRefusalAsync(http, _options, Reason.IssuerUnreachable);
            return;
        }
        var slot = Entropy.Text(8);
        var signIn = new PendingSignIn
        {
            State = slot + Entropy.Text(32), // RFC 6749 §10.12
            Nonce = Entropy.Text(32),
            Verifier = Entropy.Text(32), // RFC 7636 §4.1
            ReturnUrl = LocalPath.OrRoot(QueryOf(http)["returnUrl"]),
            Ends = parts.Clock.GetUtcNow() + _options.SignInLifetime,
        };
        var binding = parts.Cookies.StartSignIn(http, slot);
        await parts.Sessions.AddSignInAsync(BffCookies.IdOf(binding), signIn, ct);
        parts.SendAway(http, "authorization request", endpoint, Request(signIn));
    }

    /// <summary>GET /signin/callback: checks, code exchange, ID token, session.</summary>
    public async Task FinishAsync(HttpContext http)
    {
        // 1. Parse.
        var answer = QueryOf(http);
        var slot = answer["state"] is { Length: > SlotLength } state && IsSlot(state[..SlotLength]) ? state[..SlotLength] : null;

        // 2. Load. Taking the sign-in out is what makes it single use.
        var issuer = await parts.Issuer.GetAsync(http.RequestAborted);
        var facts = new CallbackFacts
        {
            Issuer = _options.Issuer,
            IssuerNamesItself = issuer?.Metadata.NamesItselfInResponses ?? true,
            HasCookie = parts.Cookies.HasAnySignIn(http),
            SignIn = await TakeAsync(http, slot),
        };

        // 3. Decide.
        var verdict = CallbackRules.All.Judge(answer, facts, parts.Clock.GetUtcNow());
        parts.Tell(
            new BffHop
            {
                Name = "callback",
                Method = "GET",
                Url = _options.RedirectUri,
                Sent = parts.Show(answer.All),
                Rules = CheckedRule.Of(CallbackRules.All, verdict),
                Verdict = verdict,
                Status = verdict.Refused is { } why ? Refusal.For(why).Status : 303,
            }
        );

        // 4. Exchange, or refuse.
        var refused = verdict.Refused ?? await SignInAsync(http, answer["code"]!, facts.SignIn!);
        if (refused is { } reason)
        {
            BffParts.LogRefused(parts.Logger, Refusal.CodeOf(reason), Refusal.NameOf(reason));
            await BffPage.WriteRefusalAsync(http, _options, reason);
            return;
        }
        BffPage.Redirect(http, facts.SignIn!.ReturnUrl);
    }

    private async ValueTask<Reason?> SignInAsync(HttpContext http, string code, PendingSignIn signIn)
    {
        var ct = http.RequestAborted;
        List<KeyValuePair<string, string>> form =
        [
            new("grant_type", "authorization_code"), // RFC 6749 §4.1.3
            new("code", code),
            new("redirect_uri", _options.RedirectUri),
            new("code_verifier", signIn.Verifier), // RFC 7636 §4.5
        ];
        var tokens = await parts.AskForTokensAsync("code exchange", form, ct);
        if (tokens.IsUnavailable)
            return Reason.IssuerUnreachable;
        if (tokens.AccessToken is not { } accessToken)
            return Reason.CallbackRefused;
        var expectation = new IdTokenExpectation
        {
            Issuer = _options.Issuer,
            ClientId = _options.ClientId,
            AccessToken = accessToken,
            Nonce = signIn.Nonce,
        };
        var (verdict, claims) = await parts.CheckIdTokenAsync(tokens.IdToken, expectation, ct);
        if (verdict.Refused is { } reason)
            return reason;
        await StartSessionAsync(http, tokens, await new UserInfo(parts).CompleteAsync(claims!, tokens, ct));
        BffParts.LogSignedIn(parts.Logger);
        return null;
    }

    // A new identifier at each sign-in: one that somebody planted before is worth nothing.
    private async ValueTask StartSessionAsync(HttpContext http, TokenAnswer tokens, string claims)
    {
        if (parts.Cookies.Session(http) is { } old)
            await parts.Sessions.RemoveAsync(BffCookies.IdOf(old), http.RequestAborted);
        var now = parts.Clock.GetUtcNow();
        using var identity = JsonDocument.Parse(claims);
        var session = new BffSession
        {
            Claims = claims,
            Subject = TextOf(identity, "sub"),
            IssuerSession = TextOf(identity, "sid"),
            IdToken = tokens.IdToken!,
            AccessToken = tokens.AccessToken!,
            AccessTokenExpires = now + tokens.Lifetime,
            RefreshToken = tokens.RefreshToken,
            Started = now,
            LastSeen = now,
            Ends = now + _options.SessionLifetime,
        };
        var id = BffCookies.IdOf(parts.Cookies.StartSession(http));
        await parts.Sessions.AddAsync(id, session, http.RequestAborted);
        // A logout that came while the code was exchanged found no session to end.
        if (session.IssuerSession is { } sid && parts.EndedSessions.Has(sid, now))
            await parts.Sessions.RemoveAsync(id, http.RequestAborted);
    }

    private static string? TextOf(JsonDocument claims, string name) =>
        claims.RootElement.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private async ValueTask<PendingSignIn?> TakeAsync(HttpContext http, string? slot)
    {
        if (slot is null || parts.Cookies.SignIn(http, slot) is not { } binding)
            return null;
        parts.Cookies.EndSignIn(http, slot);
        return await parts.Sessions.TakeSignInAsync(BffCookies.IdOf(binding), http.RequestAborted);
    }

    private List<KeyValuePair<string, string>> Request(PendingSignIn signIn)
    {
        List<KeyValuePair<string, string>> request =
        [
            new("response_type", "code"), // RFC 6749 §4.1.1
            new("client_id", _options.ClientId),
            new("redirect_uri", _options.RedirectUri),
            new("scope", _options.Scope),
            new("state", signIn.State),
            new("nonce", signIn.Nonce), // OIDC Core §3.1.2.1
            new("code_challenge", Pkce.ChallengeOf(signIn.Verifier)), // RFC 7636 §4.3
            new("code_challenge_method", Pkce.S256),
        ];
        if (_options.Resource is { } resource)
            request.Add(new("resource", resource)); // RFC 8707 §2.1
        return request;
    }

    private static bool IsSlot(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    internal static FormParameters QueryOf(HttpContext http) =>
        FormParameters.TryParse(Encoding.UTF8.GetBytes(http.Request.QueryString.Value?.TrimStart('?') ?? ""), out var query) is null
            ? query
            : FormParameters.Empty;
}
