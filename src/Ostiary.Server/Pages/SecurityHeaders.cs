using Microsoft.AspNetCore.Http;

namespace Ostiary.Server.Pages;

/// <summary>What every page says to the browser: load nothing foreign, show it in no frame, keep it nowhere, tell nobody where you have been.</summary>
internal static class SecurityHeaders
{
    public static void Set(IHeaderDictionary headers, string? formTarget)
    {
        headers.ContentSecurityPolicy = Policy(formTarget);
        headers.XFrameOptions = "DENY"; // RFC 9700 §4.16
        headers["Referrer-Policy"] = "no-referrer"; // RFC 9700 §4.2.4
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    /// <summary>Browsers apply form-action to the redirects that follow a form, so the client's origin must be in it, and nothing more.</summary>
    public static string Policy(string? formTarget)
    {
        var target = IsSource(formTarget) ? " " + formTarget : "";
        return $"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'{target}; frame-ancestors 'none'; base-uri 'none'";
    }

    /// <summary>The form-action source of a validated redirect URI: its origin, or its private-use scheme. RFC 8252 §7.1</summary>
    public static string SourceOf(string redirectUri)
    {
        var uri = new Uri(redirectUri);
        if (uri.Scheme is not ("http" or "https"))
            return uri.Scheme + ":"; // RFC 8252 §7.1
        // A policy has no way to write an IPv6 address.
        return uri.HostNameType == UriHostNameType.IPv6
            ? uri.Scheme + ":"
            : $"{uri.Scheme}://{uri.IdnHost}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}";
    }

    private static bool IsSource(string? source) =>
        source is { Length: > 0 and <= 300 } && source.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '/' or '.' or '-' or '+' or '_');
}
