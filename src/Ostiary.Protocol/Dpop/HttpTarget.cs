using System.Text;

namespace Ostiary.Protocol.Dpop;

/// <summary>The address that a proof is for, in one spelling: without query and fragment, and normalised by syntax and scheme. RFC 9449 §4.3</summary>
public static class HttpTarget
{
    private const int MaxLength = 2048;
    private const string Unreserved = "-._~";

    /// <summary>Null where the text is no absolute http or https address.</summary>
    public static string? Normalize(string text)
    {
        var end = text.AsSpan().IndexOfAny('?', '#');
        var address = end < 0 ? text : text[..end];
        if (address.Length > MaxLength || !address.All(c => c is > ' ' and <= '~' and not '\\' and not '"' and not '<' and not '>'))
            return null;
        if (!TryEscapes(address, out var spelled) || !Uri.TryCreate(spelled, UriKind.Absolute, out var uri))
            return null;
        if (uri.Scheme is not ("https" or "http") || uri.UserInfo.Length > 0 || uri.Host.Length == 0)
            return null;
        return uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
    }

    /// <summary>Escapes in capitals, and none of what needs no escape.</summary>
    private static bool TryEscapes(string text, out string spelled)
    {
        spelled = text;
        if (!text.Contains('%', StringComparison.Ordinal))
            return true;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                result.Append(text[i]);
                continue;
            }
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                return false;
            var octet = (char)Convert.ToInt32(text.Substring(i + 1, 2), 16);
            if (char.IsAsciiLetterOrDigit(octet) || Unreserved.Contains(octet, StringComparison.Ordinal))
                result.Append(octet);
            else
                result.Append(text[i..(i + 3)].ToUpperInvariant());
            i += 2;
        }
        spelled = result.ToString();
        return true;
    }
}
