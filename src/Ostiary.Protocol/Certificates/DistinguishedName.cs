using System.Buffers;
using System.Formats.Asn1;
using System.Globalization;
using System.Text;

namespace Ostiary.Protocol.Certificates;

/// <summary>
/// A distinguished name in one spelling, whether it was written as text or is in a certificate: two are the same where their types and values are, in the same
/// order, character by character. Nothing that a name holds (commas, NUL, several common names) can make it look like another one. RFC 4514 §2
/// </summary>
internal static class DistinguishedName
{
    private const int MaxParts = 64;
    private static readonly SearchValues<char> OidCharacters = SearchValues.Create("0123456789.");
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>The name of a certificate; null where it cannot be read.</summary>
    public static string? Of(ReadOnlyMemory<byte> der)
    {
        try
        {
            var sets = new List<string>();
            var names = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData && sets.Count < MaxParts)
            {
                var attributes = new List<string>();
                var set = names.ReadSetOf(skipSortOrderValidation: true);
                while (set.HasData)
                {
                    var pair = set.ReadSequence();
                    attributes.Add(Attribute(pair.ReadObjectIdentifier(), ValueOf(pair.ReadEncodedValue())));
                    pair.ThrowIfNotEmpty();
                }
                sets.Add(Set(attributes));
            }
            return names.HasData ? null : string.Concat(sets);
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    /// <summary>The name that a text stands for, the last part of the certificate first; null where it is none. RFC 4514 §3</summary>
    public static string? Parse(string text)
    {
        var sets = new List<string>();
        var attributes = new List<string>();
        var rest = text.AsSpan();
        while (true)
        {
            rest = rest.TrimStart(' '); // As people write it after a comma.
            var equals = rest.IndexOf('=');
            if (equals <= 0 || TypeOf(rest[..equals]) is not { } type)
                return null;
            rest = rest[(equals + 1)..];
            if (ReadValue(ref rest) is not { } value)
                return null;
            attributes.Add(Attribute(type, value));
            if (rest.Length > 0 && rest[0] == '+')
            {
                rest = rest[1..];
                continue;
            }
            sets.Add(Set(attributes));
            attributes.Clear();
            if (sets.Count > MaxParts)
                return null;
            if (rest.Length == 0)
                break;
            rest = rest[1..];
        }
        sets.Reverse(); // RFC 4514 §2.1
        return string.Concat(sets);
    }

    // With their lengths, so that no value can hold what separates.
    private static string Attribute(string type, string value) => string.Create(CultureInfo.InvariantCulture, $"{type}={value.Length}:{value}");

    private static string Set(List<string> attributes) =>
        string.Create(CultureInfo.InvariantCulture, $"{attributes.Count}[{string.Concat(attributes.Order(StringComparer.Ordinal))}]");

    // Marked, so that no text looks like the octets of another kind.
    private static string Marked(string text) => "'" + text;

    /// <summary>The text of a value, whatever the kind of its string; of any other kind its octets in hexadecimal digits.</summary>
    private static string ValueOf(ReadOnlyMemory<byte> encoded)
    {
        var tag = Asn1Tag.Decode(encoded.Span, out _);
        var reader = new AsnReader(encoded, AsnEncodingRules.DER);
        if (tag.TagClass == TagClass.Universal && EncodingOf((UniversalTagNumber)tag.TagValue) is { } encoding)
        {
            if (!reader.TryReadPrimitiveCharacterStringBytes(tag, out var octets))
                throw new AsnContentException();
            try
            {
                return Marked(encoding.GetString(octets.Span));
            }
            catch (DecoderFallbackException)
            {
                throw new AsnContentException();
            }
        }
        return "#" + Convert.ToHexStringLower(encoded.Span);
    }

    private static Encoding? EncodingOf(UniversalTagNumber kind) =>
        kind switch
        {
            UniversalTagNumber.UTF8String => StrictUtf8,
            UniversalTagNumber.BMPString => StrictBigEndian,
            UniversalTagNumber.PrintableString
            or UniversalTagNumber.IA5String
            or UniversalTagNumber.NumericString
            or UniversalTagNumber.VisibleString
            or UniversalTagNumber.T61String => Encoding.Latin1,
            _ => null,
        };

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private static readonly UnicodeEncoding StrictBigEndian = new(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true);

    private static string? TypeOf(ReadOnlySpan<char> text)
    {
        if (char.IsAsciiDigit(text[0]))
            return text.ContainsAnyExcept(OidCharacters) ? null : text.ToString();
        foreach (var (name, oid) in Types)
        {
            if (text.Equals(name, StringComparison.OrdinalIgnoreCase))
                return oid;
        }
        return null;
    }

    /// <summary>RFC 4514 §3, and those that certificates of organisations have.</summary>
    private static readonly (string Name, string Oid)[] Types =
    [
        ("CN", "2.5.4.3"),
        ("L", "2.5.4.7"),
        ("ST", "2.5.4.8"),
        ("O", "2.5.4.10"),
        ("OU", "2.5.4.11"),
        ("C", "2.5.4.6"),
        ("STREET", "2.5.4.9"),
        ("DC", "0.9.2342.19200300.100.1.25"),
        ("UID", "0.9.2342.19200300.100.1.1"),
        ("serialNumber", "2.5.4.5"),
        ("title", "2.5.4.12"),
        ("businessCategory", "2.5.4.15"),
        ("postalCode", "2.5.4.17"),
        ("SN", "2.5.4.4"),
        ("GN", "2.5.4.42"),
        ("organizationIdentifier", "2.5.4.97"),
        ("emailAddress", "1.2.840.113549.1.9.1"),
        ("jurisdictionC", "1.3.6.1.4.1.311.60.2.1.3"),
    ];

    /// <summary>Reads up to the next unescaped separator. RFC 4514 §2.4</summary>
    private static string? ReadValue(ref ReadOnlySpan<char> rest)
    {
        if (rest.Length > 0 && rest[0] == '#')
            return ReadHex(ref rest);
        var octets = new List<byte>();
        var lastIsSpace = false;
        if (rest.Length > 0 && rest[0] == ' ')
            return null;
        while (rest.Length > 0 && rest[0] is not (',' or '+'))
        {
            var c = rest[0];
            lastIsSpace = c == ' ';
            if (c is '"' or ';' or '<' or '>' or '\0')
                return null;
            if (c == '\\')
            {
                if (rest.Length > 2 && char.IsAsciiHexDigit(rest[1]) && char.IsAsciiHexDigit(rest[2]))
                {
                    octets.Add(byte.Parse(rest.Slice(1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                    rest = rest[3..];
                    continue;
                }
                if (rest.Length < 2 || !"\\\"+,;<>= #".Contains(rest[1], StringComparison.Ordinal))
                    return null;
                rest = rest[1..];
            }
            var length = char.IsHighSurrogate(rest[0]) && rest.Length > 1 ? 2 : 1;
            octets.AddRange(Encoding.UTF8.GetBytes(rest[..length].ToString()));
            rest = rest[length..];
        }
        try
        {
            return lastIsSpace || octets.Count == 0 ? null : Marked(StrictUtf8.GetString([.. octets]));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string? ReadHex(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(',', '+');
        var digits = rest[1..(end < 0 ? rest.Length : end)];
        rest = end < 0 ? [] : rest[end..];
        if (digits.Length < 4 || digits.Length % 2 != 0 || digits.ContainsAnyExcept(HexDigits))
            return null;
        try
        {
            return ValueOf(Convert.FromHexString(digits));
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
