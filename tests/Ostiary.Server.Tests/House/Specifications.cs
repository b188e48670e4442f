namespace Ostiary.Server.Tests.House;

/// <summary>A specification as the code cites it, its title, and how much of it this server is.</summary>
internal sealed record Specification(string Name, string Title, string Standing)
{
    public string? Address => Name.StartsWith("RFC ", StringComparison.Ordinal) ? $"https://www.rfc-editor.org/rfc/rfc{Name[4..]}" : null;
}

/// <summary>All of them, by kind. What is cited and not named here fails a test; what is not cited any more as well.</summary>
internal static class Specifications
{
    private const string Whole = "whole";

    // csharpier-ignore
    public static readonly IReadOnlyList<Specification> All =
    [
        // OAuth
        new("RFC 6749", "The OAuth 2.0 Authorization Framework", "part: refused by design are the implicit grant (§4.2) and the password grant (§4.3)"),
        new("RFC 6750", "Bearer Token Usage", "part: refused by design are tokens in the URL (§2.3)"),
        new("RFC 6819", "OAuth 2.0 Threat Model and Security Considerations", "whole, as far as RFC 9700 does not replace it"),
        new("RFC 7009", "OAuth 2.0 Token Revocation", Whole),
        new("RFC 7521", "Assertion Framework for OAuth 2.0", "part: for client authentication (§4.2); not as a grant (§4.1)"),
        new("RFC 7523", "JWT Profile for OAuth 2.0 Client Authentication and Authorization Grants", "part: for client authentication (§2.2); not as a grant (§2.1). The token endpoint as audience only where a client's setting says so"),
        new("RFC 7591", "OAuth 2.0 Dynamic Client Registration", "part: refused by design are software statements (§2.3)"),
        new("RFC 7592", "OAuth 2.0 Dynamic Client Registration Management", Whole),
        new("RFC 7636", "Proof Key for Code Exchange", "part: refused by design is `plain` (§4.2)"),
        new("RFC 7662", "OAuth 2.0 Token Introspection", "whole; only the API of a token and its own client learn anything"),
        new("RFC 8176", "Authentication Method Reference Values", "part: the values of the methods that there are"),
        new("RFC 8252", "OAuth 2.0 for Native Apps", Whole),
        new("RFC 8414", "OAuth 2.0 Authorization Server Metadata", "part: no signed metadata (§2.1)"),
        new("RFC 8628", "OAuth 2.0 Device Authorization Grant", Whole),
        new("RFC 8693", "OAuth 2.0 Token Exchange", "part: access tokens and ID tokens are taken, access tokens are given; nothing without a policy"),
        new("RFC 8705", "OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens", "whole; revocation lists are not asked"),
        new("RFC 8707", "Resource Indicators for OAuth 2.0", "whole; an access token is for one resource"),
        new("RFC 9068", "JWT Profile for OAuth 2.0 Access Tokens", Whole),
        new("RFC 9101", "The OAuth 2.0 Authorization Framework: JWT-Secured Authorization Request", "part: no encrypted request objects; by reference only to registered addresses"),
        new("RFC 9126", "OAuth 2.0 Pushed Authorization Requests", "part: redirect URIs that are not registered (§2.4) are refused by design"),
        new("RFC 9207", "OAuth 2.0 Authorization Server Issuer Identification", Whole),
        new("RFC 9449", "OAuth 2.0 Demonstrating Proof of Possession", Whole),
        new("RFC 9700", "Best Current Practice for OAuth 2.0 Security", Whole),
        new("RFC 9728", "OAuth 2.0 Protected Resource Metadata", "part: metadata are not signed (§2.2)"),
        new("OAuth 2.1", "The OAuth 2.1 Authorization Framework (draft)", "whole; PKCE may be left out by name for one confidential client that sends a nonce"),
        new("CIMD", "OAuth Client ID Metadata Document (draft-ietf-oauth-client-id-metadata-document-01)", "part: logos are not fetched (§6.7)"),
        // OpenID
        new("OIDC Core", "OpenID Connect Core 1.0", "part: no implicit and no hybrid flow (§3.2, §3.3), no encrypted tokens, no `registration` parameter (§7), no aggregated or distributed claims"),
        new("OIDC Discovery", "OpenID Connect Discovery 1.0", "part: no WebFinger (§2)"),
        new("OIDC Registration", "OpenID Connect Dynamic Client Registration 1.0", "part: public subjects only, no `sector_identifier_uri` (§5)"),
        new("OIDC Unmet Authentication Requirements", "OpenID Connect Core Error Code unmet_authentication_requirements", Whole),
        new("OAuth Form Post", "OAuth 2.0 Form Post Response Mode", Whole),
        new("Multiple Response Types", "OAuth 2.0 Multiple Response Type Encoding Practices", "part: response modes; the other response types are refused by design"),
        new("RP-Initiated Logout", "OpenID Connect RP-Initiated Logout 1.0", Whole),
        new("Back-Channel Logout", "OpenID Connect Back-Channel Logout 1.0", Whole),
        new("Front-Channel Logout", "OpenID Connect Front-Channel Logout 1.0", Whole),
        new("Session Management", "OpenID Connect Session Management 1.0", Whole),
        new("FAPI 2.0 Security Profile", "FAPI 2.0 Security Profile", "whole, by `private_key_jwt` or mutual TLS, with DPoP or certificate-bound tokens"),
        new("FAPI 2.0 Message Signing", "FAPI 2.0 Message Signing", "part: signed requests (§5.3); no signed responses (§5.4), no signed introspection (§5.5)"),
        // JOSE
        new("RFC 7515", "JSON Web Signature", "part: compact serialization only"),
        new("RFC 7516", "JSON Web Encryption", "part: compact serialization, to be read; refused by design is compression"),
        new("RFC 7517", "JSON Web Key", "part: no encrypted keys and no certificates"),
        new("RFC 7518", "JSON Web Algorithms", "part: refused by design are `none` and RSA1_5"),
        new("RFC 7519", "JSON Web Token", "part: no unsecured tokens (§6)"),
        new("RFC 7638", "JSON Web Key Thumbprint", Whole),
        new("RFC 7797", "JWS Unencoded Payload Option", "refused by design: `b64` is an unknown `crit`"),
        new("RFC 8037", "CFRG Elliptic Curves in JOSE", "part: Ed25519"),
        new("RFC 8725", "JSON Web Token Best Current Practices", Whole),
        new("RFC 9864", "Fully-Specified Algorithms for JOSE and COSE", "part: Ed25519"),
        new("RFC 3394", "AES Key Wrap Algorithm", Whole),
        new("RFC 5869", "HMAC-based Extract-and-Expand Key Derivation Function", Whole),
        new("RFC 8032", "Edwards-Curve Digital Signature Algorithm", "part: verification by Ed25519"),
        // Certificates
        new("RFC 4514", "LDAP: String Representation of Distinguished Names", "whole, to be read"),
        new("RFC 5280", "Internet X.509 Public Key Infrastructure Certificate and CRL Profile", "the platform's; cited where this server decides. No revocation lists"),
        new("RFC 8410", "Algorithm Identifiers for Ed25519, Ed448, X25519, and X448", "part: Ed25519"),
        new("RFC 9440", "Client-Cert HTTP Header Field", "whole, from proxies that are trusted"),
        new("RFC 9651", "Structured Field Values for HTTP", "part: byte sequences and their lists, to be read"),
        // HTTP and the rest of the Internet
        new("RFC 3986", "Uniform Resource Identifier: Generic Syntax", "the platform's; cited where this server decides"),
        new("RFC 6585", "Additional HTTP Status Codes", "part: 429"),
        new("RFC 6761", "Special-Use Domain Names", "part: `localhost`"),
        new("RFC 6890", "Special-Purpose IP Address Registries", Whole),
        new("RFC 7396", "JSON Merge Patch", Whole),
        new("RFC 8259", "The JavaScript Object Notation Data Interchange Format", "whole; duplicate names are refused"),
        new("RFC 9110", "HTTP Semantics", "the platform's; cited where this server decides"),
        new("RFC 9112", "HTTP/1.1", "the platform's; cited where this server decides"),
        new("RFC 9113", "HTTP/2", "the platform's; cited where this server decides"),
    ];
}
