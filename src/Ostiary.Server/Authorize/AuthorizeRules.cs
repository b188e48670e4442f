using System.Text;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Authorize;

/// <summary>What the rules before the redirect may look at.</summary>
internal sealed record PageFacts(Reason? Malformed, bool HasQueryAndBody, IncomingRequest Incoming, string Issuer, Reason? DocumentMissing = null)
{
    public Client? Client => Incoming.Client;
    public PushedRequest? Pushed => Incoming.Pushed;
    public RequestObject? Object => Incoming.Object;
}

/// <summary>What the rules after it may look at.</summary>
/// <param name="HintUnknown">An id_token_hint was sent that this server did not issue.</param>
/// <param name="Incoming">How it came in.</param>
internal sealed record RequestFacts(Snapshot Snapshot, bool HintUnknown, IncomingRequest Incoming) : ITargetFacts
{
    /// <summary>The rules about response types and codes are not asked of a device.</summary>
    public bool IsDevice => Incoming.Way == Way.Device;
}

/// <summary>The authorization request as two tables: what is refused with a page, and, once the redirect URI is trusted, what is refused by redirect.</summary>
internal static class AuthorizeRules
{
    private const int MaxState = 8192;
    private const int MaxNonce = 2048;
    internal static readonly string[] Prompts = ["none", "login", "consent", "select_account"];
    private static readonly string[] ImplicitTypes = ["token", "id_token"];

    /// <summary>Refused here: a page, never a redirect. RFC 6749 §4.1.2.1</summary>
    // csharpier-ignore
    public static readonly RuleList<FormParameters, PageFacts> Page = new("authorize.page")
    {
        { "the request is not too large",                     Reason.RequestTooLarge,        "RFC 6749 §3.1",      (r, f, now) => f.Malformed is not Reason.RequestTooLarge },
        { "a posted request is form-urlencoded UTF-8",        Reason.ContentTypeUnsupported, "OIDC Core §3.1.2.1", (r, f, now) => f.Malformed is not Reason.ContentTypeUnsupported },
        { "the request is well-formed",                       Reason.RequestMalformed,       "RFC 6749 §3.1",      (r, f, now) => f.Malformed is null },
        { "a posted request has its parameters in the body",  Reason.ParametersInUrl,        "RFC 6749 §3.1",      (r, f, now) => !f.HasQueryAndBody },
        { "client_id and redirect_uri occur once",            Reason.ParameterRepeated,      "RFC 6749 §3.1",      (r, f, now) => IsSingle(f.Incoming.Sent, "client_id") && IsSingle(r, "redirect_uri") },
        { "client_id is present",                             Reason.ClientIdMissing,        "RFC 6749 §4.1.1",    (r, f, now) => f.Incoming.Sent.Has("client_id") || f.Incoming.Way == Way.Push },
        { "not too many documents of clients are asked for",  Reason.TooManyRequests,        "CIMD §6.5", (r, f, now) => f.DocumentMissing is not Reason.TooManyRequests },
        { "the document that its client_id names describes it", Reason.ClientDocumentUnusable, "CIMD §4.3", (r, f, now) => f.DocumentMissing is null },
        { "the client is registered",                         Reason.ClientUnknown,          "RFC 6749 §4.1.2.1",  (r, f, now) => f.Client is not null },
        { "the client is enabled",                            Reason.ClientDisabled,         "RFC 6749 §4.1.2.1",  (r, f, now) => !f.Client!.Disabled },
        IncomingRules.Pushed,
        IncomingRules.Signed,
        { "redirect_uri is present",                          Reason.RedirectUriMissing,     "OIDC Core §3.1.2.1", (r, f, now) => r.Has("redirect_uri") },
        { "redirect_uri equals a registered one",             Reason.RedirectUriMismatch,    "RFC 9700 §2.1",      (r, f, now) => f.Client!.RedirectUris.Any(u => RedirectUris.Matches(u, r["redirect_uri"]!)) },
        { "state can be given back whole",                    Reason.StateTooLong,           "RFC 6749 §4.1.1",    (r, f, now) => Encoding.UTF8.GetByteCount(r["state"] ?? "") <= MaxState },
        { "a pushed request is small enough for a browser to carry", Reason.PushedRequestTooLarge, "RFC 9126 §2.3", (r, f, now) => f.Incoming.Way != Way.Push || PushedRequests.Fits(r) },
    };

