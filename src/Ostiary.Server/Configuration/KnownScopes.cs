using System.Collections.Immutable;

namespace Ostiary.Server.Configuration;

/// <summary>The scopes that no API defines.</summary>
public static class KnownScopes
{
    /// <summary>Administration of this server, at the audience <c>{issuer}/admin</c>.</summary>
    public const string Administration = "ostiary:admin";

    /// <summary>OIDC Core §5.4 and OIDC Core §11.</summary>
    public static ImmutableArray<string> OpenIdConnect { get; } = ["openid", "profile", "email", "address", "phone", "offline_access"];

    public static bool IsReserved(string name) => OpenIdConnect.Contains(name) || name.StartsWith("ostiary:", StringComparison.Ordinal);
}

/// <summary>The algorithms that this server signs with.</summary>
public static class SigningAlgorithms
{
    public static ImmutableArray<string> All { get; } = ["ES256", "RS256", "PS256", "ES384", "HS256"];

    /// <summary>Those whose signatures anybody checks with a public key.</summary>
    public static ImmutableArray<string> Public { get; } = ["ES256", "RS256", "PS256", "ES384"];
}
