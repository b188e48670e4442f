using Microsoft.AspNetCore.Http;

namespace Ostiary.Server.Pages;

/// <summary>What every page says to the browser: load nothing foreign, show it in no frame, keep it nowhere, tell nobody where you have been.</summary>
internal static class SecurityHeaders
{
    public static void Set(IHeaderDictionary headers, string? formTarget, IReadOnlyList<string>? frameOrigins = null)
    {
        headers.ContentSecurityPolicy = Policy(formTarget) + FramesFrom(frameOrigins ?? []);
        headers.XFrameOptions = "DENY"; // RFC 9700 §4.16
        headers["Referrer-Policy"] = "no-referrer"; // RFC 9700 §4.2.4
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    /// <summary>Browsers apply form-action to the redirects that follow a form, so the client's origin must be in it, and nothing more.</summary>
    public static string Policy(string? formTarget) =>
        $"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'{Source(formTarget)}; frame-ancestors 'none'; base-uri 'none'";

    private static string FramesFrom(IReadOnlyList<string> origins) =>
        origins.Count == 0 ? "" : "; frame-src" + string.Concat(origins.Distinct(StringComparer.Ordinal).Select(Source));

    private static string Source(string? target)
    {
        // A policy has no way to write an IPv6 address: the scheme stands for it.
        if (target is not null && target.Contains("://[", StringComparison.Ordinal))
            target = target[..(target.IndexOf(':', StringComparison.Ordinal) + 1)];
        return IsSource(target) ? " " + target : "";
    }

    private static bool IsSource(string? source) =>
        source is { Length: > 0 and <= 300 } && source.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '/' or '.' or '-' or '+' or '_');
}
