using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;

namespace Ostiary.Server.Tests.Harness;

/// <summary>One server for all attacks of a class, with alice signed in at a browser and clients of every kind.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    public const string Verifier = "verifier-verifier-verifier-verifier-verifier";
    public const string NativeCallback = "com.example.app:/cb";

    public static JsonWebKey ClientKey { get; } = JsonWebKey.Generate("ES256", "pk-1");
    public static JsonWebKey ForeignKey { get; } = JsonWebKey.Generate("ES256", "pk-1");

    public TestServer Server { get; private set; } = null!;

    /// <summary>A browser in which alice is signed in.</summary>
    public Browser Alice { get; private set; } = null!;
    public TokenClient Web { get; private set; } = null!;
    public TokenClient Web2 { get; private set; } = null!;
    public TokenClient Spa { get; private set; } = null!;
    public TokenClient Robot { get; private set; } = null!;

    /// <summary>The resource server of https://api.example.</summary>
    public TokenClient Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await TestServer.StartAsync();
        await Server.AddApiAsync(
            """{"identifier":"https://other.example","scopes":[{"name":"other","description":"Other"}],"resource_server_clients":["rs2"]}"""
        );
        await Server.AddClientAsync(
            """{"client_id":"nat","type":"native","redirect_uris":["http://127.0.0.1/cb","http://[::1]/cb","com.example.app:/cb"],"consent":"none"}"""
        );
        await Server.AddClientAsync(
            $$$"""{"client_id":"pk","type":"service","scope":"read","token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"ES256","jwks":{"keys":[{{{Encoding.UTF8.GetString(ClientKey.ToPublicUtf8())}}}]}}"""
        );
        await Server.AddClientAsync(
            """{"client_id":"post","type":"service","scope":"read","token_endpoint_auth_method":"client_secret_post"}""",
            TestServer.WebSecret
        );
        await Server.AddClientAsync(
            """{"client_id":"https-app","type":"web","redirect_uris":["https://rp.test/cb","https://a.rp.test/cb?t=1"],"consent":"none"}""",
            TestServer.WebSecret
        );
        await Server.AddClientAsync(
            """{"client_id":"wide","type":"web","redirect_uris":["CB"],"consent":"none","scope":"openid offline_access read other"}""",
            TestServer.WebSecret
        );
        Alice = Server.NewBrowser();
        Browser.QueryOf(await Alice.AuthorizeAsync(Ask.Query("web")));
        (Web, Web2, Spa) = (new(Server, "web"), new(Server, "web2"), new(Server, "spa", secret: null));
        (Robot, Api) = (new(Server, "m2m"), new(Server, "rs"));
    }

    /// <summary>A fresh code of alice for a good request, changed as stated.</summary>
    public async Task<string> CodeAsync(string client = "web", params (string Name, string? Value)[] changes)
    {
        var query = Browser.QueryOf(await Alice.AuthorizeAsync(Ask.Query(client, changes)));
        Assert.Null(query["error"]);
        return query["code"]!;
    }

    /// <summary>The good redemption of a code, changed as stated.</summary>
    public static (string, string)[] Redemption(string code, params (string Name, string? Value)[] changes) =>
        Ask.Changed(
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", TestServer.Callback), ("code_verifier", Verifier)],
            changes
        );

    /// <summary>Tokens of alice for a client.</summary>
    public async Task<Answer> TokensAsync(string client = "web", params (string Name, string? Value)[] changes)
    {
        var caller = client switch
        {
            "spa" => Spa,
            "web2" => Web2,
            "web" => Web,
            _ => new TokenClient(Server, client),
        };
        var answer = await caller.TokenAsync(Redemption(await CodeAsync(client, changes)));
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.Status);
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        Alice.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>A good authorization request, changed in one thing.</summary>
public static class Ask
{
    /// <summary>A change: another value; null: left out; a name that begins with + is sent once more.</summary>
    public static string Query(string client = "web", params (string Name, string? Value)[] changes)
    {
        var good = new List<(string, string)>
        {
            ("client_id", client),
            ("response_type", "code"),
            (
                "redirect_uri",
                client switch
                {
                    "web2" => "http://127.0.0.1:2/cb",
                    "nat" => "http://127.0.0.1:51004/cb",
                    "https-app" => "https://rp.test/cb",
                    _ => TestServer.Callback,
                }
            ),
            ("scope", "openid"),
            ("state", "the state"),
            ("nonce", "n-1"),
            ("code_challenge", Pkce.ChallengeOf(SharedServer.Verifier)),
            ("code_challenge_method", "S256"),
        };
        return Encode(Changed(good, changes));
    }

    public static string Encode(IEnumerable<(string Name, string Value)> form) =>
        string.Join('&', form.Select(p => Uri.EscapeDataString(p.Name) + "=" + Uri.EscapeDataString(p.Value)));

    public static (string, string)[] Changed(IEnumerable<(string Name, string Value)> good, (string Name, string? Value)[] changes)
    {
        var list = good.ToList();
        foreach (var (name, value) in changes)
        {
            if (name.StartsWith('+'))
                list.Add((name[1..], value!));
            else if (value is null)
                list.RemoveAll(p => p.Name == name);
            else if (list.FindIndex(p => p.Name == name) is >= 0 and var at)
                list[at] = (name, value);
            else
                list.Add((name, value));
        }
        return [.. list];
    }
}

/// <summary>JWTs that nobody would send in good faith, and the good one.</summary>
public static class Forge
{
    public static string Jwt(string header, string payload, Func<byte[], byte[]> sign)
    {
        var input = Text(header) + "." + Text(payload);
        return input + "." + Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(input)));
    }

    public static string Text(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    public static string Part(string token, int index) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[index]));

    public static string Signed(JsonWebKey key, string alg, string typ, string payload)
    {
        using var signer = JwsSigner.Create(key, alg);
        return signer.Sign(typ, Encoding.UTF8.GetBytes(payload));
    }

    /// <summary>The good claims of a client assertion, changed as stated: a value is JSON text, null leaves the claim out.</summary>
    public static string AssertionClaims(TestServer server, params (string Name, string? Json)[] changes)
    {
        var now = server.Time.Now.ToUnixTimeSeconds();
        var claims = new Dictionary<string, string?>
        {
            ["iss"] = "\"pk\"",
            ["sub"] = "\"pk\"",
            ["aud"] = JsonSerializer.Serialize(server.Issuer),
            ["jti"] = $"\"{Entropy.Text(16)}\"",
            ["iat"] = $"{now}",
            ["exp"] = $"{now + 60}",
        };
        foreach (var (name, json) in changes)
            claims[name] = json;
        return "{" + string.Join(',', claims.Where(c => c.Value is not null).Select(c => $"\"{c.Key}\":{c.Value}")) + "}";
    }
}
