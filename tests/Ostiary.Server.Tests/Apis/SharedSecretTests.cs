using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Apis;
using Ostiary.Server.Configuration;
using Ostiary.Server.Tests.Admin;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Apis;

/// <summary>Access tokens signed by HS256: for APIs that ask for it, with a secret of their own.</summary>
public sealed class SharedSecretTests : IAsyncLifetime
{
    private const string First = "https://notes.example";
    private const string Second = "https://mail.example";
    private static readonly JwsPolicy Policy = new() { Algorithms = ["HS256"], Types = ["at+jwt"] };
    private readonly Dictionary<string, string> _secrets = [];
    private TestServer _server = null!;
    private TokenClient _robot = null!;
    private TokenClient _web = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        foreach (var (identifier, scope) in ((string, string)[])[(First, "notes"), (Second, "mail")])
            _secrets[identifier] = await AddAsync(identifier, scope);
        await _server.AddClientAsync("""{"client_id":"robot","type":"service","scope":"notes mail read"}""", TestServer.WebSecret);
        await _server.AddClientAsync(
            """{"client_id":"app","type":"web","redirect_uris":["CB"],"consent":"none","scope":"openid profile notes"}""",
            TestServer.WebSecret
        );
        (_robot, _web) = (new(_server, "robot"), new(_server, "app"));
    }

    public async ValueTask DisposeAsync()
    {
        _robot.Dispose();
        _web.Dispose();
        await _server.DisposeAsync();
    }

    [Fact, Trait("Spec", "RFC 8725 §3.1"), Trait("Spec", "RFC 7518 §3.2")]
    public async Task A_token_verifies_with_the_secret_of_its_api_and_with_no_other()
    {
        var token = await TokenAsync("notes");

        Assert.True(Jws.TryVerify(token, KeyOf(_secrets[First]), Policy, out var jws, out _));
        Assert.True(JwtClaims.TryParse(jws.Payload, out var claims, out _));
        Assert.Equal((First, "robot", "notes"), (claims.Audience![0], claims.String("client_id"), claims.String("scope")));
        Assert.False(Jws.TryVerify(token, KeyOf(_secrets[Second]), Policy, out _, out _));
        Assert.Equal("True", (await IntrospectAsync(token))["active"]);
    }

    [Fact, Trait("Spec", "RFC 8725 §3.1")]
    public async Task The_secret_is_in_no_key_set_and_other_apis_stay_as_they_are()
    {
        await TokenAsync("notes");
        using var http = _server.NewHttp();
        var keys = await http.GetStringAsync(_server.Server.Issuer.Url.At("/.well-known/jwks.json"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("oct", keys, StringComparison.Ordinal);
        Assert.DoesNotContain("HS256", keys, StringComparison.Ordinal);
        Assert.StartsWith("""{"alg":"ES256""", Header(await TokenAsync("read")), StringComparison.Ordinal);
    }

    /// <summary>The API can sign what it likes with its secret; it deceives nobody but itself.</summary>
    [Fact, Trait("Spec", "RFC 8725 §3.1")]
    public async Task What_the_api_signs_itself_is_nothing_to_the_server()
    {
        var mine = (await _web.SignInAsync(_server.NewBrowser(), "openid profile notes"))["access_token"]!;
        Assert.Equal(HttpStatusCode.OK, (await _web.UserInfoAsync(mine)).Status);
        var payload = Payload(mine);

        foreach (
            var forged in (string[])
                [
                    payload.Replace("usr_alice", "usr_bob", StringComparison.Ordinal),
                    payload[..payload.IndexOf(",\"issuer_mark\"", StringComparison.Ordinal)] + "}",
                    payload.Replace("\"scope\":\"", "\"scope\":\"email ", StringComparison.Ordinal),
                    payload.Replace(First, Second, StringComparison.Ordinal),
                    payload.Replace("\"jti\":\"", "\"jti\":\"x", StringComparison.Ordinal),
                ]
        )
        {
            var token = SignAs(First, forged);
            Assert.Equal(HttpStatusCode.Unauthorized, (await _web.UserInfoAsync(token)).Status);
            Assert.Equal("False", (await IntrospectAsync(token))["active"]);
            await _web.PostAsync("/revoke", ("token", token));
        }
        Assert.Equal(HttpStatusCode.OK, (await _web.UserInfoAsync(mine)).Status);
    }

    /// <summary>A public key as the secret, the API's secret under another algorithm's name, and no algorithm at all.</summary>
    [Fact, Trait("Spec", "RFC 8725 §3.1")]
    public async Task No_key_serves_an_algorithm_that_is_not_its_own()
    {
        var es = await TokenAsync("read");
        using var http = _server.NewHttp();
        var jwks = await http.GetStringAsync(_server.Server.Issuer.Url.At("/.well-known/jwks.json"), TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(jwks);
        foreach (var published in document.RootElement.GetProperty("keys").EnumerateArray())
        {
            var kid = published.GetProperty("kid").GetString()!;
            Assert.Equal("False", (await IntrospectAsync(Sign(published.GetRawText().PadRight(32), Payload(es), kid)))["active"]);
        }
        var shared = await TokenAsync("notes");
        foreach (var alg in (string[])["ES256", "RS256", "none", "hs256", "HS512"])
        {
            var header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"alg":"{{alg}}","typ":"at+jwt"}"""));
            Assert.Equal("False", (await IntrospectAsync(header + shared[shared.IndexOf('.', StringComparison.Ordinal)..]))["active"]);
        }
        Assert.Equal("False", (await IntrospectAsync(Sign(_secrets[First], Payload(shared), null, "JWT")))["active"]);
    }

    [Fact]
    public async Task A_new_secret_signs_after_its_delay_and_the_old_one_is_read_on()
    {
        var secrets = new ApiSecrets(_server.Server.Issuer.Master);
        var before = await TokenAsync("notes");
        var made = "";
        await _server.ChangeAsync(set =>
        {
            var document = set.Apis[First];
            (var kept, made) = secrets.Rotate(document.Api, _server.Time.GetUtcNow(), _server.Time.GetUtcNow().AddMinutes(5));
            return set.With(document with { Api = document.Api with { Secrets = kept } });
        });

        Assert.True(Jws.TryVerify(await TokenAsync("notes"), KeyOf(_secrets[First]), Policy, out _, out _));
        _server.Time.Advance(TimeSpan.FromMinutes(5));
        var after = await TokenAsync("notes");
        Assert.True(Jws.TryVerify(after, KeyOf(made), Policy, out _, out _));
        Assert.Equal(("True", "True"), ((await IntrospectAsync(before))["active"], (await IntrospectAsync(after))["active"]));
    }

    [Fact]
    public async Task The_secret_is_made_by_administration_shown_once_and_kept_sealed()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var created = await admin.DoAsync("POST", "/apis", """{"identifier":"https://a.example","signing_alg":"HS256"}""");
        var secret = created.GetProperty("api_secret").GetString()!;
        Assert.StartsWith("ost_key_", secret, StringComparison.Ordinal);
        Assert.False((await admin.DoAsync("GET", "/apis/https%3A%2F%2Fa.example")).TryGetProperty("api_secret", out _));
        Assert.False((await admin.DoAsync("PATCH", "/apis/https%3A%2F%2Fa.example", """{"name":"A"}""")).TryGetProperty("api_secret", out _));
        var rotated = await admin.DoAsync("POST", "/apis/https%3A%2F%2Fa.example/secret/rotate", """{"delay":"1h"}""");
        Assert.NotEqual(secret, rotated.GetProperty("api_secret").GetString());
        Assert.Equal(2, rotated.GetProperty("secrets").GetArrayLength());
        foreach (var document in (await admin.Issuer.Stores.Documents.LoadAsync(TestContext.Current.CancellationToken)).Documents)
            Assert.DoesNotContain("ost_key_", document.Json, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", AdminHarness.Text(await admin.SendAsync("GET", "/config")), StringComparison.Ordinal);
        await admin.Configuration.ReloadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, admin.Configuration.Current.Apis["https://a.example"].Secrets.Length);

        var gone = await admin.DoAsync("PATCH", "/apis/https%3A%2F%2Fa.example", """{"signing_alg":"ES256"}""");
        Assert.False(gone.TryGetProperty("secrets", out _));
        var applied = await admin.ApplyAsync("""{"apis":[{"identifier":"https://b.example","signing_alg":"HS256"}]}""");
        Assert.Equal("https://b.example", applied.GetProperty("api_secrets")[0].GetProperty("identifier").GetString());
        Assert.False(
            (await admin.ApplyAsync("""{"apis":[{"identifier":"https://b.example","signing_alg":"HS256"}]}""")).TryGetProperty("api_secrets", out _)
        );
    }

    [Theory]
    [InlineData(
        "POST",
        "/apis",
        """{"identifier":"https://o.example","signing_alg":"HS256","token_format":"opaque"}""",
        "opaque tokens are not signed"
    )]
    [InlineData("POST", "/apis/https%3A%2F%2Fplain.example/secret/rotate", "", "checked with a public key; there is no shared secret")]
    [InlineData("POST", "/apis/https%3A%2F%2Fnone.example/secret/rotate", "", "does not exist")]
    [InlineData("POST", "/apis/https%3A%2F%2Fplain.example/secret/rotate", """{"delay":"30d"}""", "is longer than 7d")]
    [InlineData("POST", "/apis", """{"identifier":"https://o.example","signing_alg":"HS512"}""", "is not one of")]
    public async Task Says_why_there_is_no_shared_secret(string method, string path, string body, string said)
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.DoAsync("POST", "/apis", """{"identifier":"https://plain.example"}""");
        var response = await admin.SendAsync(method, path, body);
        Assert.NotNull(response.Reason);
        Assert.Contains(said, AdminHarness.Text(response), StringComparison.Ordinal);
    }

    [Fact]
    public void A_sealed_secret_opens_for_its_own_api_alone()
    {
        var master = Ostiary.Server.Keys.MasterKey.Ephemeral();
        var secrets = new ApiSecrets(master);
        var sealedFor = Document(First, "notes");
        var kept = secrets.Complete(sealedFor, null, DateTimeOffset.UnixEpoch).Kept.Api;
        var moved = kept with { Identifier = Second };
        Assert.Throws<Ostiary.Server.Stores.StoreException>(() =>
            new ApiSecrets(master).Sign(moved, DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes($$"""{"aud":"{{Second}}"}"""))
        );
    }

    private async Task<string> AddAsync(string identifier, string scope)
    {
        var secret = "";
        await _server.ChangeAsync(set =>
        {
            var (api, made) = new ApiSecrets(_server.Server.Issuer.Master).Complete(Document(identifier, scope), null, _server.Time.GetUtcNow());
            secret = made!;
            return set.With(api);
        });
        return secret;
    }

    private static ApiDocument Document(string identifier, string scope)
    {
        using var json = JsonDocument.Parse(
            $$"""{"identifier":"{{identifier}}","signing_alg":"HS256","scopes":[{"name":"{{scope}}","description":"x"}],"resource_server_clients":["rs"]}"""
        );
        return ApiDocument.Parse(json.RootElement.Clone(), "", [])!;
    }

    private async Task<string> TokenAsync(string scope) =>
        (await _robot.TokenAsync(("grant_type", "client_credentials"), ("scope", scope)))["access_token"]!;

    private async Task<Answer> IntrospectAsync(string token)
    {
        using var api = new TokenClient(_server, "rs");
        return await api.PostAsync("/introspect", ("token", token));
    }

    private string SignAs(string api, string payload) => Sign(_secrets[api], payload, null);

    private static string Sign(string secret, string payload, string? kid, string typ = "at+jwt")
    {
        using var signer = JwsSigner.Create(kid is null ? KeyOf(secret) : KeyOf(secret).WithKid(kid), "HS256");
        return signer.Sign(typ, Encoding.UTF8.GetBytes(payload));
    }

    private static JsonWebKey KeyOf(string secret)
    {
        var jwk = $$"""{"kty":"oct","k":"{{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(secret))}}"}""";
        Assert.True(JsonWebKey.TryParse((ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(jwk), out var key, out _));
        return key;
    }

    private static string Header(string token) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[0]));

    private static string Payload(string token) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[1]));
}
