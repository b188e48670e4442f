using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Ostiary.Protocol.Jose;

/// <summary>How the content key comes to the recipient.</summary>
internal enum KeyManagement
{
    RsaOaep,
    AgreementDirect,
    AgreementWrap,
    Wrap,
    GcmWrap,
    Direct,
}

/// <summary>One key management algorithm. RSA1_5 and PBES2 are absent on purpose: RFC 8725 §3.2.</summary>
internal sealed record JweAlgorithm(string Name, KeyManagement Kind, string Kty, int WrapKeyLength, RSAEncryptionPadding? Padding = null)
{
    // csharpier-ignore
    private static readonly JweAlgorithm[] Table =
    [
        new("RSA-OAEP", KeyManagement.RsaOaep, "RSA", 0, RSAEncryptionPadding.OaepSHA1), // RFC 7518 §4.3
        new("RSA-OAEP-256", KeyManagement.RsaOaep, "RSA", 0, RSAEncryptionPadding.OaepSHA256),
        new("ECDH-ES", KeyManagement.AgreementDirect, "EC", 0), // RFC 7518 §4.6
        new("ECDH-ES+A128KW", KeyManagement.AgreementWrap, "EC", 16),
        new("ECDH-ES+A192KW", KeyManagement.AgreementWrap, "EC", 24),
        new("ECDH-ES+A256KW", KeyManagement.AgreementWrap, "EC", 32),
        new("A128KW", KeyManagement.Wrap, "oct", 16), // RFC 7518 §4.4
        new("A192KW", KeyManagement.Wrap, "oct", 24),
        new("A256KW", KeyManagement.Wrap, "oct", 32),
        new("A128GCMKW", KeyManagement.GcmWrap, "oct", 16), // RFC 7518 §4.7
        new("A192GCMKW", KeyManagement.GcmWrap, "oct", 24),
        new("A256GCMKW", KeyManagement.GcmWrap, "oct", 32),
        new("dir", KeyManagement.Direct, "oct", 0), // RFC 7518 §4.5
    ];

    private static readonly FrozenDictionary<string, JweAlgorithm> ByName = Table.ToFrozenDictionary(row => row.Name, StringComparer.Ordinal);

    public static IReadOnlyList<string> Names { get; } = [.. Table.Select(row => row.Name)];

    public static bool TryFind(string name, [NotNullWhen(true)] out JweAlgorithm? algorithm) => ByName.TryGetValue(name, out algorithm);

    /// <summary>A name that may stand in the <c>alg</c> of a key: a key management or, for direct use, a content encryption.</summary>
    public static bool IsKnown(string name) => ByName.ContainsKey(name) || JweEncryption.TryFind(name, out _);

    public static bool FitsKind(string name, JsonWebKey key)
    {
        if (JweEncryption.TryFind(name, out var encryption))
            return key.IsSymmetric && key.Secret.Length == encryption.KeyLength;
        return TryFind(name, out var algorithm) && algorithm.HasKind(key);
    }

    public bool Fits(JsonWebKey key, JweEncryption encryption)
    {
        if (!HasKind(key) || !key.HasPrivate)
            return false;
        if (key.Alg is not null && key.Alg != Name && !(Kind == KeyManagement.Direct && key.Alg == encryption.Name)) // RFC 7517 §4.4
            return false;
        if (key.Use is not null and not "enc") // RFC 7517 §4.2
            return false;
        if (key.Operations is not null && !key.Operations.Any(AllowedBy)) // RFC 7517 §4.3
            return false;
        return Kind != KeyManagement.Direct || key.Secret.Length == encryption.KeyLength;
    }

    private bool HasKind(JsonWebKey key) => key.Kty == Kty && (Kty != "oct" || WrapKeyLength == 0 || key.Secret.Length == WrapKeyLength);

    private bool AllowedBy(string operation) =>
        Kind switch
        {
            KeyManagement.Direct => operation == "decrypt",
            KeyManagement.AgreementDirect or KeyManagement.AgreementWrap => operation is "deriveKey" or "deriveBits",
            _ => operation is "unwrapKey" or "decrypt",
        };
}

/// <summary>One content encryption; the lengths are exact.</summary>
internal sealed record JweEncryption(string Name, int KeyLength, int IvLength, int TagLength, HashAlgorithmName? Mac)
{
    // csharpier-ignore
    private static readonly JweEncryption[] Table =
    [
        new("A128GCM", 16, 12, 16, null), // RFC 7518 §5.3
        new("A192GCM", 24, 12, 16, null),
        new("A256GCM", 32, 12, 16, null),
        new("A128CBC-HS256", 32, 16, 16, HashAlgorithmName.SHA256), // RFC 7518 §5.2
        new("A192CBC-HS384", 48, 16, 24, HashAlgorithmName.SHA384),
        new("A256CBC-HS512", 64, 16, 32, HashAlgorithmName.SHA512),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. Table.Select(row => row.Name)];

    public static bool TryFind(string name, [NotNullWhen(true)] out JweEncryption? encryption)
    {
        encryption = Array.Find(Table, row => row.Name == name);
        return encryption is not null;
    }
}
