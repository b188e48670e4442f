using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Bff;

/// <summary>What a logout token is compared with.</summary>
internal sealed record LogoutTokenExpectation(string Issuer, string ClientId);

/// <summary>What is known of a logout token. Claims are there only where its signature held.</summary>
internal sealed record LogoutTokenFacts(bool HasKeys, JwtClaims? Claims, bool IsNew)
{
    public DateTimeOffset? Date(string name) => Claims is not null && Claims.TryNumericDate(name, out var date) ? date : null;

    public string? Text(string name) => Claims!.String(name) is { Length: > 0 } text ? text : null;

    /// <summary>A claim that is there must be a text; a logout for whoever it may be is none.</summary>
    public bool IsAbsentOrText(string name) => !Claims!.Has(name) || Text(name) is not null;

    public bool NamesTheEvent =>
        Claims!.Root.TryGetProperty("events", out var events)
        && events.ValueKind == JsonValueKind.Object
        && events.TryGetProperty(LogoutTokenRules.Event, out var member)
        && member.ValueKind == JsonValueKind.Object;
}

/// <summary>The steps that a client takes with a logout token; the signature is always checked. Back-Channel Logout §2.6</summary>
public static class LogoutTokenRules
{
    internal const string Event = "http://schemas.openid.net/event/backchannel-logout";
    internal static readonly TimeSpan Past = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Future = TimeSpan.FromSeconds(10);

    // csharpier-ignore
    internal static RuleList<LogoutTokenExpectation, LogoutTokenFacts> All { get; } = new("logout-token")
    {
        { "the issuer's keys can be had",                      Reason.IssuerUnreachable,   "OIDC Discovery §4.3",      (r, f, now) => f.HasKeys },
        { "it is signed by a key of the issuer, with the expected algorithm (steps 2, 3)", Reason.LogoutTokenRejected, "Back-Channel Logout §2.6", (r, f, now) => f.Claims is not null },
        { "iss is the issuer (step 4)",                        Reason.LogoutTokenRejected, "Back-Channel Logout §2.6", (r, f, now) => f.Claims!.String("iss") == r.Issuer },
        { "aud contains this client (step 4)",                 Reason.LogoutTokenRejected, "Back-Channel Logout §2.6", (r, f, now) => f.Claims!.Audience?.Contains(r.ClientId, StringComparer.Ordinal) == true },
        { "iat is not in the future (step 4)",                 Reason.LogoutTokenRejected, "Back-Channel Logout §2.6", (r, f, now) => f.Date("iat") is { } iat && iat <= now + Future },
        { "exp is not over (step 4)",                          Reason.LogoutTokenRejected, "Back-Channel Logout §2.6", (r, f, now) => f.Date("exp") is { } exp && now < exp + Past },
        { "it names somebody, a session, or both (step 5)",    Reason.LogoutTokenRejected, "Back-Channel Logout §2.6", (r, f, now) => (f.Text("sub") ?? f.Text("sid")) is not null && f.IsAbsentOrText("sub") && f.IsAbsentOrText("sid") },
        { "events says that it is a logout (step 6)",          Reason.LogoutTokenRejected, "Back-Channel Logout §2.6", (r, f, now) => f.NamesTheEvent },
        { "it has no nonce, so it is no ID token (step 7)",    Reason.LogoutTokenRejected, "Back-Channel Logout §2.6", (r, f, now) => !f.Claims!.Has("nonce") },
        { "its jti was not used before (step 8)",              Reason.LogoutTokenRejected, "Back-Channel Logout §2.6", (r, f, now) => f.Text("jti") is not null && f.IsNew },
    };

    /// <summary>The rules in order, for documentation: text, section, reason of the refusal.</summary>
    public static IReadOnlyList<(string Text, string Spec, Reason Reason)> Listed { get; } =
    [.. All.Select(rule => (rule.Text, rule.Spec, rule.Reason))];
}
