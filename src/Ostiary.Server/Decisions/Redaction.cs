using System.Buffers;

namespace Ostiary.Server.Decisions;

/// <summary>
/// The last fence before the log. A record has no member for secrets; should a caller ever put one into a name or an id, it is replaced here.
/// </summary>
internal static class Redaction
{
    public const string Redacted = "redacted";

    // The base64url text of {" : every JOSE header begins so.
    private const string JoseHeader = "eyJ";
    private const int ShortestJoseHeader = 12;

    private static readonly SearchValues<string> Prefixes = SearchValues.Create(
        ["ost_rt_", "ost_ac_", "ost_dc_", "ost_at_", "ost_cs_", "ost_key_", "ost_it_", "ost_rg_"],
        StringComparison.OrdinalIgnoreCase
    );

    private static readonly SearchValues<char> Base64Url = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>The value, no longer than the limit; <c>redacted</c> where it holds a credential.</summary>
    public static ReadOnlySpan<char> Clean(string value, int limit)
    {
        if (value.AsSpan().ContainsAny(Prefixes) || HoldsToken(value))
            return Redacted;
        if (value.Length <= limit)
            return value;
        var end = char.IsHighSurrogate(value[limit - 2]) ? limit - 2 : limit - 1;
        return string.Concat(value.AsSpan(0, end), "…");
    }

    private static bool HoldsToken(ReadOnlySpan<char> text)
    {
        while (text.IndexOf(JoseHeader) is >= 0 and var start)
        {
            text = text[start..];
            if (IsToken(text))
                return true;
            text = text[JoseHeader.Length..];
        }
        return false;
    }

    private static bool IsToken(ReadOnlySpan<char> text)
    {
        var header = text.IndexOfAnyExcept(Base64Url);
        if (header < ShortestJoseHeader || text[header] != '.')
            return false;
        text = text[(header + 1)..];
        var payload = text.IndexOfAnyExcept(Base64Url);
        return payload >= 0 && text[payload] == '.';
    }
}
