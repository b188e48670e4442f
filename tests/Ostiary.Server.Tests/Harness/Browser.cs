using System.Net;
using System.Text.RegularExpressions;
using Ostiary.Protocol;

namespace Ostiary.Server.Tests.Harness;

/// <summary>What a person does with a browser: keeps cookies, reads a page, fills in its form. It follows no redirect by itself.</summary>
public sealed partial class Browser : IDisposable
{
    private readonly TestServer _server;
    private readonly HttpClient _http;

    public Browser(TestServer server)
    {
        _server = server;
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies };
        _http = new HttpClient(handler) { BaseAddress = new Uri(server.House.Url.Origin) };
    }

    public CookieContainer Cookies { get; } = new();

    public Task<HttpResponseMessage> GetAsync(string url) => _http.GetAsync(url, TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> PostAsync(string url, params (string Name, string Value)[] fields) =>
        _http.PostAsync(
            url,
            new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))),
            TestContext.Current.CancellationToken
        );

    /// <summary>Asks /authorize and answers whatever pages come, until the browser is sent away or a page is left.</summary>
    public async Task<HttpResponseMessage> AuthorizeAsync(
        string query,
        string user = "alice",
        string password = TestServer.Password,
        string decision = "allow"
    )
    {
        var response = await GetAsync($"{_server.Issuer}/authorize?{query}");
        for (var hops = 0; hops < 8; hops++)
        {
            if (
                response.StatusCode is HttpStatusCode.SeeOther or HttpStatusCode.Found
                && response.Headers.Location!.OriginalString.StartsWith(_server.Issuer, StringComparison.Ordinal)
            )
                response = await GetAsync(response.Headers.Location.OriginalString);
            else if (
                response.StatusCode == HttpStatusCode.OK
                && response.RequestMessage!.Method == HttpMethod.Get
                && await FillAsync(response, user, password, decision) is { } next
            )
                response = next;
            else
                return response;
        }
        return response;
    }

    /// <summary>Submits the login or consent form of a page; null: it has none.</summary>
    public async Task<HttpResponseMessage?> FillAsync(HttpResponseMessage page, string user, string password, string decision)
    {
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var url = page.RequestMessage!.RequestUri!.OriginalString;
        if (html.Contains("name=\"password\"", StringComparison.Ordinal))
            return await PostAsync(url, ("csrf", Field(html, "csrf")!), ("username", user), ("password", password));
        if (html.Contains("value=\"allow\"", StringComparison.Ordinal))
            return await PostAsync(url, ("csrf", Field(html, "csrf")!), ("decision", decision));
        return null;
    }

    public static string? Field(string html, string name)
    {
        var match = Regex.Match(html, $"<input[^>]*name=\"{name}\"[^>]*value=\"([^\"]*)\"");
        return match.Success ? WebUtility.HtmlDecode(match.Groups[1].Value) : null;
    }

    /// <summary>The parameters of a redirect.</summary>
    public static FormParameters QueryOf(HttpResponseMessage response)
    {
        var page = response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken).GetAwaiter().GetResult();
        Assert.True(
            response.Headers.Location is not null,
            $"no redirect but {(int)response.StatusCode} from {response.RequestMessage!.RequestUri}: {page}"
        );
        var text = response.Headers.Location!.OriginalString;
        var refused = FormParameters.TryParse(
            System.Text.Encoding.UTF8.GetBytes(text[(text.IndexOf('?', StringComparison.Ordinal) + 1)..]),
            out var parameters
        );
        Assert.Null(refused);
        return parameters;
    }

    public void Dispose() => _http.Dispose();
}
