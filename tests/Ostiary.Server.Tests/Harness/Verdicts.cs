using System.Net;
using System.Text.RegularExpressions;

namespace Ostiary.Server.Tests.Harness;

/// <summary>The forms an answer may have, and what no answer may hold.</summary>
public static partial class Verdicts
{
    /// <summary>A page of this server, with the code, and no way out to where the request wanted.</summary>
    public static async Task ShouldBePageAsync(this HttpResponseMessage response, string code, HttpStatusCode status = HttpStatusCode.BadRequest)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(status, response.StatusCode);
        Assert.Null(response.Headers.Location);
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains(code, text, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", text, StringComparison.Ordinal);
        Assert.DoesNotContain("http-equiv", text, StringComparison.Ordinal);
        Assert.Contains("no-store", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", string.Join(' ', response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("DENY", string.Join(' ', response.Headers.GetValues("X-Frame-Options")));
        Assert.Equal("no-referrer", string.Join(' ', response.Headers.GetValues("Referrer-Policy")));
        ShouldTellNothing(response, text);
    }

    /// <summary>An error at the registered address: state and issuer given back once, nothing issued.</summary>
    public static void ShouldRedirectWith(
        this HttpResponseMessage response,
        TestServer server,
        string error,
        string code,
        string? state = "the state",
        string callback = TestServer.Callback
    )
    {
        var query = Browser.QueryOf(response);
        Assert.True(response.StatusCode is HttpStatusCode.Found or HttpStatusCode.SeeOther);
        Assert.StartsWith(callback + "?", response.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal((error, code), (query["error"], query["error_uri"]?.Split('/')[^1]));
        Assert.Equal((state, server.Issuer), (query["state"], query["iss"]));
        Assert.Null(query.Repeated);
        Assert.DoesNotContain(query.All, p => p.Key is "code" or "access_token" or "id_token");
        Assert.Contains("no-store", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        ShouldTellNothing(response, response.Headers.Location.OriginalString);
    }

    /// <summary>No stack, no path, no version, no product of others.</summary>
    public static void ShouldTellNothing(HttpResponseMessage response, string text)
    {
        Assert.False(response.Headers.Contains("Server") || response.Headers.Contains("X-Powered-By"));
        Assert.DoesNotMatch(Telling(), text);
    }

    [GeneratedRegex(@"   at \w|Exception|\.cs:line|/usr/|/home/|Kestrel|ASP\.NET|Microsoft\.|System\.|SQLite", RegexOptions.CultureInvariant)]
    private static partial Regex Telling();
}
