using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>What a place in the program decrypts. Neither list has a default.</summary>
public sealed record JwePolicy
{
    public required IReadOnlyList<string> KeyAlgorithms { get; init; }
    public required IReadOnlyList<string> ContentAlgorithms { get; init; }
    public int MaxLength { get; init; } = 64 * 1024;

    public static IReadOnlyList<string> AllKeyAlgorithms => JweAlgorithm.Names;
    public static IReadOnlyList<string> AllContentAlgorithms => JweEncryption.Names;
}

/// <summary>A decrypted token. Decryption says nothing about who wrote it: a signature inside is still needed. RFC 8725 §3.3.</summary>
public sealed class DecryptedJwe
{
    internal DecryptedJwe(JoseHeader header, string encryption, byte[] plaintext, JsonWebKey key)
    {
        Algorithm = header.Algorithm;
        Encryption = encryption;
        KeyId = header.KeyId;
        Type = header.Type;
        ContentType = header.Element.TryGetProperty("cty"u8, out var cty) ? cty.GetString() : null;
        Header = header.Element;
        Plaintext = plaintext;
        Key = key;
    }

    public string Algorithm { get; }
    public string Encryption { get; }
    public string? KeyId { get; }
    public string? Type { get; }
    public string? ContentType { get; }
    public JsonElement Header { get; }
    public ReadOnlyMemory<byte> Plaintext { get; }
    public JsonWebKey Key { get; }
}

/// <summary>Decryption of tokens in compact serialization. No input makes it throw, and every failure after the choice of the key looks alike.</summary>
public static class Jwe
{
    private const int MaxTriedKeys = 4;

    /// <summary>Decrypts with the key of the set that the token names, or with the only ones that fit.</summary>
    public static bool TryDecrypt(
        ReadOnlySpan<char> compact,
        JsonWebKeySet keys,
        JwePolicy policy,
        [NotNullWhen(true)] out DecryptedJwe? jwe,
        out JoseFault fault
    )
    {
        ArgumentNullException.ThrowIfNull(keys);
        jwe = null;
        if (!TryRead(compact, policy, out var token, out fault))
            return false;
        fault = JoseFault.MixedKeySet;
        if (keys.IsMixed)
            return false;
        var kid = token.Header.KeyId;
        var candidates = keys.Keys.Where(key => (kid is null || key.Kid == kid) && token.Algorithm.Fits(key, token.Encryption)).ToList();
        fault = candidates.Count == 0 ? JoseFault.KeyNotFound : JoseFault.KidMissing;
        if (candidates.Count is 0 or > MaxTriedKeys)
            return false;
        return TryDecrypt(compact, token, candidates, out jwe, out fault);
    }

    /// <summary>Decrypts with this key only. The caller chose it, so the <c>kid</c> of the token plays no part.</summary>
    public static bool TryDecrypt(
        ReadOnlySpan<char> compact,
        JsonWebKey key,
        JwePolicy policy,
        [NotNullWhen(true)] out DecryptedJwe? jwe,
        out JoseFault fault
    )
    {
        ArgumentNullException.ThrowIfNull(key);
        jwe = null;
        if (!TryRead(compact, policy, out var token, out fault))
            return false;
        fault = JoseFault.AlgorithmDoesNotFitKey;
        return token.Algorithm.Fits(key, token.Encryption) && TryDecrypt(compact, token, [key], out jwe, out fault);
    }

    private static bool TryRead(ReadOnlySpan<char> compact, JwePolicy policy, [NotNullWhen(true)] out ReadToken? token, out JoseFault fault)
    {
        ArgumentNullException.ThrowIfNull(policy);
        token = null;
        Span<Range> parts = stackalloc Range[5];
        if (!CompactForm.TryRead(compact, policy.MaxLength, parts, out var header, out fault)) // RFC 7516 §7.1
            return false;
        fault = Refuse(header, policy, out var algorithm, out var encryption);
        if (fault != JoseFault.None)
            return false;
        fault = JoseFault.NotCanonicalBase64;
        if (!Base64UrlText.TryDecode(compact[parts[1]], out var encryptedKey) || !Base64UrlText.TryDecode(compact[parts[2]], out var iv))
            return false;
        if (!Base64UrlText.TryDecode(compact[parts[3]], out var ciphertext) || !Base64UrlText.TryDecode(compact[parts[4]], out var tag))
            return false;
        token = new ReadToken(header, algorithm!, encryption!, encryptedKey, iv, ciphertext, tag, parts[0].End.Value);
        fault = JoseFault.DecryptionFailed;
        if (iv.Length != encryption!.IvLength || tag.Length != encryption.TagLength) // RFC 7518 §5
            return false;
        fault = JoseFault.None;
        return true;
    }

    private static JoseFault Refuse(JoseHeader header, JwePolicy policy, out JweAlgorithm? algorithm, out JweEncryption? encryption)
    {
        algorithm = null;
        encryption = null;
        if (header.Element.TryGetProperty("zip"u8, out _)) // RFC 8725 §3.6
            return JoseFault.CompressionUnsupported;
        if (!policy.KeyAlgorithms.Contains(header.Algorithm, StringComparer.Ordinal) || !JweAlgorithm.TryFind(header.Algorithm, out algorithm))
            return JoseFault.AlgorithmNotAllowed;
        if (!header.Element.TryGetProperty("enc"u8, out var enc) || enc.ValueKind != JsonValueKind.String) // RFC 7516 §4.1.2
            return JoseFault.HeaderMalformed;
        var name = enc.GetString()!;
        if (!policy.ContentAlgorithms.Contains(name, StringComparer.Ordinal) || !JweEncryption.TryFind(name, out encryption))
            return JoseFault.EncryptionNotAllowed;
        return JoseFault.None;
    }

    private static bool TryDecrypt(
        ReadOnlySpan<char> compact,
        ReadToken token,
        List<JsonWebKey> candidates,
        [NotNullWhen(true)] out DecryptedJwe? jwe,
        out JoseFault fault
    )
    {
        // RFC 7516 §5.1: the additional authenticated data are the characters of the header part.
        var aad = new byte[token.HeaderLength];
        _ = Encoding.ASCII.GetBytes(compact[..token.HeaderLength], aad);
        foreach (var key in candidates)
        {
            var contentKey = JweContentKey.Recover(token.Algorithm, token.Encryption, key, token.Header.Element, token.EncryptedKey);
            var plaintext = JweContent.Decrypt(token.Encryption, contentKey, token.Iv, token.Ciphertext, token.Tag, aad);
            if (plaintext is null)
                continue;
            jwe = new DecryptedJwe(token.Header, token.Encryption.Name, plaintext, key);
            fault = JoseFault.None;
            return true;
        }
        jwe = null;
        fault = JoseFault.DecryptionFailed;
        return false;
    }

    private sealed record ReadToken(
        JoseHeader Header,
        JweAlgorithm Algorithm,
        JweEncryption Encryption,
        byte[] EncryptedKey,
        byte[] Iv,
        byte[] Ciphertext,
        byte[] Tag,
        int HeaderLength
    );
}
