using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Claims;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Senders;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.UserInfo;

/// <summary>GET and POST /userinfo. OIDC Core §5.3</summary>
public sealed class UserInfoEndpoint(Issuer issuer, TokenStatus status, IdTokens ids, Proofs proofs)
{
    internal sealed record Request(bool Malformed, bool InUrl, int Places, string? Token, PresentedAccessToken Header) : ITokenUse
    {
        public bool AsDpop => Header.AsDpop;
        public DpopProof? Proof => Header.Proof;
        public SenderKey? Certificate => Header.Certificate;
    }

    internal sealed record Facts(PresentedToken Presented, Snapshot Snapshot, DpopExpectation Expected) : ITokenUseFacts
    {
        public SenderKey? BoundTo => Presented.Token!.Sender;
    }

    // csharpier-ignore
    internal static readonly RuleList<Request, Facts> Rules = new("userinfo")
    {
        { "no access token is in the URL",           Reason.TokenInUrl,         "RFC 9700 §4.3.2", (r, f, now) => !r.InUrl },
        { "the request is well-formed",              Reason.RequestMalformed,   "RFC 6750 §2",     (r, f, now) => !r.Malformed },
        { "the access token is in one place",        Reason.TokenInTwoPlaces,   "RFC 6750 §2",     (r, f, now) => r.Places <= 1 },
        { "an access token is presented",            Reason.BearerMissing,      "RFC 6750 §3.1",   (r, f, now) => r.Token is not null },
        { "it is an access token of ours",           Reason.AccessTokenInvalid, "RFC 6750 §3.1",   (r, f, now) => f.Presented.Token is not null },
        { "it has not expired",                      Reason.AccessTokenExpired, "RFC 6750 §3.1",   (r, f, now) => now < f.Presented.Token!.ExpiresAt },
        { "it has not been revoked",                 Reason.AccessTokenRevoked, "RFC 6750 §3.1",   (r, f, now) => TokenStatus.Refuse(f.Presented, f.Snapshot, now) is null },
        DpopTokenRules.All,
        { "it has the openid scope of a person",     Reason.OpenIdScopeMissing, "OIDC Core §5.3",  (r, f, now) => f.Presented.Grant is not null && f.Presented.Token!.Scope.Contains(ScopeSet.OpenId) },
    };

    public async Task HandleAsync(HttpContext http)
    {
        var now = issuer.Now;
        var request = await ReadAsync(http);
        var presented = request.Token is { } text ? await status.LoadAsync(text, http.RequestAborted, withGrant: true) : PresentedToken.None;
        var snapshot = issuer.Configuration.Current; // After the node has caught up.
        var expected = proofs.Expect(http, request.Proof, "/userinfo", snapshot, now, request.Token);
        var verdict = Rules.Judge(request, new(presented, snapshot, expected), now);
        if (verdict.Allowed && request.Proof is { } proof)
            verdict = await proofs.UseUpAsync(verdict, proof, now, http.RequestAborted);
        var record = DecisionRecord.Of(verdict, now, presented.Grant?.Request.Flow ?? Flow.Of(http)) with
        {
            ClientId = presented.Token?.ClientId,
            Subject = presented.Token?.Subject,
            GrantId = presented.Token?.GrantId,
            TokenId = presented.Token?.Id,
            Network = Network.Of(http),
            Revision = snapshot.Revision,
        };
        issuer.Log.Record(record);
        if (verdict.Refused is { } reason)
        {
            Challenge(http, request, reason);
            await JsonAnswer.RefuseAsync(http, issuer, reason, status: DpopChallenge.StatusOf(reason));
            return;
        }
        var user = snapshot.User(presented.Token!.Subject)!;
        var asked = ClaimsRequest.Of(presented.Grant!.Request).UserInfo;
        var client = snapshot.Client(presented.Token.ClientId)!;
        void Write(Utf8JsonWriter json)
        {
            json.WriteString("sub", user.Subject); // OIDC Core §5.3.2
            UserClaims.Write(json, user, UserClaims.Of(presented.Token!.Scope).Concat(UserClaims.AllowedTo(client, asked)));
        }
        if (client.UserInfoAlgorithm is null)
            await JsonAnswer.WriteAsync(http, Write);
        else
            await WriteSignedAsync(http, ids.SignUserInfo(client, Write));
    }

    private static Task WriteSignedAsync(HttpContext http, byte[] jwt)
    {
        http.Response.ContentType = "application/jwt"; // OIDC Core §5.3.2
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentLength = jwt.Length;
        return http.Response.Body.WriteAsync(jwt, http.RequestAborted).AsTask();
    }

    private static async ValueTask<Request> ReadAsync(HttpContext http)
    {
        var queryFault = RequestReader.ReadQuery(http, out var query);
        var header = PresentedAccessToken.Read(http);
        var malformed = queryFault is not null || header.Malformed || PresentedCertificate.Of(http).Malformed; // RFC 9440 §2.2
        var fromHeader = header.Token;
        string? fromBody = null;
        if (HttpMethods.IsPost(http.Request.Method) && http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
        {
            var (form, fault) = await RequestReader.ReadFormAsync(http);
            malformed |= fault is not null || form.Repeated == "access_token";
            fromBody = form["access_token"]; // RFC 6750 §2.2
        }
        var places = (fromHeader is null ? 0 : 1) + (fromBody is null ? 0 : 1);
        return new(malformed, query.Has("access_token"), places, fromHeader ?? fromBody, header);
    }

    /// <summary>RFC 6750 §3: a request without a token is told no error code.</summary>
    private void Challenge(HttpContext http, Request request, Reason reason)
    {
        if (request.AsDpop || reason is Reason.BoundTokenAsBearer)
        {
            http.Response.Headers.WWWAuthenticate = DpopChallenge.Of(reason);
            return;
        }
        var refusal = Refusal.For(reason);
        var realm = $"Bearer realm=\"{issuer.Url.Origin}\"";
        http.Response.Headers.WWWAuthenticate = refusal.Error switch
        {
            "" => new StringValues([realm, DpopChallenge.Of()]),
            "insufficient_scope" => $"{realm}, error=\"{refusal.Error}\", error_description=\"{refusal.Text}\", scope=\"openid\"",
            _ => $"{realm}, error=\"{refusal.Error}\", error_description=\"{refusal.Text}\"",
        };
    }
}
