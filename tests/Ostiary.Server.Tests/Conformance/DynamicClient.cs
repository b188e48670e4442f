using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>A client of the dynamic plan: it registers itself, authenticates by private_key_jwt with RS256, and removes itself at the end. Its keys are the platform's.</summary>
internal sealed class DynamicClient : IAsyncDisposable
{
    public const string Callback = "https://rp.test/cb";
    private readonly TestServer _server;
    private readonly HttpClient _http;
    private RSA _key = RSA.Create(2048);

    private DynamicClient(TestServer server) => (_server, _http) = (server, server.NewHttp());

    public JsonElement Registered { get; private set; }
    public string Id => Registered.GetProperty("client_id").GetString()!;
    public string Kid { get; private set; } = "key-1";

    /// <summary>Registers as the modules do; a null value takes a member away.</summary>
    public static async Task<DynamicClient> RegisterAsync(TestServer server, params (string Name, JsonNode? Value)[] changes)
    {
        var client = new DynamicClient(server);
        var (status, answer) = await client.SendAsync(HttpMethod.Post, server.Issuer + "/register", client.Metadata(changes), null);
        Assert.Equal(HttpStatusCode.Created, status);
        client.Registered = answer;
        // Both or neither; and a secret says when it ends.
        Assert.Equal(answer.TryGetProperty("registration_client_uri", out _), answer.TryGetProperty("registration_access_token", out _));
        Assert.Equal(answer.TryGetProperty("client_secret", out _), answer.TryGetProperty("client_secret_expires_at", out _));
        return client;
    }

    /// <summary>Registers what must be refused.</summary>
    public static async Task<(HttpStatusCode Status, JsonElement Answer)> TryRegisterAsync(
        TestServer server,
        params (string Name, JsonNode? Value)[] changes
    )
    {
        await using var client = new DynamicClient(server);
        return await client.SendAsync(HttpMethod.Post, server.Issuer + "/register", client.Metadata(changes), null);
    }

    /// <summary>The public half, as it is registered or published.</summary>
    public JsonObject Keys()
    {
        var numbers = _key.ExportParameters(includePrivateParameters: false);
        return new()
        {
            ["keys"] = new JsonArray(
                new JsonObject
                {
                    ["kty"] = "RSA",
                    ["use"] = "sig",
                    ["alg"] = "RS256",
                    ["kid"] = Kid,
                    ["n"] = Base64Url.EncodeToString(numbers.Modulus),
                    ["e"] = Base64Url.EncodeToString(numbers.Exponent),
                }
            ),
        };
    }

    public void ReplaceKey(string kid)
    {
        _key.Dispose();
        (_key, Kid) = (RSA.Create(2048), kid);
    }

    public string Sign(JsonObject claims)
    {
        var header = new JsonObject { ["alg"] = "RS256", ["kid"] = Kid };
        var text = $"{Part(header)}.{Part(claims)}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>What authenticates one request: a fresh assertion for the issuer.</summary>
    public (string Name, string Value)[] Proof()
    {
        var now = _server.Time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Id,
            ["sub"] = Id,
            ["aud"] = _server.Issuer,
            ["jti"] = ConformanceFlow.Random(24),
            ["iat"] = now,
            ["exp"] = now + 60,
        };
        return [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", Sign(claims))];
    }

    /// <summary>On the back channel, without a secret: <see cref="Proof"/> comes beside.</summary>
    public TokenClient Channel() => new(_server, Id, secret: null);

    public async ValueTask DisposeAsync()
    {
        if (Registered.ValueKind == JsonValueKind.Object)
        {
            var (status, _) = await SendAsync(
                HttpMethod.Delete,
                Registered.GetProperty("registration_client_uri").GetString()!,
                null,
                Registered.GetProperty("registration_access_token").GetString()
            );
            Assert.Equal(HttpStatusCode.NoContent, status);
        }
        _http.Dispose();
        _key.Dispose();
    }

    private JsonObject Metadata((string Name, JsonNode? Value)[] changes)
    {
        var metadata = new JsonObject
        {
            ["client_name"] = "Plan " + ConformanceFlow.Random(6),
            ["redirect_uris"] = new JsonArray(Callback),
            ["response_types"] = new JsonArray("code"),
            ["grant_types"] = new JsonArray("authorization_code"),
            ["token_endpoint_auth_method"] = "private_key_jwt",
            ["jwks"] = Keys(),
        };
        foreach (var (name, value) in changes)
        {
            metadata.Remove(name);
            if (value is not null)
                metadata[name] = value;
        }
        return metadata;
    }

    private async Task<(HttpStatusCode, JsonElement)> SendAsync(HttpMethod method, string url, JsonObject? body, string? token)
    {
        using var request = new HttpRequestMessage(method, url);
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (text.Length == 0)
            return (response.StatusCode, default);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        using var document = JsonDocument.Parse(text);
        return (response.StatusCode, document.RootElement.Clone());
    }

    private static string Part(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
