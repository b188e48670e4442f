using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Server.Configuration;
using Ostiary.Server.Pages;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.CheckSession;

/// <summary>
/// GET /check_session: the frame that tells an app whether the session at this browser has changed, without a request to the server. It is the only page that
/// others may frame, and it shows nothing, knows nobody and can do nothing but run its one script. Session Management §3.3
/// </summary>
internal sealed class CheckSessionEndpoint
{
    private readonly byte[] _page;
    private readonly string _policy;

    public CheckSessionEndpoint(Issuer issuer, BrowserSessions sessions)
    {
        var script = Assets.Read("pages/check-session.js") ?? throw new InvalidOperationException("check-session.js is not embedded.");
        var head =
            $"""<!doctype html><html lang="en" data-cookie="{sessions.StateCookie}"><meta charset="utf-8"><title>{issuer.Url.Text}</title><script>""";
        _page = [.. Encoding.UTF8.GetBytes(head), .. script, .. "</script></html>\n"u8];
        var hash = Convert.ToBase64String(SHA256.HashData(script));
        _policy = $"default-src 'none'; script-src 'sha256-{hash}'; form-action 'none'; base-uri 'none'";
    }

    public Task HandleAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = _policy;
        headers.CacheControl = "public, max-age=3600";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = _page.Length;
        return http.Response.Body.WriteAsync(_page, http.RequestAborted).AsTask();
    }
}
