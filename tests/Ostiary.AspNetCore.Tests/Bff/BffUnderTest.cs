using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ostiary.AspNetCore.Bff;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Bff;

/// <summary>An app that signs people in, the issuer that it trusts, and one browser: a sign-in is all right until the test changes it.</summary>
internal sealed class BffUnderTest : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _browser;
    private int _issued;

    private BffUnderTest(ManualTime clock, TestIssuer issuer, Action<BffOptions>? configure)
    {
        (Clock, Issuer) = (clock, issuer);
        var port = TestServer.FreePort();
        Url = $"http://127.0.0.1:{port}";
        _browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies });
        var builder = TestServer.Create(port);
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddOstiaryBff(o =>
        {
            o.Issuer = issuer.Url;
            o.ClientId = "web";
            o.ClientSecret = "secret";
            o.Origin = Url;
            o.Resource = TestIssuer.Audience;
            o.Apis = [Url + "/api"];
            o.OnHop = hop =>
            {
                lock (Hops)
                    Hops.Add(hop);
            };
            configure?.Invoke(o);
        });
        _app = builder.Build();
        _app.UseOstiaryBff();
        _app.MapGet("/", http => http.Response.WriteAsync(http.SignedIn()?.Name ?? "stranger"));
        _app.MapGet("/email", http => http.Response.WriteAsync(http.SignedIn()?["email"] ?? "none"));
        _app.MapGet("/token", async http => await http.Response.WriteAsync(await http.AccessTokenAsync(http.RequestAborted) ?? "none"));
        _app.MapGet("/force", async http => await http.Response.WriteAsync(await http.RefreshAsync(force: true, http.RequestAborted) ?? "none"));
        _app.MapMethods("/change", ["GET", "POST", "DELETE"], http => http.Response.WriteAsync("changed")).RequireBffHeader();
        _app.MapPost("/call", CallAsync);
        _app.Map("/api/{**rest}", AnswerAsApiAsync);
        issuer.Issue = IssueAsync;
    }

    public ManualTime Clock { get; }
    public TestIssuer Issuer { get; }
    public string Url { get; }
    public CookieContainer Cookies { get; } = new();
    public List<BffHop> Hops { get; } = [];

    /// <summary>Codes that the issuer gave out, with what the authorization request said.</summary>
    public Dictionary<string, FormParameters> Codes { get; } = [];

    public Action<JsonObject>? ChangeIdToken { get; set; }
    public Func<string, string>? ReplaceIdToken { get; set; }
    public Action<JsonObject>? ChangeAnswer { get; set; }
    public Func<FormParameters, Task<(int, string)>>? Refresh { get; set; }
    public List<FormParameters> TokenRequests { get; } = [];

    /// <summary>The access token that the API behind the app takes; null: any.</summary>
    public string? ApiTakes { get; set; }
    public List<(string Authorization, string Body)> ApiCalls { get; } = [];

    public static async Task<BffUnderTest> StartAsync(Action<BffOptions>? configure = null)
    {
        var clock = new ManualTime();
        var bff = new BffUnderTest(clock, await TestIssuer.StartAsync(clock), configure);
        await bff._app.StartAsync();
        return bff;
    }

    public Task<HttpResponseMessage> GetAsync(string path) => _browser.GetAsync(path.StartsWith('/') ? Url + path : path);

    public async Task<string> TextAsync(string path)
    {
        using var response = await GetAsync(path);
        return await response.TextAsync();
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, Url + path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await _browser.SendAsync(request);
    }

    public Task<HttpResponseMessage> CallApiAsync(string target, string body) =>
        _browser.PostAsync($"{Url}/call?to={Uri.EscapeDataString(target)}", new StringContent(body));

    /// <summary>Begins a sign-in and returns what the browser would ask of the issuer.</summary>
    public async Task<FormParameters> BeginAsync(string query = "")
    {
        using var response = await GetAsync("/signin" + query);
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        var location = response.Headers.Location!.OriginalString;
        Assert.StartsWith(Issuer.Url + "/authorize?", location);
        Assert.Null(
            FormParameters.TryParse(Encoding.ASCII.GetBytes(location[(location.IndexOf('?', StringComparison.Ordinal) + 1)..]), out var request)
        );
        return request;
    }

    /// <summary>What the issuer sends the browser back with.</summary>
    public Dictionary<string, string> Answer(FormParameters request)
    {
        var code = Entropy.Text(16);
        Codes[code] = request;
        return new()
        {
            ["code"] = code,
            ["state"] = request["state"]!,
            ["iss"] = Issuer.Url,
        };
    }

    public Task<HttpResponseMessage> ReturnAsync(Dictionary<string, string> answer) =>
        GetAsync("/signin/callback?" + string.Join('&', answer.Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}")));

    public async Task<HttpResponseMessage> SignInAsync(string query = "") => await ReturnAsync(Answer(await BeginAsync(query)));

    public async Task AssertRefusedAsync(Reason reason, HttpResponseMessage response)
    {
        Assert.Equal(Refusal.For(reason).Status, (int)response.StatusCode);
        Assert.Contains(Refusal.CodeOf(reason), await response.TextAsync());
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("stranger", await TextAsync("/"));
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _app.DisposeAsync();
        await Issuer.DisposeAsync();
    }

    private Task<(int, string)> IssueAsync(FormParameters form)
    {
        lock (TokenRequests)
            TokenRequests.Add(form);
        if (form["grant_type"] == "refresh_token" && Refresh is not null)
            return Refresh(form);
        return Task.FromResult(form["grant_type"] == "refresh_token" ? (200, Tokens(null)) : Exchange(form));
    }

    private (int, string) Exchange(FormParameters form)
    {
        if (!Codes.Remove(form["code"] ?? "", out var request) || !Pkce.Matches(form["code_verifier"]!, request["code_challenge"]!))
            return (400, """{"error":"invalid_grant"}""");
        return form["redirect_uri"] == request["redirect_uri"] ? (200, Tokens(request["nonce"])) : (400, """{"error":"invalid_grant"}""");
    }

    public string Tokens(string? nonce)
    {
        var number = Interlocked.Increment(ref _issued);
        var answer = new JsonObject
        {
            ["access_token"] = $"access-{number}",
            ["token_type"] = "bearer",
            ["expires_in"] = 300,
            ["refresh_token"] = $"refresh-{number}",
        };
        if (nonce is not null)
            answer["id_token"] = IdToken(nonce, $"access-{number}");
        ChangeAnswer?.Invoke(answer);
        return answer.ToJsonString();
    }

    private string IdToken(string nonce, string accessToken)
    {
        var claims = Issuer.IdTokenClaims("web", nonce);
        claims["at_hash"] = IdTokenRules.HalfHash("RS256", accessToken);
        ChangeIdToken?.Invoke(claims);
        var token = TestIssuer.Sign(claims, "JWT", Issuer.IdTokenKey);
        return ReplaceIdToken?.Invoke(token) ?? token;
    }

    private static async Task CallAsync(HttpContext http)
    {
        using var body = new StreamReader(http.Request.Body);
        var target = SignInEndpoint.QueryOf(http)["to"]!;
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new StringContent(await body.ReadToEndAsync()) };
        using var response = await http.CallApiAsync(request, http.RequestAborted);
        http.Response.StatusCode = (int)response.StatusCode;
        await response.Content.CopyToAsync(http.Response.Body);
    }

    private async Task AnswerAsApiAsync(HttpContext http)
    {
        using var body = new StreamReader(http.Request.Body);
        var authorization = http.Request.Headers.Authorization.ToString();
        ApiCalls.Add((authorization, await body.ReadToEndAsync()));
        if (ApiTakes is null || authorization == "Bearer " + ApiTakes)
        {
            await http.Response.WriteAsync("done");
            return;
        }
        http.Response.StatusCode = 401;
        http.Response.Headers.WWWAuthenticate = "Bearer realm=\"x\", error=\"invalid_token\"";
    }
}
