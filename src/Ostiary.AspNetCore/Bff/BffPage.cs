using System.Net;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Bff;

/// <summary>The two answers that a browser gets from the sign-in: go on, or a plain page that says why not.</summary>
internal static class BffPage
{
    public static void Redirect(HttpContext http, string location)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther; // RFC 9700 §4.12
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        http.Response.Headers.Location = location;
    }

    public static Task WriteRefusalAsync(HttpContext http, BffOptions options, Reason reason)
    {
        var refusal = Refusal.For(reason);
        var headers = http.Response.Headers;
        http.Response.StatusCode = refusal.Status;
        http.Response.ContentType = "text/html; charset=utf-8";
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        return http.Response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>Not signed in</title>
            <h1>You are not signed in</h1>
            <p>{WebUtility.HtmlEncode(refusal.Text)}</p>
            <p><a href="{WebUtility.HtmlEncode(options.SignInPath)}">Try again</a></p>
            <p><small>{Refusal.CodeOf(reason)} {Refusal.NameOf(reason)}</small></p>
            </html>

            """,
            http.RequestAborted
        );
    }
}
