using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Clients;

internal sealed record ClientAuthenticationFacts
{
    public required Client? Client { get; init; }
    public required ClientSecret? Secret { get; init; }
    public required ClientAssertion? Assertion { get; init; }

    /// <summary>Null: the client authenticates otherwise, or has shown none.</summary>
    public required CertificateFacts? Certificate { get; init; }
    public required IssuerUrl Issuer { get; init; }

    /// <summary>Null, or the restore before which nobody knows which assertions were used.</summary>
    public required DateTimeOffset? Fence { get; init; }
    public required bool Throttled { get; init; }
    public required ClientAtAddress Place { get; init; }
}

/// <summary>The rules of client authentication, whatever the method.</summary>
internal static class ClientAuthenticationRules
{
    /// <summary>Clocks may differ by this much. FAPI 2.0 Security Profile §5.3.2.1</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan MaxAssertionLifetime = TimeSpan.FromMinutes(5);

    // csharpier-ignore
    public static readonly RuleList<ClientCredentials, ClientAuthenticationFacts> All = new("client.authenticate")
    {
        { "one authentication method is used",             Reason.CredentialsRepeated,          "RFC 6749 §2.3",    (r, f, now) => !r.Repeated },
        { "the Basic credentials are well-formed",         Reason.BasicMalformed,               "RFC 6749 §2.3.1",  (r, f, now) => !r.BasicMalformed },
        { "a certificate that a proxy passes on is well-formed", Reason.ClientCertificateMalformed, "RFC 9440 §2.2",  (r, f, now) => !r.Certificate.Malformed },
        { "client_id names the same client everywhere",    Reason.ClientIdsDiffer,              "RFC 6749 §2.3",    (r, f, now) => !r.IdsDiffer },
        { "the request names a client",                    Reason.CredentialsMissing,           "RFC 6749 §3.2.1",  (r, f, now) => r.ClientId is not null },
        { "there were not too many failures",              Reason.TooManyFailures,              "RFC 6819 §5.1.4.2.3", (r, f, now) => !f.Throttled || f.Secret is not null },
        { "the client is registered",                      Reason.AuthenticatingClientUnknown,  "RFC 6749 §5.2",    (r, f, now) => f.Client is not null },
        { "the client is enabled",                         Reason.AuthenticatingClientDisabled, "RFC 6749 §5.2",    (r, f, now) => !f.Client!.Disabled },
        { "a confidential client presents credentials",    Reason.CredentialsMissing,           "RFC 6749 §3.2.1",  (r, f, now) => r.Method != ClientAuthenticationMethod.None || f.Client!.IsPublic || ClientCertificates.Authenticates(f.Client) },
        { "it uses the method it is registered for",       Reason.MethodNotRegistered,          "OIDC Core §9",     (r, f, now) => IsRegistered(r.Method, f.Client!.AuthenticationMethod) },
        { "the secret is one of the client's",             Reason.SecretWrong,                  "RFC 6749 §2.3.1",  (r, f, now) => r.Secret is null || f.Secret is not null },
        { "the secret has not expired",                    Reason.SecretExpired,                "RFC 7591 §3.2.1",  (r, f, now) => f.Secret is null || f.Secret.ExpiresAt is null || now < f.Secret.ExpiresAt },
        AssertionRules,
        CertificateRules,
    };

    // What is PKI holds of self-signed certificates by their key alone. RFC 8705 §2.2
    // csharpier-ignore
    private static RuleList<ClientCredentials, ClientAuthenticationFacts> CertificateRules => new("client.certificate")
    {
        { "a client that authenticates by a certificate shows one", Reason.ClientCertificateMissing, "RFC 8705 §2",  (r, f, now) => !ClientCertificates.Authenticates(f.Client!) || r.Certificate.Leaf is not null },
        { "it leads to an authority that this server trusts", Reason.ClientCertificateUntrusted, "RFC 8705 §2.1",    (r, f, now) => !IsByAuthority(f) || f.Certificate!.Trusted },
        { "it is valid now, with all above it",            Reason.ClientCertificateExpired,     "RFC 5280 §4.1.2.5", (r, f, now) => !IsByAuthority(f) || f.Certificate!.InTime },
        { "it is meant for the authentication of clients", Reason.ClientCertificateNotForClients, "RFC 5280 §4.2.1.12", (r, f, now) => !IsByAuthority(f) || f.Certificate!.ForClients },
        { "it has the name that the client registered",    Reason.ClientCertificateOfAnother,   "RFC 8705 §2.1.2",  (r, f, now) => !IsByAuthority(f) || f.Client!.CertificateSubject?.Names(r.Certificate.Leaf!) == true },
        { "its key is one of the client's",                Reason.ClientCertificateKeyUnknown,  "RFC 8705 §2.2",    (r, f, now) => f.Client!.AuthenticationMethod != ClientAuthenticationMethod.SelfSignedTlsClientAuth || f.Certificate!.KeyId is not null },
    };

