using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ostiary.Protocol.Certificates;

/// <summary>
/// The header fields in which a proxy that ends TLS passes on the certificate of its client. Whoever reads them has made sure that they come from such a proxy.
/// RFC 9440 §2
/// </summary>
public static class ClientCertField
{
    public const string Name = "Client-Cert";
    public const string ChainName = "Client-Cert-Chain";

    /// <summary>Characters of one certificate.</summary>
    private const int MaxLength = 16 * 1024;
    private const int MaxChain = 10;

    /// <summary>The certificate; null where the field is not one certificate in DER. RFC 9440 §2.2</summary>
    public static X509Certificate2? Read(string? field) => field is not null && Octets(field.Trim(' ')) is { } der ? Load(der) : null;

    /// <summary>Those that lead from it to an authority, without that one. RFC 9440 §2.3</summary>
    /// <returns>False where one of them is malformed.</returns>
    public static bool TryReadChain(string? field, out IReadOnlyList<X509Certificate2> chain)
    {
        var read = new List<X509Certificate2>();
        chain = read;
        if (string.IsNullOrWhiteSpace(field))
            return true;
        var members = field.Split(',');
        if (members.Length > MaxChain)
            return false;
        foreach (var member in members)
        {
            if (Read(member) is not { } certificate)
                return false;
            read.Add(certificate);
        }
        return true;
    }

    /// <summary>A byte sequence: base64 between colons. RFC 9651 §3.3.5</summary>
    private static byte[]? Octets(string item)
    {
        if (item.Length is < 4 or > MaxLength || item[0] != ':' || item[^1] != ':')
            return null;
        var text = item[1..^1];
        var octets = new byte[text.Length / 4 * 3];
        return !text.Any(char.IsWhiteSpace) && Convert.TryFromBase64String(text, octets, out var length) ? octets[..length] : null;
    }

    private static X509Certificate2? Load(byte[] der)
    {
        if (der is not [0x30, ..]) // The loader takes PEM, too.
            return null;
        try
        {
            var certificate = X509CertificateLoader.LoadCertificate(der);
            if (certificate.RawDataMemory.Span.SequenceEqual(der))
                return certificate;
            certificate.Dispose();
            return null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
