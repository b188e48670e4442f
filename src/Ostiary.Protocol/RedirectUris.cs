namespace Ostiary.Protocol;

/// <summary>Redirect URIs: how a requested one is compared with the registered ones, and which may be registered at all.</summary>
public static class RedirectUris
{
    private static readonly string[] LoopbackHosts = ["127.0.0.1", "[::1]", "localhost"];

    /// <summary>Schemes that browsers and systems give a meaning of their own: an answer there would run, read or send something.</summary>
    private static readonly string[] TakenSchemes =
    [
        "about",
        "afp",
        "blob",
        "callto",
        "chrome",
        "content",
        "data",
        "edge",
        "facetime",
        "facetime-audio",
        "file",
        "filesystem",
        "ftp",
        "ftps",
        "geo",
        "git",
        "help",
        "intent",
        "itms-services",
        "jar",
        "javascript",
        "ldap",
        "ldaps",
        "mailto",
        "market",
        "nfs",
        "rdp",
        "resource",
        "sftp",
        "shell",
        "sip",
        "sips",
        "smb",
        "sms",
        "ssh",
        "tel",
        "telnet",
        "urn",
        "vbscript",
        "view-source",
        "vnc",
        "webcal",
        "ws",
        "wss",
        "xmpp",
    ];
    private static readonly string[] TakenPrefixes = ["chrome-", "moz-", "ms-", "search", "web+", "x-"];
    private static readonly string[] ResponseParameters =
    [
        "code",
        "state",
        "iss",
        "session_state",
        "response",
        "error",
        "error_description",
        "error_uri",
        "id_token",
        "access_token",
    ];

    /// <summary>Simple string comparison; for http on a loopback host any port. RFC 9700 §2.1, RFC 8252 §7.3, OAuth 2.1 §2.3.1</summary>
    public static bool Matches(string registered, string requested) =>
        string.Equals(registered, requested, StringComparison.Ordinal)
        || (TrySplitLoopback(registered, out var a, out var b) && TrySplitLoopback(requested, out var c, out var d) && a == c && b == d); // RFC 8252 §7.3

    /// <summary>Whether it may be registered: absolute, no fragment, https; for native apps also http on loopback and private-use schemes with a dot.</summary>
    /// <param name="uri">The URI as given.</param>
    /// <param name="native">Whether the client is a native app (or a development client on loopback).</param>
    /// <param name="anyScheme">Whether a private-use scheme may be any word, as editors with MCP have them: <c>docs/adr/0011-private-schemes.md</c>.</param>
    public static bool MayRegister(string uri, bool native, bool anyScheme = false)
    {
        if (uri.Length is 0 or > 2000 || uri.Contains('#', StringComparison.Ordinal) || uri.Contains('*', StringComparison.Ordinal)) // RFC 6749 §3.1.2
            return false;
        if (uri.Any(c => c is <= ' ' or > '~' or '\\' or '"' or '<' or '>' or '^' or '`' or '{' or '|' or '}'))
            return false;
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.UserInfo.Length > 0)
            return false;
        if (NamesResponseParameter(parsed.Query) || HasDotSegment(uri)) // RFC 9700 §4.1.3
            return false;
        if (uri.StartsWith("https://", StringComparison.Ordinal))
            return parsed.Host.Length > 0;
        if (uri.StartsWith("http://", StringComparison.Ordinal))
            return TrySplitLoopback(uri, out _, out _); // RFC 9700 §2.6
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        if (native && anyScheme)
            return IsFreeScheme(uri[..colon]) && uri.Length > colon + 2 && uri[colon + 1] == '/';
        return native && uri[..colon].Contains('.', StringComparison.Ordinal) && !uri[colon..].StartsWith("://", StringComparison.Ordinal); // RFC 8252 §7.1
    }

    /// <summary>Whether answers there go to whatever program has taken the scheme on the person's device. RFC 8252 §7.1</summary>
    public static bool IsPrivateScheme(string uri) =>
        !uri.StartsWith("https://", StringComparison.Ordinal) && !uri.StartsWith("http://", StringComparison.Ordinal);

    /// <summary>The origin for a Content-Security-Policy: scheme, host and port; for private-use schemes the scheme.</summary>
    public static string PolicySource(string uri)
    {
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        if (IsPrivateScheme(uri))
            return uri[..(colon + 1)];
        var end = uri.AsSpan(colon + 3).IndexOfAny('/', '?');
        return end < 0 ? uri : uri[..(colon + 3 + end)];
    }

    private static bool IsFreeScheme(string scheme) =>
        scheme.Length >= 3
        && char.IsAsciiLetterLower(scheme[0])
        && scheme.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '+' or '-' or '.')
        && !TakenSchemes.Contains(scheme, StringComparer.Ordinal)
        && !Array.Exists(TakenPrefixes, taken => scheme.StartsWith(taken, StringComparison.Ordinal));

    private static bool NamesResponseParameter(string query) =>
        query.TrimStart('?').Split('&').Any(pair => ResponseParameters.Contains(Uri.UnescapeDataString(pair.Split('=')[0]), StringComparer.Ordinal));

    private static bool HasDotSegment(string uri) =>
        uri.Split('?')[0].Split('/').Any(segment => segment.Replace("%2e", ".", StringComparison.OrdinalIgnoreCase) is "." or "..");

    /// <summary>Splits <c>http://HOST[:PORT]REST</c> of a loopback host into host and rest, without normalising anything.</summary>
    private static bool TrySplitLoopback(string uri, out string host, out string rest)
    {
        host = rest = "";
        const string scheme = "http://";
        if (!uri.StartsWith(scheme, StringComparison.Ordinal))
            return false;
        foreach (var candidate in LoopbackHosts)
        {
            if (!uri.AsSpan(scheme.Length).StartsWith(candidate, StringComparison.Ordinal))
                continue;
            var after = uri[(scheme.Length + candidate.Length)..];
            if (after.StartsWith(':'))
            {
                var digits = after.AsSpan(1).IndexOfAnyExceptInRange('0', '9');
                digits = digits < 0 ? after.Length - 1 : digits;
                if (digits is 0 or > 5)
                    return false;
                after = after[(1 + digits)..];
            }
            if (after.Length > 0 && after[0] is not ('/' or '?'))
                return false;
            (host, rest) = (candidate, after);
            return true;
        }
        return false;
    }
}
