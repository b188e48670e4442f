using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.AspNetCore.Issuers;

/// <summary>What the issuer says about itself, as far as an app needs it.</summary>
internal sealed record IssuerMetadata
{
    public required string JwksUri { get; init; }
    public string? AuthorizationEndpoint { get; init; }
    public string? TokenEndpoint { get; init; }
    public string? IntrospectionEndpoint { get; init; }
    public string? UserInfoEndpoint { get; init; }
    public string? EndSessionEndpoint { get; init; }
    public bool NamesItselfInResponses { get; init; }

    /// <summary>Where the document is: below the issuer. OIDC Discovery §4</summary>
    public static string AddressFor(string issuer) => issuer.TrimEnd('/') + "/.well-known/openid-configuration";

    /// <summary>Null where the document is no such document, is another issuer's, or names an address that may not be asked.</summary>
    public static IssuerMetadata? TryParse(ReadOnlyMemory<byte> body, string issuer)
    {
        if (!StrictJson.TryParseObject(body, out var document, maxLength: 256 * 1024))
            return null;
        using (document)
        {
            var root = document.RootElement;
            if (Text(root, "issuer") != issuer) // OIDC Discovery §4.3
                return null;
            if (Address(root, "jwks_uri") is not { } jwksUri)
                return null;
            return new IssuerMetadata
            {
                JwksUri = jwksUri,
                AuthorizationEndpoint = Address(root, "authorization_endpoint"),
                TokenEndpoint = Address(root, "token_endpoint"),
                IntrospectionEndpoint = Address(root, "introspection_endpoint"),
                UserInfoEndpoint = Address(root, "userinfo_endpoint"),
                EndSessionEndpoint = Address(root, "end_session_endpoint"),
                NamesItselfInResponses = // RFC 9207 §3
                    root.TryGetProperty("authorization_response_iss_parameter_supported", out var flag) && flag.ValueKind == JsonValueKind.True,
            };
        }
    }

    private static string? Address(JsonElement root, string name) => Text(root, name) is { } text && Backchannel.MayAsk(text, out _) ? text : null;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
