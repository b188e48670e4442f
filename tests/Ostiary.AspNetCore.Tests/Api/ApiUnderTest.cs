using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ostiary.AspNetCore.Api;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Api;

/// <summary>An issuer and an API that trusts it, both over real HTTP; and a caller whose token is all right until the test changes it.</summary>
internal sealed class ApiUnderTest : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new();

    private ApiUnderTest(ManualTime clock, TestIssuer issuer, Action<ApiOptions>? configure, bool middleware)
    {
        (Clock, Issuer) = (clock, issuer);
        var builder = TestServer.Create();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddOstiaryApi(o =>
        {
            o.Issuer = issuer.Url;
            o.Audience = TestIssuer.Audience;
            o.OnChecked = check =>
            {
                lock (Checks)
                    Checks.Add(check);
            };
            configure?.Invoke(o);
        });
        _app = builder.Build();
        if (middleware)
            _app.UseOstiaryApi();
        _app.MapGet("/open", () => "open");
        _app.MapGet("/any", (HttpContext http) => $"{http.AccessToken().Subject} {http.AccessToken().ClientId} {http.User.Identity!.Name}")
            .RequireToken();
        _app.MapMethods("/read", ["GET", "POST"], (HttpContext http) => "notes").RequireScope("read");
        _app.MapGroup("/group").RequireScope("read").MapGet("/write", () => "written").RequireScope("write");
        _app.MapGet(
                "/tool/{name}",
                async (HttpContext http, string name) =>
                {
                    if (name == "read" || await http.DemandScopeAsync("write"))
                        await http.Response.WriteAsync("called " + name);
                }
            )
            .RequireScope("read");
        _app.MapPost("/echo", http => http.Request.Body.CopyToAsync(http.Response.Body)).RequireToken();
    }

    /// <summary>What a challenge of <c>/read</c> ends with.</summary>
    public const string Hint = ", scope=\"read\", resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\"";

    public ManualTime Clock { get; }
    public TestIssuer Issuer { get; }
    public List<ApiCheck> Checks { get; } = [];
    public string Url { get; private set; } = "";

    public static async Task<ApiUnderTest> StartAsync(Action<ApiOptions>? configure = null, bool middleware = true)
    {
        var clock = new ManualTime();
        var api = new ApiUnderTest(clock, await TestIssuer.StartAsync(clock), configure, middleware);
        api.Url = await TestServer.StartAsync(api._app);
        return api;
    }

    public Task<HttpResponseMessage> GetAsync(string? token, string path = "/read") => SendAsync(path, token is null ? [] : ["Bearer " + token]);

    public async Task<HttpResponseMessage> SendAsync(string path, string[] authorization, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(content is null ? HttpMethod.Get : HttpMethod.Post, Url + path) { Content = content };
        foreach (var value in authorization)
            request.Headers.TryAddWithoutValidation("Authorization", value);
        return await _http.SendAsync(request);
    }

    /// <summary>A request as it stands, for what HttpClient does not send; the status of the answer.</summary>
    public async Task<string> SendRawAsync(string head)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", new Uri(Url).Port);
        await client
            .GetStream()
            .WriteAsync(Encoding.ASCII.GetBytes(head.ReplaceLineEndings("\r\n") + "\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(client.GetStream());
        return (await reader.ReadLineAsync())!;
    }

    /// <summary>The answer is the one of this reason: status, challenge, body, no-store, and the observer was told.</summary>
    public async Task AssertRefusedAsync(Reason reason, HttpResponseMessage response)
    {
        var refusal = Refusal.For(reason);
        Assert.Equal(refusal.Status, (int)response.StatusCode);
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        Assert.Equal(reason, Checks[^1].Verdict.Refused);
        Assert.False(Checks[^1].Rules[^1].Passed);
        Assert.Equal(refusal.Status, Checks[^1].Status);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal(refusal.Error.Length == 0 ? "" : $$"""{"error":"{{refusal.Error}}","error_description":"{{refusal.Text}}"}""", body);
        Assert.Equal(refusal.Status >= 500 ? null : Checks[^1].Challenge, ChallengeOf(response));
    }

    public static string? ChallengeOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("WWW-Authenticate", out var values) ? Assert.Single(values) : null;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await Issuer.DisposeAsync();
    }
}
