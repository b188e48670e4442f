using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Ostiary.Server.Tests.Harness;

/// <summary>An answer of a JSON endpoint.</summary>
public sealed record Answer(HttpStatusCode Status, JsonElement Json, HttpResponseMessage Response)
{
    public string? this[string member] =>
        Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(member, out var value) ? value.ToString() : null;

    public string? Error => this["error"];

    /// <summary>The stable code, from error_uri.</summary>
    public string? Code => this["error_uri"]?.Split('/')[^1];

    public void ShouldBeRefused(string error, string code, HttpStatusCode status = HttpStatusCode.BadRequest)
    {
        Assert.Equal((status, error, code), (Status, Error, Code));
        Assert.Contains("no-store", Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.True(Response.Headers.Contains("Ostiary-Flow"));
    }
}

/// <summary>A client on the back channel.</summary>
public sealed class TokenClient(TestServer server, string id, string? secret = TestServer.WebSecret) : IDisposable
{
    private readonly HttpClient _http = server.NewHttp();

    /// <summary>Proves a key with every request to the token endpoint.</summary>
    public Prover? Prover { get; set; }

    public Task<Answer> TokenAsync(params (string Name, string Value)[] form) => PostAsync("/token", form);

    public async Task<Answer> PostAsync(string path, params (string Name, string Value)[] form)
    {
        var fields = form.Select(f => KeyValuePair.Create(f.Name, f.Value)).ToList();
        using var request = new HttpRequestMessage(HttpMethod.Post, server.House.Url.At(path));
        if (secret is null)
            fields.Add(new("client_id", id));
        else
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}")));
        request.Content = new FormUrlEncodedContent(fields);
        if (Prover is not null)
            request.Headers.Add("DPoP", Prover.Proof("POST", path));
        return await SendAsync(request);
    }

    public async Task<Answer> UserInfoAsync(string accessToken, string? proof, string scheme = "DPoP")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Server.Issuer.Url.At("/userinfo"));
        request.Headers.Authorization = new AuthenticationHeaderValue(scheme, accessToken);
        if (proof is not null)
            request.Headers.Add("DPoP", proof);
        return await SendAsync(request);
    }

    public async Task<Answer> UserInfoAsync(string accessToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, server.House.Url.At("/userinfo"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        return await SendAsync(request);
    }

    /// <summary>Signs a person in and redeems the code.</summary>
    public async Task<Answer> SignInAsync(Browser browser, string scope = "openid", string user = "alice", string more = "")
    {
        var verifier = new string('v', 43);
        var redirect = await browser.AuthorizeAsync(
            $"client_id={id}&response_type=code&redirect_uri={Uri.EscapeDataString(TestServer.Callback)}&scope={Uri.EscapeDataString(scope)}&state=s&nonce=n&code_challenge={Ostiary.Protocol.Pkce.ChallengeOf(verifier)}&code_challenge_method=S256{more}",
            user
        );
        var code = Browser.QueryOf(redirect)["code"];
        Assert.NotNull(code);
        return await TokenAsync(
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", TestServer.Callback),
            ("code_verifier", verifier)
        );
    }

    public Task<Answer> RefreshAsync(string refreshToken, params (string Name, string Value)[] more) =>
        TokenAsync([("grant_type", "refresh_token"), ("refresh_token", refreshToken), .. more]);

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (text.Length == 0 || response.Content.Headers.ContentType?.MediaType != "application/json")
            return new(response.StatusCode, default, response);
        using var document = JsonDocument.Parse(text);
        return new(response.StatusCode, document.RootElement.Clone(), response);
    }

    public void Dispose() => _http.Dispose();
}
