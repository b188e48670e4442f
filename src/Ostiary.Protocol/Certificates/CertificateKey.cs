using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Certificates;

/// <summary>The public key of a certificate, as the keys of a key set are named: by its thumbprint. RFC 7638 §3.2</summary>
public static class CertificateKey
{
    private const string Ed25519 = "1.3.101.112"; // RFC 8410 §3

    /// <summary>Null: of a kind, or of a weakness, that no key set here may have.</summary>
    public static string? ThumbprintOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        try
        {
            return Describe(certificate) is { } jwk && JsonWebKey.TryParse((ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(jwk), out var key, out _)
                ? key.Thumbprint()
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string? Describe(X509Certificate2 certificate)
    {
        using var ec = certificate.GetECDsaPublicKey();
        if (ec is not null)
        {
            var numbers = ec.ExportParameters(false);
            return numbers.Curve.IsNamed && CurveOf(numbers.Curve) is { } crv // A curve by its numbers has no name.
                ? $$"""{"kty":"EC","crv":"{{crv}}","x":"{{Text(numbers.Q.X!)}}","y":"{{Text(numbers.Q.Y!)}}"}"""
                : null;
        }
        using var rsa = certificate.GetRSAPublicKey();
        if (rsa is not null)
        {
            var numbers = rsa.ExportParameters(false);
            return $$"""{"kty":"RSA","n":"{{Text(numbers.Modulus!)}}","e":"{{Text(numbers.Exponent!)}}"}""";
        }
        return certificate.PublicKey.Oid.Value == Ed25519
            ? $$"""{"kty":"OKP","crv":"Ed25519","x":"{{Text(certificate.PublicKey.EncodedKeyValue.RawData)}}"}"""
            : null;
    }

    private static string? CurveOf(ECCurve curve) =>
        curve.Oid.Value switch
        {
            "1.2.840.10045.3.1.7" => "P-256",
            "1.3.132.0.34" => "P-384",
            "1.3.132.0.35" => "P-521",
            _ => null,
        };

    private static string Text(byte[] octets) => Base64UrlText.Encode(octets);
}
