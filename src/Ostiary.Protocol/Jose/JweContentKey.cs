using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>Recovers the content key. Where that fails a random key takes its place, so that the answer tells nothing. RFC 7516 §11.5.</summary>
internal static class JweContentKey
{
    public static byte[] Recover(JweAlgorithm algorithm, JweEncryption encryption, JsonWebKey key, JsonElement header, byte[] encryptedKey)
    {
        var instead = Entropy.Bytes(encryption.KeyLength);
        try
        {
            var recovered = algorithm.Kind switch
            {
                KeyManagement.RsaOaep => Decrypt(key.Rsa!, algorithm.Padding!, encryptedKey),
                KeyManagement.AgreementDirect => encryptedKey.Length == 0 ? Agree(key, header, encryption.Name, encryption.KeyLength) : null,
                KeyManagement.AgreementWrap => Unwrap(Agree(key, header, algorithm.Name, algorithm.WrapKeyLength), encryptedKey),
                KeyManagement.Wrap => AesKeyWrap.Unwrap(key.Secret, encryptedKey),
                KeyManagement.GcmWrap => UnwrapGcm(key.Secret, header, encryptedKey),
                _ => encryptedKey.Length == 0 ? key.Secret.ToArray() : null,
            };
            return recovered?.Length == encryption.KeyLength ? recovered : instead;
        }
        catch (CryptographicException)
        {
            return instead;
        }
    }

    private static byte[]? Decrypt(RsaKey key, RSAEncryptionPadding padding, byte[] encryptedKey) =>
        encryptedKey.Length == key.ModulusLength ? key.Cipher.Decrypt(encryptedKey, padding) : null;

    private static byte[]? Unwrap(byte[]? wrapKey, byte[] encryptedKey) => wrapKey is null ? null : AesKeyWrap.Unwrap(wrapKey, encryptedKey);

    // RFC 7518 §4.7.1
    private static byte[]? UnwrapGcm(ReadOnlySpan<byte> key, JsonElement header, byte[] encryptedKey)
    {
        if (!TryOctets(header, "iv", out var iv) || iv is not { Length: 12 } || !TryOctets(header, "tag", out var tag) || tag is not { Length: 16 })
            return null;
        return JweContent.DecryptGcm(key, iv, encryptedKey, tag, []);
    }

    // RFC 7518 §4.6
    private static byte[]? Agree(JsonWebKey key, JsonElement header, string purpose, int length)
    {
        if (!header.TryGetProperty("epk"u8, out var epk) || !JsonWebKey.TryParse(epk, out var ephemeral, out _))
            return null;
        if (ephemeral.Crv != key.Crv || ephemeral.Ec is null || ephemeral.HasPrivate)
            return null;
        if (!TryOctets(header, "apu", out var apu) || !TryOctets(header, "apv", out var apv))
            return null;
        using var own = key.Ec!.Agreement();
        using var other = ephemeral.Ec.Agreement();
        using var point = other.PublicKey;
        return ConcatKdf.Derive(own.DeriveRawSecretAgreement(point), purpose, apu, apv, length);
    }

    private static bool TryOctets(JsonElement header, string name, [NotNullWhen(true)] out byte[]? value)
    {
        value = [];
        if (!header.TryGetProperty(name, out var member))
            return true;
        return member.ValueKind == JsonValueKind.String && Base64UrlText.TryDecode(member.GetString(), out value);
    }
}
