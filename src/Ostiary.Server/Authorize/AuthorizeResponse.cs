using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Pages;

namespace Ostiary.Server.Authorize;

/// <summary>Answers of the authorization endpoint to a trusted redirect URI. RFC 6749 §4.1.2, RFC 9207 §2</summary>
internal sealed class AuthorizeResponse(Issuer issuer)
{
    /// <param name="sessionState">For clients that watch the session. Session Management §2</param>
    public Task CodeAsync(HttpContext http, TrustedRedirect redirect, string code, string? sessionState) =>
        SendAsync(http, redirect, sessionState is null ? [new("code", code)] : [new("code", code), new("session_state", sessionState)]);

    /// <summary>RFC 6749 §4.1.2.1</summary>
    public Task ErrorAsync(HttpContext http, TrustedRedirect redirect, Reason reason, string? parameter = null)
    {
        var refusal = Refusal.For(reason);
        return SendAsync(
            http,
            redirect,
            [
                new("error", refusal.Error),
                new("error_description", Http.JsonAnswer.Describe(refusal, parameter)),
                new("error_uri", issuer.ErrorUri(reason)),
            ]
        );
    }

    private Task SendAsync(HttpContext http, TrustedRedirect redirect, List<KeyValuePair<string, string>> parameters)
    {
        if (redirect.State is not null)
            parameters.Add(new("state", redirect.State)); // RFC 6749 §4.1.2
        parameters.Add(new("iss", issuer.Url.Text)); // RFC 9207 §2
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["Referrer-Policy"] = "no-referrer"; // RFC 9700 §4.2.4
        if (redirect.ResponseMode == "form_post")
            return FormPostPage.WriteAsync(http, issuer, redirect.Uri, parameters); // OAuth Form Post §2
        // RFC 9700 §4.12: never 307, which would repeat a posted body.
        http.Response.StatusCode = HttpMethods.IsGet(http.Request.Method) ? StatusCodes.Status302Found : StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = Append(redirect.Uri, parameters);
        return Task.CompletedTask;
    }

    /// <summary>The redirect URI keeps its own query. RFC 6749 §3.1.2</summary>
    internal static string Append(string uri, IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var text = new StringBuilder(uri);
        var separator = !uri.Contains('?', StringComparison.Ordinal) ? '?' : '&';
        foreach (var (name, value) in parameters)
        {
            text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
        return text.ToString();
    }
}
