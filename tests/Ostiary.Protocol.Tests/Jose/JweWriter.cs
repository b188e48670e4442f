using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

/// <summary>Encrypts, so that decryption can be tested for every pair of algorithms. The server itself never encrypts.</summary>
internal static class JweWriter
{
    public static string Write(JsonWebKey key, string alg, string enc, byte[] plaintext, string? extra = null)
    {
        Assert.True(JweAlgorithm.TryFind(alg, out var algorithm));
        Assert.True(JweEncryption.TryFind(enc, out var encryption));
        var header = new JsonObject { ["alg"] = alg, ["enc"] = enc };
        foreach (var (name, value) in JsonNode.Parse(extra ?? "{}")!.AsObject())
            header[name] = value!.DeepClone();
        var contentKey = Entropy.Bytes(encryption.KeyLength);
        var encryptedKey = algorithm.Kind switch
        {
            KeyManagement.RsaOaep => key.Rsa!.Cipher.Encrypt(contentKey, algorithm.Padding!),
            KeyManagement.Wrap => Wrap(key.Secret.ToArray(), contentKey),
            KeyManagement.GcmWrap => WrapGcm(key.Secret.ToArray(), contentKey, header),
            KeyManagement.AgreementWrap => Wrap(Agree(key, header, alg, algorithm.WrapKeyLength), contentKey),
            KeyManagement.AgreementDirect => Replace(ref contentKey, Agree(key, header, enc, encryption.KeyLength)),
            _ => Replace(ref contentKey, key.Secret.ToArray()),
        };
        var protectedHeader = Keys.Encode(header.ToJsonString());
        var iv = Entropy.Bytes(encryption.IvLength);
        var (ciphertext, tag) = Encrypt(encryption, contentKey, iv, plaintext, Encoding.ASCII.GetBytes(protectedHeader));
        return string.Join('.', [protectedHeader, .. new[] { encryptedKey, iv, ciphertext, tag }.Select(part => Base64UrlText.Encode(part))]);
    }

    private static byte[] Replace(ref byte[] contentKey, byte[] agreed)
    {
        contentKey = agreed;
        return [];
    }

    private static byte[] Agree(JsonWebKey key, JsonObject header, string purpose, int length)
    {
        var ephemeral = EcKey.Generate(key.Crv!);
        header["epk"] = new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = key.Crv,
            ["x"] = Base64UrlText.Encode(ephemeral.X),
            ["y"] = Base64UrlText.Encode(ephemeral.Y),
        };
        header["apu"] = Base64UrlText.Encode("Alice"u8);
        using var own = ephemeral.Agreement();
        using var other = key.Ec!.ToPublic().Agreement();
        return ConcatKdf.Derive(own.DeriveRawSecretAgreement(other.PublicKey), purpose, "Alice"u8, [], length);
    }

    private static byte[] Wrap(byte[] wrapKey, byte[] key)
    {
        using var aes = Aes.Create();
        aes.SetKey(wrapKey);
        var check = 0xA6A6A6A6A6A6A6A6UL;
        var blocks = (byte[])key.Clone();
        for (var round = 0; round < 6; round++)
        {
            for (var i = 0; i < key.Length / 8; i++)
            {
                var block = new byte[16];
                BinaryPrimitives.WriteUInt64BigEndian(block, check);
                blocks.AsSpan(i * 8, 8).CopyTo(block.AsSpan(8));
                block = aes.EncryptEcb(block, PaddingMode.None);
                check = BinaryPrimitives.ReadUInt64BigEndian(block) ^ (ulong)(key.Length / 8 * round + i + 1);
                block.AsSpan(8).CopyTo(blocks.AsSpan(i * 8));
            }
        }
        var wrapped = new byte[8 + blocks.Length];
        BinaryPrimitives.WriteUInt64BigEndian(wrapped, check);
        blocks.CopyTo(wrapped, 8);
        return wrapped;
    }

    private static byte[] WrapGcm(byte[] wrapKey, byte[] key, JsonObject header)
    {
        var iv = Entropy.Bytes(12);
        var (ciphertext, tag) = EncryptGcm(wrapKey, iv, key, []);
        header["iv"] = Base64UrlText.Encode(iv);
        header["tag"] = Base64UrlText.Encode(tag);
        return ciphertext;
    }

    private static (byte[] Ciphertext, byte[] Tag) Encrypt(JweEncryption encryption, byte[] key, byte[] iv, byte[] plaintext, byte[] aad)
    {
        if (encryption.Mac is not { } mac)
            return EncryptGcm(key, iv, plaintext, aad);
        using var aes = Aes.Create();
        aes.SetKey(key.AsSpan(key.Length / 2));
        var ciphertext = aes.EncryptCbc(plaintext, iv);
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(length, (ulong)aad.Length * 8);
        var tag = CryptographicOperations.HmacData(mac, key.AsSpan(0, key.Length / 2), (byte[])[.. aad, .. iv, .. ciphertext, .. length]);
        return (ciphertext, tag[..encryption.TagLength]);
    }

    private static (byte[] Ciphertext, byte[] Tag) EncryptGcm(byte[] key, byte[] iv, byte[] plaintext, byte[] aad)
    {
        using var aes = new AesGcm(key, 16);
        var (ciphertext, tag) = (new byte[plaintext.Length], new byte[16]);
        aes.Encrypt(iv, plaintext, ciphertext, tag, aad);
        return (ciphertext, tag);
    }
}
