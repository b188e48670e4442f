using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Registration;

/// <summary>Somebody who registers clients, with or without a token.</summary>
internal sealed class Registrant(TestServer server) : IDisposable
{
    public const string Web = """{"redirect_uris":["https://rp.test/cb"],"client_name":"RP"}""";
    public const string Public = """{"redirect_uris":["http://127.0.0.1:1/cb"],"client_name":"Tool","token_endpoint_auth_method":"none"}""";
    private readonly HttpClient _http = server.NewHttp();

    /// <summary>A server whose policy is open and as stated.</summary>
    public static async Task<TestServer> ServerAsync(string policy = """{"open":true}""", string path = "")
    {
        var test = await TestServer.StartAsync(path);
        await test.AdministerAsync(
            "POST",
            "/config/apply",
            """{"configuration":{"issuer":{"registration":POLICY}}}""".Replace("POLICY", policy, StringComparison.Ordinal)
        );
        return test;
    }

    public Task<Answer> RegisterAsync(string metadata = Web, string? token = null) => SendAsync(HttpMethod.Post, "/register", metadata, token);

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body, string? token, string type = "application/json")
    {
        using var request = new HttpRequestMessage(
            method,
            path.StartsWith("http", StringComparison.Ordinal) ? path : server.Server.Issuer.Url.At(path)
        );
        if (token is not null)
            Assert.True(request.Headers.TryAddWithoutValidation("Authorization", token.StartsWith('=') ? token[1..] : "Bearer " + token));
        if (body is not null)
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (text.Length == 0)
            return new(response.StatusCode, default, response);
        using var json = JsonDocument.Parse(text);
        return new(response.StatusCode, json.RootElement.Clone(), response);
    }

    public async Task<string> InitialTokenAsync(string how = "{}") =>
        (await server.AdministerAsync("POST", "/initial-tokens", how)).GetProperty("initial_access_token").GetString()!;

    public void Dispose() => _http.Dispose();
}
