using System.Security.Cryptography;

namespace Ostiary.Protocol.Jose;

/// <summary>One signature against one key that fits the algorithm.</summary>
internal static class JwsVerification
{
    public static bool Verify(JwsAlgorithm algorithm, JsonWebKey key, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        var length = algorithm.SignatureLength == 0 ? key.Rsa!.ModulusLength : algorithm.SignatureLength;
        if (signature.Length != length)
            return false;
        try
        {
            return algorithm.Kty switch
            {
                "EC" => VerifyEc(algorithm, key.Ec!.Signature, input, signature),
                "RSA" => key.Rsa!.Cipher.VerifyData(input, signature, algorithm.Hash, algorithm.Padding!),
                "oct" => VerifyMac(algorithm, key.Secret, input, signature),
                _ => Ed25519.Verify(key.EdPoint, input, signature),
            };
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public static void Hash(JwsAlgorithm algorithm, ReadOnlySpan<byte> input, Span<byte> hash) =>
        CryptographicOperations.HashData(algorithm.Hash, input, hash);

    private static bool VerifyEc(JwsAlgorithm algorithm, ECDsa key, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        Span<byte> hash = stackalloc byte[64];
        hash = hash[..algorithm.HashLength];
        Hash(algorithm, input, hash);
        return key.VerifyHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static bool VerifyMac(JwsAlgorithm algorithm, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        Span<byte> mac = stackalloc byte[64];
        mac = mac[..algorithm.HashLength];
        CryptographicOperations.HmacData(algorithm.Hash, secret, input, mac);
        return FixedTime.Equals(mac, signature); // RFC 7518 §3.2
    }
}
