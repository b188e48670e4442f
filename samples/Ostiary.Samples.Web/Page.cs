using System.Net;
using Microsoft.AspNetCore.Http;
using Ostiary.AspNetCore.Bff;

namespace Ostiary.Samples.Web;

/// <summary>The HTML of the sample: no script, everything encoded.</summary>
internal static class Page
{
    public const string Stranger = """
        <h1>Notes</h1>
        <p>You are not signed in.</p>
        <p><a class="button" href="/signin?returnUrl=/">Sign in</a></p>
        """;

    public static string Home(SignedInUser user, int status, IReadOnlyList<string>? notes) =>
        $"""
            <h1>Notes of {Encode(user.Name)}</h1>
            {(notes is null ? $"<p>The API answered {status}.</p>" : List(notes))}
            <form method="post" action="/notes">
              <label for="text">New note</label>
              <input id="text" name="text" maxlength="1000" required>
              <button>Add</button>
            </form>
            <form method="post" action="/signout"><button>Sign out</button></form>
            """;

    // Signing out is a form that ends at the issuer, and form-action is asked of redirects too.
    public static Task WriteAsync(HttpContext http, string issuer, string body)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'self'; form-action 'self' {new Uri(issuer).GetLeftPart(UriPartial.Authority)}; frame-ancestors 'none'; base-uri 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Notes</title><link rel="stylesheet" href="/style.css"></head>
            <body><main>
            {body}
            </main></body>
            </html>

            """,
            http.RequestAborted
        );
    }

    public static Task StyleAsync(HttpContext http)
    {
        http.Response.ContentType = "text/css; charset=utf-8";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return http.Response.WriteAsync(
            """
            :root { color-scheme: light dark; }
            body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
            main { max-width: 38rem; margin: 3rem auto; padding: 0 1rem; }
            form { margin: 1.5rem 0; }
            label { display: block; }
            input, button, .button { font: inherit; padding: 0.4rem 0.8rem; }
            """,
            http.RequestAborted
        );
    }

    private static string List(IReadOnlyList<string> notes) =>
        notes.Count == 0 ? "<p>No notes yet.</p>" : $"<ul>{string.Concat(notes.Select(note => $"<li>{Encode(note)}</li>"))}</ul>";

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
