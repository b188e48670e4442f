using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Bff;

/// <summary>What an ID token is compared with.</summary>
internal sealed record IdTokenExpectation
{
    public required string Issuer { get; init; }
    public required string ClientId { get; init; }

    /// <summary>The access token that came with it.</summary>
    public required string AccessToken { get; init; }

    /// <summary>The nonce of the sign-in. Null after a refresh, where none is demanded.</summary>
    public string? Nonce { get; init; }

    /// <summary>After a refresh: whom the session is of.</summary>
    public string? Subject { get; init; }
}

/// <summary>What is known of the ID token. Claims are there only where its signature held.</summary>
internal sealed record IdTokenFacts(bool HasKeys, string? Algorithm, JwtClaims? Claims)
{
    public DateTimeOffset? Date(string name) => Claims is not null && Claims.TryNumericDate(name, out var date) ? date : null;
}

/// <summary>The steps of OIDC Core §3.1.3.7 that a client on the back channel takes; the signature is always checked.</summary>
public static class IdTokenRules
{
    private static readonly TimeSpan Past = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Future = TimeSpan.FromSeconds(10);

    // csharpier-ignore
    internal static RuleList<IdTokenExpectation, IdTokenFacts> All { get; } = new("id-token")
    {
        { "the issuer's keys can be had",                              Reason.IssuerUnreachable, "OIDC Discovery §4.3", (r, f, now) => f.HasKeys },
        { "it is signed by a key of the issuer, with the expected algorithm (steps 6, 7)", Reason.IdTokenRejected, "OIDC Core §3.1.3.7", (r, f, now) => f.Claims is not null },
        { "iss is the issuer (step 2)",                                Reason.IdTokenRejected,   "OIDC Core §3.1.3.7", (r, f, now) => f.Claims!.String("iss") == r.Issuer },
        { "aud contains this client (step 3)",                         Reason.IdTokenRejected,   "OIDC Core §3.1.3.7", (r, f, now) => f.Claims!.Audience?.Contains(r.ClientId, StringComparer.Ordinal) == true },
        { "among several audiences azp is this client (steps 4, 5)",   Reason.IdTokenRejected,   "OIDC Core §3.1.3.7", (r, f, now) => f.Claims!.Has("azp") ? f.Claims.String("azp") == r.ClientId : f.Claims.Audience!.Count == 1 },
        { "exp is not over (step 9)",                                  Reason.IdTokenRejected,   "OIDC Core §3.1.3.7", (r, f, now) => f.Date("exp") is { } exp && now < exp + Past },
        { "iat is not in the future (step 10)",                        Reason.IdTokenRejected,   "OIDC Core §3.1.3.7", (r, f, now) => f.Date("iat") is { } iat && iat <= now + Future },
        { "nonce is the one that was sent (step 11)",                  Reason.IdTokenRejected,   "OIDC Core §3.1.3.7", (r, f, now) => r.Nonce is null || f.Claims!.String("nonce") == r.Nonce },
        { "sub names somebody, after a refresh the same as before",    Reason.IdTokenRejected,   "OIDC Core §12.2",    (r, f, now) => f.Claims!.String("sub") is { Length: > 0 } sub && (r.Subject is null || sub == r.Subject) },
        { "at_hash, where present, is that of the access token",       Reason.IdTokenRejected,   "OIDC Core §3.1.3.8", (r, f, now) => !f.Claims!.Has("at_hash") || f.Claims.String("at_hash") == HalfHash(f.Algorithm, r.AccessToken) },
    };

    /// <summary>The rules in order, for documentation: text, section, reason of the refusal.</summary>
    public static IReadOnlyList<(string Text, string Spec, Reason Reason)> Listed { get; } =
    [.. All.Select(rule => (rule.Text, rule.Spec, rule.Reason))];

    /// <summary>The left half of the hash that belongs to the algorithm, as base64url. OIDC Core §3.1.3.6</summary>
    internal static string? HalfHash(string? algorithm, string accessToken)
    {
        var text = Encoding.ASCII.GetBytes(accessToken);
        var hash = algorithm switch
        {
            not null when algorithm.EndsWith("256", StringComparison.Ordinal) => SHA256.HashData(text),
            not null when algorithm.EndsWith("384", StringComparison.Ordinal) => SHA384.HashData(text),
            not null => SHA512.HashData(text),
            null => [],
        };
        return hash.Length == 0 ? null : Base64UrlText.Encode(hash.AsSpan(0, hash.Length / 2));
    }
}
