using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Ostiary.Bench.Ceilings;

/// <summary>One ES256 signature over a JWT of a given length, straight into the answer.</summary>
internal sealed class BareSignature
{
    private const int SignatureLength = 64;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _header = Encoding.ASCII.GetBytes(
        Base64Url.EncodeToString("{\"alg\":\"ES256\",\"kid\":\"es256-2026-01-01-00000000\",\"typ\":\"at+jwt\"}"u8) + "."
    );
    private readonly byte[] _payload;
    private readonly int _payloadEncoded;

    public BareSignature(int payloadLength)
    {
        _payload = new byte[payloadLength];
        _payload.AsSpan().Fill((byte)'p');
        _payloadEncoded = Base64Url.GetEncodedLength(payloadLength);
        Length = _header.Length + _payloadEncoded + 1 + Base64Url.GetEncodedLength(SignatureLength);
    }

    public int Length { get; }

    public void Write(Span<byte> token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> signature = stackalloc byte[SignatureLength];
        _header.CopyTo(token);
        Base64Url.EncodeToUtf8(_payload, token[_header.Length..], out _, out _);
        var signed = _header.Length + _payloadEncoded;
        SHA256.HashData(token[..signed], hash);
        if (!_key.TrySignHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out _))
            throw new CryptographicException("A signature does not fit.");
        token[signed] = (byte)'.';
        Base64Url.EncodeToUtf8(signature, token[(signed + 1)..], out _, out _);
    }
}
