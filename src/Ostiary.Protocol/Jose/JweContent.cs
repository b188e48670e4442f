using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ostiary.Protocol.Jose;

/// <summary>Content decryption. Null where the tag does not match.</summary>
internal static class JweContent
{
    public static byte[]? Decrypt(JweEncryption encryption, byte[] key, byte[] iv, byte[] ciphertext, byte[] tag, byte[] aad)
    {
        try
        {
            return encryption.Mac is { } mac ? DecryptCbc(mac, encryption, key, iv, ciphertext, tag, aad) : DecryptGcm(key, iv, ciphertext, tag, aad);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public static byte[] DecryptGcm(ReadOnlySpan<byte> key, byte[] iv, byte[] ciphertext, byte[] tag, byte[] aad)
    {
        using var aes = new AesGcm(key, tag.Length);
        var plaintext = new byte[ciphertext.Length];
        aes.Decrypt(iv, ciphertext, tag, plaintext, aad);
        return plaintext;
    }

    // RFC 7518 §5.2.2.2: the tag is checked before anything is decrypted.
    private static byte[]? DecryptCbc(
        HashAlgorithmName mac,
        JweEncryption encryption,
        byte[] key,
        byte[] iv,
        byte[] ciphertext,
        ReadOnlySpan<byte> tag,
        byte[] aad
    )
    {
        var half = encryption.KeyLength / 2;
        Span<byte> bits = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bits, (ulong)aad.Length * 8);
        using var hmac = IncrementalHash.CreateHMAC(mac, key.AsSpan(0, half));
        hmac.AppendData(aad);
        hmac.AppendData(iv);
        hmac.AppendData(ciphertext);
        hmac.AppendData(bits);
        var expected = hmac.GetHashAndReset();
        if (!FixedTime.Equals(expected.AsSpan(0, encryption.TagLength), tag))
            return null;
        using var aes = Aes.Create();
        aes.SetKey(key.AsSpan(half));
        return aes.DecryptCbc(ciphertext, iv);
    }
}