    // csharpier-ignore
    private static RuleList<ClientCredentials, ClientAuthenticationFacts> AssertionRules => new("client.assertion")
    {
        { "client_assertion_type is the JWT one",          Reason.AssertionTypeWrong,           "RFC 7523 §2.2",    (r, f, now) => r.Assertion is null || r.AssertionType == ClientAuthentication.AssertionType },
        { "the assertion is a JWT",                        Reason.AssertionMalformed,           "RFC 7523 §3",      (r, f, now) => f.Assertion is null || !f.Assertion.Malformed },
        { "the client's keys can be had",                  Reason.ClientKeysUnavailable,        "OIDC Core §10.1.1", (r, f, now) => f.Assertion?.KeysUnavailable is null && f.Certificate?.KeysUnavailable is null },
        { "it is signed by a registered key",              Reason.AssertionSignatureInvalid,    "RFC 7523 §3",      (r, f, now) => f.Assertion is null || f.Assertion.Verified },
        { "iss and sub are the client_id",                 Reason.AssertionIssuerWrong,         "RFC 7523 §3",      (r, f, now) => f.Assertion is null || (f.Assertion.Issuer == f.Client!.Id && f.Assertion.Subject == f.Client.Id) },
        { "aud is this issuer and nobody else",            Reason.AssertionAudienceWrong,       "RFC 7523 §3",      (r, f, now) => f.Assertion is null || IsAddressed(f) },
        { "it has an exp that lies ahead",                 Reason.AssertionExpired,             "RFC 7523 §3",      (r, f, now) => f.Assertion is null || now - Skew < f.Assertion.ExpiresAt },
        { "it lives no longer than 5 minutes",             Reason.AssertionLifetimeTooLong,     "RFC 7523 §3",      (r, f, now) => f.Assertion is null || f.Assertion.ExpiresAt <= now + MaxAssertionLifetime + Skew },
        { "its nbf and iat lie not ahead",                 Reason.AssertionNotYetValid,         "RFC 7523 §3",      (r, f, now) => f.Assertion is null || f.Assertion.StartsAt <= now + Skew },
        { "it was made after the last restore",            Reason.AssertionReplayed,            "RFC 7523 §3",      (r, f, now) => f.Assertion is null || f.Fence is not { } fence || now > fence + MaxAssertionLifetime + (2 * Skew) || f.Assertion.StartsAt >= fence },
        { "it has a jti",                                  Reason.AssertionWithoutId,           "RFC 7523 §3",      (r, f, now) => f.Assertion is null || f.Assertion.Id is { Length: > 0 and <= 256 } },
    };

    private static bool IsByAuthority(ClientAuthenticationFacts facts) =>
        facts.Client!.AuthenticationMethod == ClientAuthenticationMethod.TlsClientAuth;

    /// <summary>
    /// That an assertion is signed with a secret shows in nothing that a stranger may decide: both kinds count as one method, and the key tells. A certificate is no
    /// part of the request: it counts where nothing else is sent.
    /// </summary>
    private static bool IsRegistered(ClientAuthenticationMethod used, ClientAuthenticationMethod registered) =>
        used == registered
        || (used == ClientAuthenticationMethod.PrivateKeyJwt && registered == ClientAuthenticationMethod.ClientSecretJwt)
        || (used == ClientAuthenticationMethod.None && registered.IsCertificate());

    /// <summary>
    /// The issuer as a string or, outside FAPI 2.0, as the only entry; the token endpoint only where the client's setting says so. FAPI 2.0 Security Profile §5.3.2.1
    /// </summary>
    private static bool IsAddressed(ClientAuthenticationFacts facts) =>
        facts.Assertion!.Audience is [var audience]
        && !(facts.Assertion.AudienceIsList && facts.Client!.Profile == Profile.Fapi2)
        && (audience == facts.Issuer.Text || (facts.Client!.AssertionAudience == AssertionAudience.Any && audience == facts.Issuer.At("/token")));
}
