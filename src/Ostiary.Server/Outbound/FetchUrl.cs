using System.Diagnostics.CodeAnalysis;

namespace Ostiary.Server.Outbound;

/// <summary>An address that may be fetched, as far as its text can tell: where its name leads is judged when the connection is made.</summary>
internal sealed class FetchUrl
{
    private const int MaxLength = 1024;
    private static readonly int[] Ports = [443, 8443];

    private FetchUrl(Uri uri) => Uri = uri;

    public Uri Uri { get; }

    /// <summary>Host and port: what a bound on one host counts by.</summary>
    public string Authority => Uri.Authority;

    /// <summary>
    /// https on a usual port, in the one spelling that every reader reads alike: no user name, fragment, backslash, dot segment, capital letter in the host or
    /// number in an odd base.
    /// </summary>
    /// <param name="anyPort">For development, where servers stand on free ports.</param>
    public static bool TryParse(string text, bool anyPort, [NotNullWhen(true)] out FetchUrl? url)
    {
        url = null;
        if (text.Length > MaxLength || !text.StartsWith("https://", StringComparison.Ordinal) || !text.All(IsPlain))
            return false;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0 || uri.Host.EndsWith('.'))
            return false;
        if (uri.AbsoluteUri != text && uri.AbsoluteUri != text + "/")
            return false;
        if (!anyPort && !Ports.Contains(uri.Port))
            return false;
        url = new(uri);
        return true;
    }

    private static bool IsPlain(char c) => c is > ' ' and <= '~' and not ('\\' or '#' or '"' or '<' or '>' or '@' or '^' or '`' or '{' or '|' or '}');
}
