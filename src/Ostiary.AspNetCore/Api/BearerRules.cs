using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Api;

/// <summary>What must hold before a call reaches a protected endpoint. The claims of a token are looked at only after its signature held.</summary>
public static class BearerRules
{
    private static readonly TimeSpan Past = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Future = TimeSpan.FromSeconds(10);

    // csharpier-ignore
    internal static RuleList<BearerRequest, BearerFacts> All { get; } = new("bearer")
    {
        { "there is at most one Authorization header",                Reason.BearerInTwoPlaces,       "RFC 6750 §2",    (r, f, now) => r.AuthorizationFields <= 1 },
        { "no token is in the URL",                                   Reason.TokenInUrl,              "RFC 9700 §4.3.2", (r, f, now) => !r.InQuery },
        { "the token is not in the body as well",                     Reason.BearerInTwoPlaces,       "RFC 6750 §2",    (r, f, now) => r.Token is null || !r.InBody },
        { "a Bearer token is presented",                              Reason.BearerMissing,           "RFC 6750 §3.1",  (r, f, now) => r.Token is not null },
        { "the token has the syntax of a Bearer token",               Reason.BearerMalformed,         "RFC 6750 §2.1",  (r, f, now) => BearerRequest.IsToken(r.Token) },
        { "it is a signed JWT, or opaque and the issuer may be asked", Reason.BearerMalformed,        "RFC 9068 §4",    (r, f, now) => f.IsOpaque || !f.IsNoJwt },
        { "its typ is at+jwt",                                        Reason.BearerTypeWrong,         "RFC 9068 §4",    (r, f, now) => f.IsOpaque || f.Fault != JoseFault.TypMismatch },
        { "the issuer's keys, or its word, can be had",               Reason.IssuerUnreachable,       "OIDC Discovery §4.3", (r, f, now) => f.IsOpaque ? f.Word is IssuerWord.Active or IssuerWord.Inactive : f.HasKeys },
        { "an opaque token is active",                                Reason.BearerRevoked,           "RFC 7662 §2.2",  (r, f, now) => !f.IsOpaque || f.Word == IssuerWord.Active },
        { "the signature holds, with an asymmetric algorithm and a key of the issuer", Reason.BearerSignatureInvalid, "RFC 9068 §4", (r, f, now) => f.IsOpaque || f.Fault is JoseFault.None or JoseFault.ClaimsMalformed },
        { "the demanded claims are present and well-formed",          Reason.BearerClaimsInvalid,     "RFC 9068 §2.2",  (r, f, now) => f.HasDemandedClaims },
        { "iss is the issuer, character by character",                Reason.BearerIssuerWrong,       "RFC 9068 §4",    (r, f, now) => (f.IsOpaque && !f.Claims!.Has("iss")) || f.Claims!.String("iss") == f.Issuer },
        { "aud contains this API",                                    Reason.BearerAudienceWrong,     "RFC 9068 §4",    (r, f, now) => f.Claims!.Audience?.Contains(f.Audience, StringComparer.Ordinal) == true },
        { "exp is not over (5 s grace)",                              Reason.BearerExpired,           "RFC 9068 §4",    (r, f, now) => (f.IsOpaque && f.Expires is null) || now < f.Expires!.Value + Past },
        { "nbf and iat are not in the future (10 s grace)",           Reason.BearerNotYetValid,       "RFC 9068 §4",    (r, f, now) => !(f.Date("nbf") > now + Future) && !(f.Date("iat") > now + Future) },
        { "it is not bound to a kind of key that is not known here",  Reason.BearerClaimsInvalid,     "RFC 9449 §6",    (r, f, now) => SenderKey.TryRead(f.Claims!.Root, out _) },
        { "it is bound by DPoP, where this API demands it",           Reason.ProofMissing,            "RFC 9700 §2.2.1", (r, f, now) => !f.RequiresDpop || f.BoundTo is { Kind: SenderKeyKind.Dpop } || (f.RequiresCertificate && f.BoundTo is not null) },
        { "it is bound to a certificate, where this API demands it",   Reason.BearerUnbound,           "RFC 8705 §3",    (r, f, now) => !f.RequiresCertificate || f.BoundTo is { Kind: SenderKeyKind.Certificate } || (f.RequiresDpop && f.BoundTo is not null) },
        DpopTokenRules.All,
        { "its scope covers what the endpoint needs",                 Reason.BearerScopeInsufficient, "RFC 6750 §3.1",  (r, f, now) => r.Required.IsWithin(f.Scopes) },
        { "the issuer can be asked whether it was revoked",           Reason.IssuerUnreachable,       "RFC 7662 §2.2",  (r, f, now) => !f.AsksIssuer || f.Word is IssuerWord.Active or IssuerWord.Inactive },
        { "it was not revoked",                                       Reason.BearerRevoked,           "RFC 7662 §2.2",  (r, f, now) => !f.AsksIssuer || f.Word == IssuerWord.Active },
    };

    /// <summary>The rules in order, for documentation: text, section, reason of the refusal.</summary>
    public static IReadOnlyList<(string Text, string Spec, Reason Reason)> Listed { get; } =
    [.. All.Select(rule => (rule.Text, rule.Spec, rule.Reason))];
}
