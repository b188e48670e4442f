using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;

namespace Ostiary.AspNetCore.Tests;

/// <summary>A tiny issuer over real HTTP that does what a test tells it, good or bad.</summary>
internal sealed class TestIssuer(ManualTime clock) : IAsyncDisposable
{
    public const string Audience = "https://api.example";
    private static readonly JsonWebKey FirstKey = JsonWebKey.Generate("ES256", "key-1");
    private static readonly JsonWebKey RsaKey = JsonWebKey.Generate("RS256", "rsa-1");

    private readonly WebApplication _app = TestServer.Create().Build();

    public string Url { get; private set; } = "";
    public JsonWebKey Key { get; set; } = FirstKey;
    public JsonWebKey IdTokenKey { get; set; } = RsaKey;
    public List<JsonWebKey> Published { get; } = [FirstKey.ToPublic(), RsaKey.ToPublic()];
    public string? CacheControl { get; set; }
    public bool IsDown { get; set; }
    public Action<JsonObject>? ChangeDocument { get; set; }
    public string? JwksText { get; set; }

    /// <summary>What the introspection endpoint answers: status and body.</summary>
    public Func<FormParameters, (int Status, string Body)> Introspect { get; set; } = _ => (200, """{"active":false}""");

    /// <summary>What the token endpoint answers.</summary>
    public Func<FormParameters, Task<(int Status, string Body)>> Issue { get; set; } = _ => Task.FromResult((400, """{"error":"invalid_grant"}"""));

    /// <summary>What the userinfo endpoint answers to an Authorization header.</summary>
    public Func<string, (int Status, string Body)> UserInfo { get; set; } = _ => (500, "");

    public List<string> Asked { get; } = [];
    public string? LastAuthorization { get; private set; }

    public int Count(string path) => Asked.Count(asked => asked == path);

    public static async Task<TestIssuer> StartAsync(ManualTime clock)
    {
        var issuer = new TestIssuer(clock);
        issuer._app.Run(issuer.AnswerAsync);
        issuer.Url = await TestServer.StartAsync(issuer._app);
        return issuer;
    }

    /// <summary>An access token that is all right, except for what the test changes.</summary>
    public string AccessToken(Action<JsonObject>? change = null, string typ = "at+jwt", JsonWebKey? key = null, string scope = "read")
    {
        var claims = new JsonObject
        {
            ["iss"] = Url,
            ["sub"] = "alice",
            ["aud"] = Audience,
            ["client_id"] = "web",
            ["scope"] = scope,
            ["jti"] = Entropy.Text(16),
            ["iat"] = Now,
            ["exp"] = Now + 300,
        };
        change?.Invoke(claims);
        return Sign(claims, typ, key ?? Key);
    }

    public JsonObject IdTokenClaims(string clientId, string nonce) =>
        new()
        {
            ["iss"] = Url,
            ["sub"] = "alice",
            ["name"] = "Alice <A>",
            ["aud"] = clientId,
            ["nonce"] = nonce,
            ["iat"] = Now,
            ["exp"] = Now + 300,
        };

    public static string Sign(JsonObject claims, string typ, JsonWebKey key)
    {
        using var signer = JwsSigner.Create(key, key.Alg ?? "ES256");
        return signer.Sign(typ, Encoding.UTF8.GetBytes(claims.ToJsonString()));
    }

    public long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        lock (Asked)
            Asked.Add(path);
        if (IsDown)
        {
            http.Response.StatusCode = 503;
            return;
        }
        var form = await FormAsync(http);
        LastAuthorization = http.Request.Headers.Authorization;
        var (status, body) = path switch
        {
            "/.well-known/openid-configuration" => (200, Document()),
            "/jwks" => (200, JwksText ?? Keys()),
            "/introspect" => Introspect(form),
            "/token" => await Issue(form),
            "/userinfo" => UserInfo(http.Request.Headers.Authorization.ToString()),
            _ => (404, ""),
        };
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = CacheControl;
        await http.Response.WriteAsync(body);
    }

    private static async Task<FormParameters> FormAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        Assert.Null(FormParameters.TryParse(body.ToArray(), out var form));
        return form;
    }

    private string Document()
    {
        var document = new JsonObject
        {
            ["issuer"] = Url,
            ["jwks_uri"] = Url + "/jwks",
            ["authorization_endpoint"] = Url + "/authorize",
            ["token_endpoint"] = Url + "/token",
            ["introspection_endpoint"] = Url + "/introspect",
            ["userinfo_endpoint"] = Url + "/userinfo",
            ["end_session_endpoint"] = Url + "/end_session",
            ["authorization_response_iss_parameter_supported"] = true,
        };
        ChangeDocument?.Invoke(document);
        return document.ToJsonString();
    }

    private string Keys()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
            new JsonWebKeySet(Published).WritePublicTo(json);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
