using Ostiary.Protocol.Certificates;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>The texts that stand for the values of client settings.</summary>
public static class ClientNames
{
    public const string AuthorizationCode = "authorization_code";
    public const string RefreshToken = "refresh_token";
    public const string ClientCredentials = "client_credentials";
    public const string TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    public const string DeviceCode = "urn:ietf:params:oauth:grant-type:device_code";

    public static readonly string[] GrantTypes = [AuthorizationCode, RefreshToken, ClientCredentials, DeviceCode, TokenExchange];
    public static readonly string[] AssertionAlgorithms =
    [
        "ES256",
        "ES384",
        "ES512",
        "PS256",
        "PS384",
        "PS512",
        "RS256",
        "RS384",
        "RS512",
        "EdDSA",
        "Ed25519",
    ];

    /// <summary>Of <c>client_secret_jwt</c>.</summary>
    public static readonly string[] SecretAlgorithms = ["HS256"];

    public static readonly (string Name, ClientType Value)[] Types =
    [
        ("web", ClientType.Web),
        ("spa", ClientType.Spa),
        ("native", ClientType.Native),
        ("service", ClientType.Service),
        ("device", ClientType.Device),
        ("mcp", ClientType.Mcp),
    ];

    public static readonly (string Name, ClientAuthenticationMethod Value)[] Methods =
    [
        ("none", ClientAuthenticationMethod.None),
        ("client_secret_basic", ClientAuthenticationMethod.ClientSecretBasic),
        ("client_secret_post", ClientAuthenticationMethod.ClientSecretPost),
        ("private_key_jwt", ClientAuthenticationMethod.PrivateKeyJwt),
        ("client_secret_jwt", ClientAuthenticationMethod.ClientSecretJwt),
        ("tls_client_auth", ClientAuthenticationMethod.TlsClientAuth), // RFC 8705 §2.1.1
        ("self_signed_tls_client_auth", ClientAuthenticationMethod.SelfSignedTlsClientAuth), // RFC 8705 §2.2.1
    ];

    /// <summary>The settings of which a client of <c>tls_client_auth</c> has exactly one. RFC 8705 §2.1.2</summary>
    public static readonly (string Name, CertificateNameKind Value)[] CertificateNames =
    [
        ("tls_client_auth_subject_dn", CertificateNameKind.SubjectDn),
        ("tls_client_auth_san_dns", CertificateNameKind.SanDns),
        ("tls_client_auth_san_uri", CertificateNameKind.SanUri),
        ("tls_client_auth_san_ip", CertificateNameKind.SanIp),
        ("tls_client_auth_san_email", CertificateNameKind.SanEmail),
    ];

    public static readonly (string, RefreshTokenRotation)[] Rotations =
    [
        ("auto", RefreshTokenRotation.Auto),
        ("always", RefreshTokenRotation.Always),
        ("never", RefreshTokenRotation.Never),
    ];

    public static readonly (string, Profile)[] Profiles = [(Fapi2.Name, Profile.Fapi2)];

    public static readonly (string, AssertionAudience)[] Audiences = [("issuer", AssertionAudience.Issuer), ("any", AssertionAudience.Any)];

    public static readonly (string, ConsentPolicy)[] Consents =
    [
        ("required", ConsentPolicy.Required),
        ("remembered", ConsentPolicy.Remembered),
        ("none", ConsentPolicy.None),
    ];

    /// <summary>What a client may sign its assertions and request objects with, where it names no algorithm.</summary>
    public static string[] AlgorithmsOf(Client client) =>
        client.Profile == Profile.Fapi2 ? Fapi2.Algorithms : AlgorithmsOf(client.AuthenticationMethod);

    public static string[] AlgorithmsOf(ClientAuthenticationMethod method) =>
        method == ClientAuthenticationMethod.ClientSecretJwt ? SecretAlgorithms : AssertionAlgorithms;

    public static string NameOf<T>((string Name, T Value)[] table, T value)
        where T : struct => Array.Find(table, row => EqualityComparer<T>.Default.Equals(row.Value, value)).Name;
}
