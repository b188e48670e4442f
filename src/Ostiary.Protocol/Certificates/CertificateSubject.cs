using System.Formats.Asn1;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Ostiary.Protocol.Certificates;

/// <summary>Where in its certificate a client is named. RFC 8705 §2.1.2</summary>
public enum CertificateNameKind
{
    /// <summary>The whole subject, as a text. RFC 4514 §2</summary>
    SubjectDn,
    SanDns,
    SanUri,
    SanIp,
    SanEmail,
}

/// <summary>The one name that the certificate of a client must have: compared by exact rules, never as a pattern. RFC 8705 §2.1.2</summary>
public sealed record CertificateSubject(CertificateNameKind Kind, string Value)
{
    private const string AlternativeNames = "2.5.29.17"; // RFC 5280 §4.2.1.6

    /// <summary>Whether the value can be a name of this kind at all.</summary>
    public bool IsWellFormed =>
        Kind switch
        {
            CertificateNameKind.SubjectDn => DistinguishedName.Parse(Value) is not null,
            CertificateNameKind.SanIp => Address(Value) is not null,
            CertificateNameKind.SanDns => Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'),
            CertificateNameKind.SanUri => Uri.TryCreate(Value, UriKind.Absolute, out _) && Value.All(char.IsAscii),
            _ => Value.IndexOf('@', StringComparison.Ordinal) > 0 && Value.All(c => c is > ' ' and <= '~'),
        };

    /// <summary>Whether the certificate has this name. Nothing is asked here of who issued it.</summary>
    public bool Names(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (Kind == CertificateNameKind.SubjectDn)
            return DistinguishedName.Of(certificate.SubjectName.RawData) is { } subject && subject == DistinguishedName.Parse(Value);
        var extensions = certificate.Extensions.Where(e => e.Oid?.Value == AlternativeNames).ToList();
        return extensions is [var names] && Has(names.RawData);
    }

    // GeneralName. RFC 5280 §4.2.1.6
    private int Tag =>
        Kind switch
        {
            CertificateNameKind.SanEmail => 1,
            CertificateNameKind.SanDns => 2,
            CertificateNameKind.SanUri => 6,
            _ => 7,
        };

    private bool Has(ReadOnlyMemory<byte> extension)
    {
        try
        {
            var names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
            var found = false;
            while (names.HasData)
            {
                var tag = names.PeekTag();
                var encoded = names.ReadEncodedValue();
                found |= tag.TagClass == TagClass.ContextSpecific && tag.TagValue == Tag && !tag.IsConstructed && IsSame(encoded, tag);
            }
            return found;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private bool IsSame(ReadOnlyMemory<byte> encoded, Asn1Tag tag)
    {
        var octets = new AsnReader(encoded, AsnEncodingRules.DER).ReadOctetString(tag);
        if (Kind == CertificateNameKind.SanIp)
            return Address(Value) is { } address && octets.AsSpan().SequenceEqual(address.GetAddressBytes()); // RFC 8705 §2.1.2: compared as octets
        if (!Ascii.IsValid(octets))
            return false;
        var name = Encoding.ASCII.GetString(octets);
        return string.Equals(name, Value, Kind == CertificateNameKind.SanDns ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    /// <summary>Of version 4 in its one spelling: 010.0.0.1 is 8.0.0.1 to some readers.</summary>
    private static IPAddress? Address(string text) =>
        !text.AsSpan().ContainsAny('%', '[')
        && IPAddress.TryParse(text, out var address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == text)
            ? address
            : null;
}
