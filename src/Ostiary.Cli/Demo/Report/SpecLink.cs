namespace Ostiary.Cli.Demo.Report;

/// <summary>A section of a specification, as a link to its text where that has a lasting address.</summary>
internal static class SpecLink
{
    public static void Write(Markup page, string spec)
    {
        var parts = spec.Split(", ", StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            if (i > 0)
                page.Text(", ");
            if (AddressOf(parts[i]) is { } address)
                page.Open("a", ("class", "spec"), ("href", address), ("rel", "noreferrer")).Text(parts[i]).Close();
            else
                page.Element("span", parts[i], "spec");
        }
    }

    private static string? AddressOf(string spec)
    {
        var at = spec.IndexOf(" §", StringComparison.Ordinal);
        var (name, section) = at < 0 ? (spec, "") : (spec[..at], spec[(at + 2)..]);
        if (!section.All(c => char.IsAsciiLetterOrDigit(c) || c == '.'))
            return null;
        var fragment = section.Length == 0 ? "" : $"#section-{section}";
        return name switch
        {
            "OAuth 2.1" => $"https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1{fragment}",
            "OIDC Core" => "https://openid.net/specs/openid-connect-core-1_0.html",
            "OIDC Discovery" => "https://openid.net/specs/openid-connect-discovery-1_0.html",
            "Back-Channel Logout" => "https://openid.net/specs/openid-connect-backchannel-1_0.html",
            "Front-Channel Logout" => "https://openid.net/specs/openid-connect-frontchannel-1_0.html",
            "Session Management" => "https://openid.net/specs/openid-connect-session-1_0.html",
            "RP-Initiated Logout" => "https://openid.net/specs/openid-connect-rpinitiated-1_0.html",
            _ when name.StartsWith("RFC ", StringComparison.Ordinal)
                    && name.Length is > 4 and <= 9
                    && name.AsSpan(4).ContainsAnyExceptInRange('0', '9') is false => $"https://www.rfc-editor.org/rfc/rfc{name.AsSpan(4)}{fragment}",
            _ => null,
        };
    }
}
