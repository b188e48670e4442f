using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ostiary.Protocol;

namespace Ostiary.Program.Tests.Secrets;

/// <summary>Speaks to a served program as a browser and as its clients do, and notes every secret that it is given.</summary>
internal sealed partial class CanaryBrowser(string issuer, Canaries canaries) : IDisposable
{
    public const string Callback = "https://app.example/cb";

    private readonly CookieContainer _cookies = new();
    private HttpClient? _client;

    private HttpClient Http => _client ??= new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = _cookies });

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        string? authorization = null,
        params (string Name, string Value)[] form
    )
    {
        using var request = new HttpRequestMessage(method, issuer + path);
        if (form.Length > 0)
            request.Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<JsonElement> PostAsync(string path, string? authorization, params (string Name, string Value)[] form)
    {
        using var response = await SendAsync(HttpMethod.Post, path, authorization, form);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return text.StartsWith('{') ? JsonDocument.Parse(text).RootElement : default;
    }

    /// <summary>Signs alice in where need be, allows, and returns the code and its verifier.</summary>
    public async Task<(string Code, string Verifier)> CodeAsync(string client, string password, params string[] wrongPasswords)
    {
        var verifier = canaries.New("code_verifier");
        var query =
            $"client_id={client}&response_type=code&redirect_uri={Uri.EscapeDataString(Callback)}&scope=openid%20offline_access%20read&prompt=consent"
            + $"&state=s&nonce=n&code_challenge={Pkce.ChallengeOf(verifier)}&code_challenge_method=S256";
        using var start = await SendAsync(HttpMethod.Get, "/authorize?" + query);
        var url = start.Headers.Location!.OriginalString;
        foreach (var attempt in (string[])[.. wrongPasswords, password])
        {
            url = Path(url);
            using var login = await SendAsync(HttpMethod.Get, url);
            if (login.StatusCode != HttpStatusCode.OK || !url.StartsWith("/login", StringComparison.Ordinal))
                break;
            using var answer = await SendAsync(
                HttpMethod.Post,
                url,
                null,
                ("csrf", await CsrfAsync(login)),
                ("username", "alice"),
                ("password", attempt)
            );
            url = answer.Headers.Location?.OriginalString ?? url;
        }
        for (var hops = 0; hops < 6; hops++)
        {
            if (url.StartsWith(Callback, StringComparison.Ordinal))
                return (canaries.Add("code", CodeOf().Match(url).Groups[1].Value), verifier);
            url = await NextAsync(Path(url));
        }
        throw new InvalidOperationException("The browser did not come back to the app but to " + url);
    }

    public async Task<string> CsrfAsync(HttpResponseMessage page) =>
        canaries.Add("csrf", CsrfField().Match(await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Groups[1].Value);

    /// <summary>The cookies that the browser holds now become canaries too.</summary>
    public void RememberCookies()
    {
        foreach (Cookie cookie in _cookies.GetAllCookies())
            canaries.Add("cookie " + cookie.Name, cookie.Value);
    }

    public static string Basic(string client, string secret) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client}:{secret}"));

    public void Dispose() => _client?.Dispose();

    private async Task<string> NextAsync(string url)
    {
        using var page = await SendAsync(HttpMethod.Get, url);
        if (page.Headers.Location is { } location)
            return location.OriginalString;
        using var answer = await SendAsync(HttpMethod.Post, url, null, ("csrf", await CsrfAsync(page)), ("decision", "allow"));
        return answer.Headers.Location!.OriginalString;
    }

    private string Path(string url) => url.StartsWith(issuer, StringComparison.Ordinal) ? url[issuer.Length..] : url;

    [GeneratedRegex("[?&]code=([^&]+)")]
    private static partial Regex CodeOf();

    [GeneratedRegex("name=\"csrf\" value=\"([^\"]+)\"")]
    private static partial Regex CsrfField();
}
