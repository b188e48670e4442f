using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ostiary.Protocol;

namespace Ostiary.Program.Tests.Faults;

/// <summary>An answer of the token endpoint or one like it.</summary>
public sealed record Answer(HttpStatusCode Status, string Text)
{
    public bool IsOk => Status == HttpStatusCode.OK;

    public string this[string member]
    {
        get
        {
            using var json = JsonDocument.Parse(Text);
            return json.RootElement.TryGetProperty(member, out var value) ? value.ToString() : "";
        }
    }

    /// <summary>The stable code of a refusal.</summary>
    public string Code => this["error_uri"].Split('/')[^1];
}

/// <summary>A code as it came, with what its redemption needs.</summary>
public sealed record Code(string Value, string Verifier);

/// <summary>The calls of the public client <c>app</c>, of the service <c>robot</c> and of one browser.</summary>
/// <param name="server">Whom they ask.</param>
/// <param name="path">Of the issuer that is meant, where the server has several.</param>
public sealed class Caller(RunningServer server, string path = "") : IDisposable
{
    private readonly HttpClient _http = server.NewHttp();

    /// <summary>Signs in with the password; the answer is the cookies of the browser.</summary>
    public async Task<string> SignInAsync(CancellationToken ct)
    {
        var cookies = new Dictionary<string, string>(StringComparer.Ordinal);
        using var asked = await SendAsync(HttpMethod.Get, AuthorizeUrl(Verifier()), cookies, null, ct);
        var login = asked.Headers.Location!.OriginalString;
        using var page = await SendAsync(HttpMethod.Get, login, cookies, null, ct);
        var html = await page.Content.ReadAsStringAsync(ct);
        var csrf = WebUtility.HtmlDecode(Regex.Match(html, "name=\"csrf\"[^>]*value=\"([^\"]*)\"").Groups[1].Value);
        using var signedIn = await SendAsync(
            HttpMethod.Post,
            login,
            cookies,
            Form(("csrf", csrf), ("username", "ada"), ("password", Ground.Password)),
            ct
        );
        Assert.Equal(HttpStatusCode.SeeOther, signedIn.StatusCode);
        return string.Join("; ", cookies.Select(c => $"{c.Key}={c.Value}"));
    }

    /// <summary>Asks for a code in a browser that is signed in. Null: the answer was no code.</summary>
    public async Task<Code?> AuthorizeAsync(string cookies, CancellationToken ct)
    {
        var verifier = Verifier();
        using var request = new HttpRequestMessage(HttpMethod.Get, AuthorizeUrl(verifier));
        request.Headers.Add("Cookie", cookies);
        using var response = await _http.SendAsync(request, ct);
        var match = Regex.Match(response.Headers.Location?.OriginalString ?? "", "^" + Regex.Escape(Ground.Redirect) + @"\?(?:.*&)?code=([^&]+)");
        return match.Success ? new(Uri.UnescapeDataString(match.Groups[1].Value), verifier) : null;
    }

    public Task<Answer> RedeemAsync(Code code, CancellationToken ct) =>
        PostAsync(
            "/token",
            null,
            ct,
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", code.Value),
            ("code_verifier", code.Verifier),
            ("redirect_uri", Ground.Redirect)
        );

    public Task<Answer> RefreshAsync(string token, CancellationToken ct) =>
        PostAsync("/token", null, ct, ("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token));

    public Task<Answer> RevokeAsync(string token, CancellationToken ct) => PostAsync("/revoke", null, ct, ("client_id", "app"), ("token", token));

    public Task<Answer> RobotTokenAsync(CancellationToken ct) => PostAsync("/token", "robot", ct, ("grant_type", "client_credentials"));

    public Task<Answer> RobotRevokesAsync(string token, CancellationToken ct) => PostAsync("/revoke", "robot", ct, ("token", token));

    public async Task<bool> IsActiveAsync(string token, CancellationToken ct)
    {
        var answer = await PostAsync("/introspect", "robot", ct, ("token", token));
        Assert.True(answer.IsOk, answer.Text);
        return answer["active"] == "True";
    }

    public async Task<string> KeysAsync(CancellationToken ct) =>
        await _http.GetStringAsync(new Uri(path + "/.well-known/jwks.json", UriKind.Relative), ct);

    public void Dispose() => _http.Dispose();

    private static string Verifier() => Entropy.Text(32);

    private string AuthorizeUrl(string verifier) =>
        $"{path}/authorize?client_id=app&response_type=code&redirect_uri={Uri.EscapeDataString(Ground.Redirect)}&scope=openid%20offline_access%20read&state=s&code_challenge={Pkce.ChallengeOf(verifier)}&code_challenge_method=S256";

    private async Task<Answer> PostAsync(string endpoint, string? basic, CancellationToken ct, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path + endpoint) { Content = Form(form) };
        if (basic is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic",
                Convert.ToBase64String(Encoding.ASCII.GetBytes($"{basic}:{Ground.RobotSecret}"))
            );
        using var response = await _http.SendAsync(request, ct);
        return new(response.StatusCode, await response.Content.ReadAsStringAsync(ct));
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string url,
        Dictionary<string, string> cookies,
        HttpContent? content,
        CancellationToken ct
    )
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        if (cookies.Count > 0)
            request.Headers.Add("Cookie", string.Join("; ", cookies.Select(c => $"{c.Key}={c.Value}")));
        var response = await _http.SendAsync(request, ct);
        foreach (var set in response.Headers.TryGetValues("Set-Cookie", out var values) ? values : [])
        {
            var pair = set.Split(';')[0].Split('=', 2);
            cookies[pair[0]] = pair[1];
        }
        return response;
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] form) =>
        new(form.Select(f => KeyValuePair.Create(f.Name, f.Value)));
}
