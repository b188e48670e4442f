using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>Settings of an issuer (configuration document <c>setting/issuer</c>, the <c>issuer</c> member of <c>ostiary.json</c>). Everything unset is the strict choice.</summary>
public sealed record IssuerSettings
{
    /// <summary>Shown on pages. Default: the issuer's host.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Default 60 s, at most 60 s unless overridden by name. RFC 6749 §4.1.2</summary>
    public TimeSpan CodeLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a browser may take to bring a pushed request. Default 60 s. RFC 9126 §2.2</summary>
    public TimeSpan PushedRequestLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Of every client.</summary>
    public Profile Profile { get; init; }

    /// <summary>Only pushed requests are taken, of every client. RFC 9126 §5</summary>
    public bool RequirePushed { get; init; }

    /// <summary>How long a sign-in may take from request to approval. Default 30 min.</summary>
    public TimeSpan InteractionLifetime { get; init; } = TimeSpan.FromMinutes(30);
    public TimeSpan IdTokenLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Lifetime of access tokens for userinfo alone. Default 10 min.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From approval on, whatever happens. Default 30 d.</summary>
    public TimeSpan RefreshTokenLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Without use. Default 14 d.</summary>
    public TimeSpan RefreshTokenIdle { get; init; } = TimeSpan.FromDays(14);

    /// <summary>How long the previous refresh token still answers with the same successor. Default 30 s, 0 to 300 s.</summary>
    public TimeSpan RefreshRetryWindow { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromHours(12);
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromHours(2);

    /// <summary>How long verifiers may cache the JWKS; a new key is published at least this long before it signs. Default 5 min.</summary>
    public TimeSpan JwksCacheLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Age at which a signing key is replaced. Default 30 d.</summary>
    public TimeSpan KeyRotation { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Every DPoP proof needs a nonce of this server. RFC 9449 §8</summary>
    public bool RequireDpopNonce { get; init; }

    /// <summary>Null: no client registers itself. RFC 7591 §3</summary>
    public RegistrationPolicy? Registration { get; init; }

    /// <summary>Safe bounds that the operator chose to exceed, by setting name.</summary>
    public IReadOnlyList<string> AllowUnsafe { get; init; } = [];
}
