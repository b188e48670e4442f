using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ostiary.Bench.Ceilings;

/// <summary>Checks the signature of a DPoP proof and nothing else of it. A key is read when it is first seen, so that a proof costs one verification.</summary>
internal sealed class BareProof
{
    private const int SignatureLength = 64;
    private readonly ConcurrentDictionary<string, ECDsa> _keys = new(StringComparer.Ordinal);

    public bool Holds(string proof)
    {
        var (first, last) = (proof.IndexOf('.', StringComparison.Ordinal), proof.LastIndexOf('.'));
        if (first < 0 || first == last || last > 1024)
            return false;
        Span<byte> signed = stackalloc byte[last];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> signature = stackalloc byte[SignatureLength];
        Encoding.ASCII.GetBytes(proof.AsSpan(0, last), signed);
        SHA256.HashData(signed, hash);
        Base64Url.DecodeFromChars(proof.AsSpan(last + 1), signature);
        return _keys.GetOrAdd(proof[..first], KeyOf).VerifyHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static ECDsa KeyOf(string header)
    {
        using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(header));
        var jwk = json.RootElement.GetProperty("jwk");
        byte[] Number(string name) => Base64Url.DecodeFromChars(jwk.GetProperty(name).GetString());
        return ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Number("x"), Y = Number("y") },
            }
        );
    }
}
