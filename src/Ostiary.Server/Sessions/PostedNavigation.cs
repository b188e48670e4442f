using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;

namespace Ostiary.Server.Sessions;

/// <summary>
/// A form that another site posts brings no cookie of ours along (SameSite=Lax), so it looks as if nobody were signed in here. The same request as a GET is
/// a navigation, and navigations do bring them. OIDC Core §3.1.2.1, RP-Initiated Logout §2
/// </summary>
internal static class PostedNavigation
{
    /// <summary>Bytes: with the path, less than servers and proxies take as a request line.</summary>
    private const int MaxUrl = 7 * 1024;

    /// <summary>Whether the request may hide a session that its browser has.</summary>
    public static bool IsBlind(HttpContext http, BrowserSessions sessions) => HttpMethods.IsPost(http.Request.Method) && !sessions.IsKnown(http);

    /// <summary>Answers by sending the browser to the same request as a GET. False: it is too long for a URL, and nothing was answered.</summary>
    public static bool TryRepeat(HttpContext http, string url, FormParameters parameters)
    {
        var text = new StringBuilder(url);
        var separator = '?';
        foreach (var (name, value) in parameters.All)
        {
            text.Append(separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
        if (text.Length > MaxUrl)
            return false;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["Referrer-Policy"] = "no-referrer"; // RFC 9700 §4.2.4
        http.Response.StatusCode = StatusCodes.Status303SeeOther; // RFC 9700 §4.12
        http.Response.Headers.Location = text.ToString();
        return true;
    }
}
