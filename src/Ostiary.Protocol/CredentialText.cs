using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Ostiary.Protocol;

/// <summary>
/// The text of every credential: a recognisable prefix, base64url, and a checksum of 6 characters. Secret scanners find leaks by the prefix, and a typo is told
/// from a forgery before any key is used. Canonical: one credential has one text.
/// </summary>
public static class CredentialText
{
    public const string AuthorizationCode = "ost_ac_";
    public const string DeviceCode = "ost_dc_";
    public const string RefreshToken = "ost_rt_";
    public const string AccessToken = "ost_at_";
    public const string ClientSecret = "ost_cs_";
    public const string InitialToken = "ost_it_";
    public const string RegistrationToken = "ost_rg_";
    public const string ApiKey = "ost_key_";

    /// <summary>Longer than any credential of this server.</summary>
    private const int MaxLength = 8192;
    private const int ChecksumLength = 6;

    public static string Format(string prefix, ReadOnlySpan<byte> content)
    {
        var body = prefix + Base64Url.EncodeToString(content);
        return body + Checksum(body);
    }

    /// <summary>False for another prefix, a wrong checksum, or a text that is not the canonical one.</summary>
    public static bool TryParse(string prefix, string text, out byte[] content)
    {
        content = [];
        if (text.Length > MaxLength || text.Length <= prefix.Length + ChecksumLength || !text.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        var body = text[..^ChecksumLength];
        if (body.AsSpan(prefix.Length).ContainsAnyExcept(Alphabet) || !text.EndsWith(Checksum(body), StringComparison.Ordinal))
            return false;
        try
        {
            content = Base64Url.DecodeFromChars(body.AsSpan(prefix.Length));
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static readonly System.Buffers.SearchValues<char> Alphabet = System.Buffers.SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    );

    private static string Checksum(string body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> bytes = body.Length <= 512 ? stackalloc byte[512] : new byte[body.Length];
        SHA256.HashData(bytes[..Encoding.ASCII.GetBytes(body, bytes)], hash);
        return Base64Url.EncodeToString(hash[..4]);
    }
}
