using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;

namespace Ostiary.AspNetCore.Api;

/// <summary>What is known about the token of a call, so that the rules need to ask nobody.</summary>
internal sealed record BearerFacts : ITokenUseFacts
{
    public required string Issuer { get; init; }
    public required string Audience { get; init; }

    /// <summary>What a proof must be for.</summary>
    public required DpopExpectation Expected { get; init; }

    /// <summary>Whether this API takes tokens only that are bound by DPoP, or to a certificate; with both, that are bound at all.</summary>
    public bool RequiresDpop { get; init; }
    public bool RequiresCertificate { get; init; }

    public SenderKey? BoundTo => Claims is not null && SenderKey.TryRead(Claims.Root, out var key) ? key : null;

    /// <summary>Not a JWT, and the issuer may be asked what it means.</summary>
    public bool IsOpaque { get; init; }

    public bool HasKeys { get; init; }

    /// <summary>Why the JWT does not verify; <see cref="JoseFault.None"/> only where it does.</summary>
    public JoseFault Fault { get; init; } = JoseFault.NotCompact;

    /// <summary>The claims of a JWT that verified, or of the introspection answer.</summary>
    public JwtClaims? Claims { get; init; }

    /// <summary>Whether the issuer's word is needed although the token is a JWT.</summary>
    public bool AsksIssuer { get; init; }

    public IssuerWord Word { get; init; }

    public ScopeSet Scopes => ScopeSet.TryParse(Claims?.String("scope"), out var scopes) ? scopes : ScopeSet.None;

    public DateTimeOffset? Expires => Date("exp");

    public DateTimeOffset? Date(string name) => Claims is not null && Claims.TryNumericDate(name, out var date) ? date : null;

    /// <summary>The text could not even be read as a JWT, whoever signed it.</summary>
    public bool IsNoJwt =>
        Fault
            is JoseFault.TooLarge
                or JoseFault.NotCompact
                or JoseFault.NotCanonicalBase64
                or JoseFault.HeaderMalformed
                or JoseFault.AlgorithmMissing
                or JoseFault.CritUnsupported
                or JoseFault.UnencodedPayloadUnsupported;

    /// <summary>The claims that every JWT access token has, each of the right type. RFC 9068 §2.2</summary>
    public bool HasDemandedClaims =>
        Claims is not null
        && (!Claims.Has("scope") || (Claims.String("scope") is { } scope && ScopeSet.TryParse(scope, out _)))
        && (
            IsOpaque
            || (
                Claims.String("iss") is not null
                && Claims.Audience is not null
                && !string.IsNullOrEmpty(Claims.String("sub"))
                && !string.IsNullOrEmpty(Claims.String("client_id"))
                && !string.IsNullOrEmpty(Claims.String("jti"))
                && Expires is not null
                && Date("iat") is not null
            )
        );
}

/// <summary>What the issuer says when asked about a token.</summary>
internal enum IssuerWord
{
    NotAsked,
    Unavailable,
    Inactive,
    Active,
}
