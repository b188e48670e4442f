using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Ostiary.Protocol.Jose;

/// <summary>One signature algorithm: the only kind of key it takes, its hash and the exact signature length (0: the length of the modulus).</summary>
internal sealed record JwsAlgorithm(
    string Name,
    string Kty,
    string? Crv,
    HashAlgorithmName Hash,
    int HashLength,
    int SignatureLength,
    RSASignaturePadding? Padding
)
{
    // csharpier-ignore
    private static readonly JwsAlgorithm[] Table =
    [
        new("ES256", "EC", "P-256", HashAlgorithmName.SHA256, 32, 64, null), // RFC 7518 §3.4
        new("ES384", "EC", "P-384", HashAlgorithmName.SHA384, 48, 96, null),
        new("ES512", "EC", "P-521", HashAlgorithmName.SHA512, 64, 132, null),
        new("RS256", "RSA", null, HashAlgorithmName.SHA256, 32, 0, RSASignaturePadding.Pkcs1), // RFC 7518 §3.3
        new("RS384", "RSA", null, HashAlgorithmName.SHA384, 48, 0, RSASignaturePadding.Pkcs1),
        new("RS512", "RSA", null, HashAlgorithmName.SHA512, 64, 0, RSASignaturePadding.Pkcs1),
        new("PS256", "RSA", null, HashAlgorithmName.SHA256, 32, 0, RSASignaturePadding.Pss), // RFC 7518 §3.5
        new("PS384", "RSA", null, HashAlgorithmName.SHA384, 48, 0, RSASignaturePadding.Pss),
        new("PS512", "RSA", null, HashAlgorithmName.SHA512, 64, 0, RSASignaturePadding.Pss),
        new("HS256", "oct", null, HashAlgorithmName.SHA256, 32, 32, null), // RFC 7518 §3.2
        new("HS384", "oct", null, HashAlgorithmName.SHA384, 48, 48, null),
        new("HS512", "oct", null, HashAlgorithmName.SHA512, 64, 64, null),
        new("EdDSA", "OKP", "Ed25519", HashAlgorithmName.SHA512, 64, 64, null), // RFC 8037 §3.1
        new("Ed25519", "OKP", "Ed25519", HashAlgorithmName.SHA512, 64, 64, null), // RFC 9864 §2.2
    ];

    private static readonly FrozenDictionary<string, JwsAlgorithm> ByName = Table.ToFrozenDictionary(row => row.Name, StringComparer.Ordinal);

    public static IReadOnlyList<string> Names { get; } = [.. Table.Select(row => row.Name)];

    public static bool TryFind(string name, [NotNullWhen(true)] out JwsAlgorithm? algorithm) => ByName.TryGetValue(name, out algorithm);

    public bool CanSign => Kty != "OKP";

    /// <summary>Kind, curve, strength and every stated limit of the key agree with this algorithm.</summary>
    public bool Fits(JsonWebKey key, string operation)
    {
        if (key.Kty != Kty || (Crv is not null && key.Crv != Crv)) // RFC 8725 §3.1
            return false;
        if (key.Alg is not null && key.Alg != Name) // RFC 7517 §4.4
            return false;
        if (key.Use is not null and not "sig") // RFC 7517 §4.2
            return false;
        if (key.Operations is not null && !key.Operations.Contains(operation)) // RFC 7517 §4.3
            return false;
        return Kty != "oct" || key.Secret.Length >= HashLength; // RFC 7518 §3.2
    }
}