    /// <summary>Refused here: an error response to the trusted redirect URI, or to the device or the client that pushes. RFC 6749 §4.1.2.1</summary>
    // csharpier-ignore
    public static readonly RuleList<AuthorizationRequest, RequestFacts> Request = new("authorize.request")
    {
        { "no parameter occurs twice",                     Reason.ParameterRepeated,        "RFC 6749 §3.1",                     (r, f, now) => r.Parameters.Repeated is null },
        { "no request object is sent",                     Reason.RequestObjectUnsupported, "OIDC Core §3.1.2.6",                (r, f, now) => !r.Parameters.Has("request") },
        { "no request_uri is sent",                        Reason.RequestUriUnsupported,    "OIDC Core §3.1.2.6",                (r, f, now) => !r.Parameters.Has("request_uri") },
        { "a client that must push its requests does so",  Reason.PushedRequestRequired,    "RFC 9126 §5",                       (r, f, now) => f.Incoming.Way != Way.Plain || !(r.Client.RequirePushed || f.Snapshot.Settings.RequirePushed) },
        { "a client that must sign its requests does so",  Reason.RequestObjectRequired,    "RFC 9101 §10.5",                    (r, f, now) => f.Incoming.IsSigned || !r.Client.RequireSigned },
        { "no registration is sent",                       Reason.RegistrationUnsupported,  "OIDC Core §3.1.2.6",                (r, f, now) => !r.Parameters.Has("registration") },
        { "response_type is present",                      Reason.ResponseTypeMissing,      "RFC 6749 §3.1.1",                   (r, f, now) => f.IsDevice || r.ResponseType is not null },
        { "it puts no token into a URL",                   Reason.ImplicitRefused,          "RFC 9700 §2.1.2",                   (r, f, now) => f.IsDevice || !AuthorizationRequest.Words(r.ResponseType).Any(ImplicitTypes.Contains) },
        { "it is code",                                    Reason.ResponseTypeUnsupported,  "RFC 6749 §3.1.1",                   (r, f, now) => f.IsDevice || r.ResponseType == "code" },
        { "response_mode is query or form_post",           Reason.ResponseModeUnsupported,  "Multiple Response Types §2.1",      (r, f, now) => f.IsDevice || r.Parameters["response_mode"] is null or "query" or "form_post" },
        { "the client may use the code grant",             Reason.ClientMayNotUseCode,      "RFC 6749 §4.1.2.1",                 (r, f, now) => f.IsDevice || r.Client.May("authorization_code") },
        { "the client may use the device grant",           Reason.ClientMayNotUseGrant,     "RFC 8628 §3.2",                     (r, f, now) => !f.IsDevice || r.Client.May(ClientNames.DeviceCode) },
        { "code_challenge is present",                     Reason.ChallengeMissing,         "RFC 7636 §4.4.1",                   (r, f, now) => f.IsDevice || r.Challenge is not null || (!r.Client.RequirePkce && r.ChallengeMethod is null) },
        { "code_challenge_method is S256",                 Reason.PlainChallengeRefused,    "RFC 9700 §2.1.1",                   (r, f, now) => f.IsDevice || r.Challenge is null || r.ChallengeMethod == Pkce.S256 },
        { "code_challenge is well-formed",                 Reason.ChallengeMalformed,       "RFC 7636 §4.2",                     (r, f, now) => f.IsDevice || r.Challenge is null || Pkce.IsChallenge(r.Challenge) },
        { "dpop_jkt is the thumbprint of a key",           Reason.DpopKeyMalformed,         "RFC 9449 §10",                      (r, f, now) => r.DpopKey is null || SenderKey.IsThumbprint(r.DpopKey) },
        { "it is the key that a pushed request was proven with", Reason.DpopKeyDiffers,     "RFC 9449 §10.1",                    (r, f, now) => r.DpopKey is null || f.Incoming.Proven is not { } proven || r.DpopKey == proven.Thumbprint },
        { "nonce is not too long",                         Reason.NonceTooLong,             "OIDC Core §3.1.2.1",                (r, f, now) => Encoding.UTF8.GetByteCount(r.Parameters["nonce"] ?? "") <= MaxNonce },
        TargetRules.All,
        { "prompt has known values, and none stands alone", Reason.PromptInvalid,           "OIDC Core §3.1.2.1",                (r, f, now) => r.Prompt.All(Prompts.Contains) && (r.Prompt.Count <= 1 || !r.Prompt.Contains("none")) },
        { "max_age is a number of seconds",                Reason.MaxAgeInvalid,            "OIDC Core §3.1.2.1",                (r, f, now) => r.MaxAge is null or >= 0 },
        { "claims is well-formed",                         Reason.ClaimsInvalid,            "OIDC Core §5.5",                    (r, f, now) => r.Claims is not null },
        { "an essential acr can be met",                   Reason.AcrUnmet,                 "OIDC Core §5.5.1.1",                (r, f, now) => r.Claims!.EssentialAcr.Count == 0 || r.Claims.EssentialAcr.Any(Acr.Supported.Contains) },
        { "id_token_hint is one of ours",                  Reason.IdTokenHintInvalid,       "OIDC Core §3.1.2.1",                (r, f, now) => !f.HintUnknown },
    };

    /// <summary>The redirect that the page rules made trustworthy; call it only after they all held.</summary>
    public static TrustedRedirect Trust(FormParameters parameters) =>
        new(parameters["redirect_uri"]!, parameters["response_mode"] == "form_post" ? "form_post" : "query", parameters["state"]);

    private static bool IsSingle(FormParameters parameters, string name) =>
        parameters.Repeated != name && parameters.All.Count(p => p.Key == name) <= 1;
}

/// <summary>Authentication context class references. OIDC Core §2</summary>
internal static class Acr
{
    public const string Password = "urn:ostiary:acr:password";
    public static readonly string[] Supported = [Password];
}
