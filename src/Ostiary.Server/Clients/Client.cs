using System.Collections.Immutable;
using Ostiary.Protocol;
using Ostiary.Protocol.Certificates;
using Ostiary.Protocol.Jose;

namespace Ostiary.Server.Clients;

/// <summary>What kind of program a client is; it derives the safe settings at registration and decides nothing afterwards.</summary>
public enum ClientType
{
    Web,
    Spa,
    Native,
    Service,
    Device,
    Mcp,
}

/// <summary>How a client authenticates at the token endpoint. OIDC Core §9</summary>
public enum ClientAuthenticationMethod
{
    None,
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,

    /// <summary>HS256 with the secret itself, which the server must then keep, sealed.</summary>
    ClientSecretJwt,

    /// <summary>A certificate of an authority that this server trusts. RFC 8705 §2.1</summary>
    TlsClientAuth,

    /// <summary>A certificate whose key the client has registered. RFC 8705 §2.2</summary>
    SelfSignedTlsClientAuth,
}

public static class ClientAuthenticationMethods
{
    /// <summary>Whether it is a certificate that authenticates; the request itself then holds nothing but the client_id.</summary>
    public static bool IsCertificate(this ClientAuthenticationMethod method) =>
        method is ClientAuthenticationMethod.TlsClientAuth or ClientAuthenticationMethod.SelfSignedTlsClientAuth;
}

public enum RefreshTokenRotation
{
    /// <summary>Rotates for public clients without a sender key. RFC 9700 §4.14.2</summary>
    Auto,
    Always,
    Never,
}

/// <summary>A set of demands that stands under one name.</summary>
public enum Profile
{
    None,

    /// <summary>FAPI 2.0 Security Profile.</summary>
    Fapi2,
}

public enum AssertionAudience
{
    /// <summary>The issuer identifier as the only value.</summary>
    Issuer,

    /// <summary>The issuer or the token endpoint, for clients that cannot be changed.</summary>
    Any,
}

public enum ConsentPolicy
{
    /// <summary>Asked every time.</summary>
    Required,

    /// <summary>Asked once and when more is wanted.</summary>
    Remembered,

    /// <summary>Never asked: the operator answers for the client.</summary>
    None,
}

/// <summary>A registered client, as one immutable value of a configuration snapshot. Names follow RFC 7591 §2 and OIDC Registration §2.</summary>
public sealed record Client
{
    public required string Id { get; init; }
    public required ClientType Type { get; init; }
    public string? Name { get; init; }
    public bool Disabled { get; init; }

    /// <summary>Its own or the issuer's.</summary>
    public Profile Profile { get; init; }

    /// <summary>Whether it registered itself. RFC 7591 §3</summary>
    public bool Registered { get; init; }
    public required ClientAuthenticationMethod AuthenticationMethod { get; init; }
    public ImmutableArray<ClientSecret> Secrets { get; init; } = [];
    public JsonWebKeySet? Keys { get; init; }

    /// <summary>Where its keys are, in place of <see cref="Keys"/>.</summary>
    public string? JwksUri { get; init; }

    /// <summary>The one algorithm of its assertions; null: any that fits its keys.</summary>
    public string? AssertionAlgorithm { get; init; }
    public AssertionAudience AssertionAudience { get; init; }

    /// <summary>The name that its certificate must have; only of <see cref="ClientAuthenticationMethod.TlsClientAuth"/>.</summary>
    public CertificateSubject? CertificateSubject { get; init; }
    public ImmutableArray<string> RedirectUris { get; init; } = [];
    public ImmutableArray<string> PostLogoutRedirectUris { get; init; } = [];

    /// <summary>Where it is told that a session is over. Back-Channel Logout §2.2</summary>
    public string? BackchannelLogoutUri { get; init; }

    /// <summary>Whether it needs the <c>sid</c>; every logout token has one.</summary>
    public bool BackchannelLogoutSessionRequired { get; init; }

    /// <summary>The page of it that a browser loads in a frame when a session is over. Front-Channel Logout §2</summary>
    public string? FrontchannelLogoutUri { get; init; }

    /// <summary>Whether it needs <c>iss</c> and <c>sid</c>; it always gets both.</summary>
    public bool FrontchannelLogoutSessionRequired { get; init; }
    public ImmutableArray<string> GrantTypes { get; init; } = [];

    /// <summary>The scopes it may ask for; empty: every scope of <c>openid profile email address phone offline_access</c> for clients that sign people in, none for others.</summary>
    public ScopeSet Scope { get; init; } = ScopeSet.None;

    /// <summary>Default true; false only for confidential clients.</summary>
    public bool RequirePkce { get; init; } = true;
    public RefreshTokenRotation Rotation { get; init; }

    /// <summary>Only requests that it pushed are taken. RFC 9126 §6</summary>
    public bool RequirePushed { get; init; }

    /// <summary>Only requests that it signed are taken. RFC 9101 §10.5</summary>
    public bool RequireSigned { get; init; }

    /// <summary>The one algorithm of its request objects; null: any that fits its keys.</summary>
    public string? RequestObjectAlgorithm { get; init; }

    /// <summary>Where its request objects may be fetched, character by character; empty: nowhere.</summary>
    public ImmutableArray<string> RequestUris { get; init; } = [];
    public ConsentPolicy Consent { get; init; } = ConsentPolicy.Remembered;

    /// <summary>Null: the API's.</summary>
    public TimeSpan? AccessTokenLifetime { get; init; }
    public TimeSpan? RefreshTokenLifetime { get; init; }
    public TimeSpan? RefreshTokenIdle { get; init; }

    /// <summary>Default RS256. OIDC Core §2</summary>
    public string IdTokenAlgorithm { get; init; } = "RS256";
    public long? DefaultMaxAge { get; init; }
    public bool RequireAuthTime { get; init; }

    /// <summary>It gets tokens only with a DPoP proof. RFC 9449 §5.2</summary>
    public bool DpopBound { get; init; }

    /// <summary>It gets tokens only with a certificate, and they are bound to it. RFC 8705 §3.4</summary>
    public bool CertificateBound { get; init; }
    public string? ClientUri { get; init; }
    public string? LogoUri { get; init; }
    public string? PolicyUri { get; init; }
    public string? TosUri { get; init; }

    /// <summary>Which tokens it may exchange, and for what; none: it may exchange nothing.</summary>
    public ImmutableArray<ExchangePolicy> Exchanges { get; init; } = [];

    /// <summary>The only client that may exchange its tokens, as they say themselves; null: they say nothing. RFC 8693 §4.4</summary>
    public string? MayAct { get; init; }

    public bool IsPublic => AuthenticationMethod == ClientAuthenticationMethod.None;

    public bool May(string grantType) => GrantTypes.AsSpan().Contains(grantType);
}

/// <summary>A client secret: 256 random bits, of which the SHA-256 is kept. HS256 ID tokens need the secret itself, sealed with the data key.</summary>
/// <param name="Id">For people: which one to revoke.</param>
/// <param name="Sha256">base64url of SHA-256 of the secret's UTF-8 text.</param>
/// <param name="Sealed">The secret sealed under the server's data key; only where the client's ID tokens or its assertions are signed by HMAC.</param>
public sealed record ClientSecret(string Id, string Sha256, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string? Sealed = null);
