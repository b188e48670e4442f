using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Authorize;

/// <summary>What a reference and a request object must fulfil before the parameters that they bring are looked at; two parts of <see cref="AuthorizeRules.Page"/>.</summary>
internal static class IncomingRules
{
    // csharpier-ignore
    public static readonly RuleList<FormParameters, PageFacts> Pushed = new("authorize.pushed")
    {
        { "request and request_uri exclude each other",       Reason.RequestObjectAndUri,       "RFC 9101 §5",   (r, f, now) => !(f.Incoming.Sent.Has("request") && f.Incoming.Sent.Has("request_uri")) },
        { "a pushed request is one of ours",                  Reason.RequestUriUnknown,         "RFC 9126 §4",   (r, f, now) => f.Incoming.Way != Way.Pushed || f.Pushed is not null },
        { "it was pushed by this client",                     Reason.RequestUriOfAnotherClient, "RFC 9126 §4",   (r, f, now) => f.Pushed is null || f.Pushed.ClientId == f.Client!.Id },
        { "it has not expired",                               Reason.RequestUriExpired,         "RFC 9126 §2.2", (r, f, now) => f.Pushed is null || now < f.Pushed.ExpiresAt },
    };

    // csharpier-ignore
    public static readonly RuleList<FormParameters, PageFacts> Signed = new("authorize.signed")
    {
        { "the request object can be had from its address",   Reason.RequestObjectUnreachable,  "RFC 9101 §5.2.3", (r, f, now) => f.Object is null or { Unreachable: false } },
        { "the request object is a signed JWT",               Reason.RequestObjectMalformed,    "RFC 9101 §6.2",  (r, f, now) => f.Object is null or { Malformed: false } },
        { "the client's keys can be had",                     Reason.ClientKeysUnavailable,     "OIDC Core §10.1.1", (r, f, now) => f.Object?.KeysUnavailable is null },
        { "it is signed by a key of the client",              Reason.RequestObjectSignatureInvalid, "RFC 9101 §10.1", (r, f, now) => f.Object is null or { Verified: true } },
        { "its client_id, and iss if any, are the client",    Reason.RequestObjectIssuerWrong,  "RFC 9101 §5",    (r, f, now) => f.Object is null || (f.Object.ClientId == f.Client!.Id && (f.Object.Issuer ?? f.Client.Id) == f.Client.Id) },
        { "its aud names this issuer",                        Reason.RequestObjectAudienceWrong, "RFC 9101 §4",   (r, f, now) => f.Object is null || f.Object.Audience.Contains(f.Issuer) },
        { "its sub is not the client",                        Reason.RequestObjectIsAssertion,  "RFC 9101 §10.8", (r, f, now) => f.Object is null || f.Object.Subject != f.Client!.Id },
        { "its exp lies ahead, by an hour at most",           Reason.RequestObjectExpired,      "RFC 9101 §10.2", (r, f, now) => f.Object is null || (now - RequestObject.Skew < f.Object.ExpiresAt && f.Object.ExpiresAt <= now + RequestObject.Reach + RequestObject.Skew) },
        { "its nbf and iat are now, within an hour",          Reason.RequestObjectNotYetValid,  "RFC 9101 §10.2", (r, f, now) => f.Object is null || (IsPast(f.Object.NotBefore ?? now, now) && IsPast(f.Object.IssuedAt ?? now, now)) },
        { "under FAPI 2.0 it has nbf, and exp an hour later at most", Reason.RequestObjectExpired, "FAPI 2.0 Message Signing §5.3.1", (r, f, now) => f.Object is null || f.Client!.Profile != Profile.Fapi2 || f.Object.ExpiresAt <= f.Object.NotBefore + RequestObject.Reach },
        { "it refers to no other request",                    Reason.RequestObjectNested,       "RFC 9101 §4",    (r, f, now) => f.Object is null or { Nested: false } },
        { "response_type beside it is the one within",        Reason.RequestObjectDiffers,      "OIDC Core §6.1", (r, f, now) => f.Object is null || (f.Incoming.Sent["response_type"] ?? r["response_type"]) == r["response_type"] },
    };

    private static bool IsPast(DateTimeOffset time, DateTimeOffset now) =>
        time <= now + RequestObject.Skew && time >= now - RequestObject.Reach - RequestObject.Skew;
}
