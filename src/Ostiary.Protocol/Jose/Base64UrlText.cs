using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Ostiary.Protocol.Jose;

/// <summary>
/// Base64url with exactly one spelling per value. The platform's decoder skips white space and takes padding, which would give one token
/// many spellings; here such text is refused.
/// </summary>
public static class Base64UrlText
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);
    private static readonly SearchValues<byte> Octets = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    public static string Encode(ReadOnlySpan<byte> value) => Base64Url.EncodeToString(value);

    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? value)
    {
        value = null;
        if (!IsCandidate(text.Length) || text.ContainsAnyExcept(Characters)) // RFC 7515 §2
            return false;
        var decoded = new byte[DecodedLength(text.Length)];
        if (Base64Url.DecodeFromChars(text, decoded, out _, out var written) != OperationStatus.Done || written != decoded.Length)
            return false;
        value = decoded;
        return true;
    }

    public static bool TryDecode(ReadOnlySpan<byte> text, [NotNullWhen(true)] out byte[]? value)
    {
        value = null;
        if (!IsCandidate(text.Length) || text.ContainsAnyExcept(Octets))
            return false;
        var decoded = new byte[DecodedLength(text.Length)];
        if (Base64Url.DecodeFromUtf8(text, decoded, out _, out var written) != OperationStatus.Done || written != decoded.Length)
            return false;
        value = decoded;
        return true;
    }

    private static int DecodedLength(int length) => (int)(length * 3L / 4);

    private static bool IsCandidate(int length) => length % 4 != 1;
}
