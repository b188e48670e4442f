using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Ostiary.Program.Tests.Cli;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;

namespace Ostiary.Program.Tests.Secrets;

/// <summary>Secrets go in at every input, rightly and wrongly; none of them is in what the program says, logs or keeps.</summary>
[Trait("Speed", "Slow")]
public sealed class CanaryTests : IDisposable
{
    private readonly Canaries _canaries = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ostiary-canary-");
    private readonly JsonWebKey _key = JsonWebKey.Generate("ES256", "canary-key");
    private readonly string _issuer = $"http://127.0.0.1:{ServerProcess.FreePort()}";
    private readonly string _secret;
    private readonly string _password;

    public CanaryTests()
    {
        _secret = _canaries.New("client secret");
        _password = _canaries.New("password");
    }

    private string Data => Path.Combine(_directory.FullName, "data");
    private string Good => CanaryBrowser.Basic("app", _secret);

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory, InlineData("sqlite"), InlineData("memory")] // P01, P02, D25
    public async Task No_secret_is_said_logged_or_kept(string store)
    {
        await WriteConfigurationAsync();
        string[] arguments = ["--issuer", _issuer, "--listen", _issuer, "--data", Data, "--store", store, "--config", In("ostiary.json")];
        await using var server = await ServerProcess.StartAsync(arguments);
        using var browser = new CanaryBrowser(_issuer, _canaries);

        await SignInRefreshAndEndAsync(browser);
        await FailWithCodesAsync(browser);
        await FailWithCredentialsAsync(browser);
        await FailWithTokensAsync(browser);
        await FailAtPagesAsync(browser);
        browser.RememberCookies();
        await AdministerAsync();

        await NothingIsKeptAsync("while it runs");
        Assert.Equal(0, await server.StopAsync());
        await NothingIsKeptAsync("after the end");
        Assert.Empty(_canaries.In(Encoding.UTF8.GetBytes(server.Output)));
        Assert.Empty(_canaries.In(Encoding.UTF8.GetBytes(server.Error)));
        Assert.True(_canaries.Count > 60, $"only {_canaries.Count} canaries were let in");
    }

    private async Task SignInRefreshAndEndAsync(CanaryBrowser browser)
    {
        var (code, verifier) = await browser.CodeAsync("app", _password, _canaries.New("wrong password"), _canaries.New("wrong password"));
        var tokens = await RedeemAsync(browser, code, verifier);
        var refreshed = await browser.PostAsync("/token", Good, ("grant_type", "refresh_token"), ("refresh_token", tokens.Refresh));
        var second = Remember(refreshed);
        await browser.PostAsync("/introspect", CanaryBrowser.Basic("rs", _secret), ("token", second.Access));
        await browser.PostAsync("/introspect", Good, ("token", second.Refresh));
        using var info = await browser.SendAsync(HttpMethod.Get, "/userinfo", "Bearer " + second.Access);
        await browser.PostAsync("/token", Good, ("grant_type", "refresh_token"), ("refresh_token", tokens.Refresh)); // A replay.
        await browser.PostAsync("/revoke", Good, ("token", second.Refresh), ("token_type_hint", "refresh_token"));
        await browser.PostAsync("/token", Good, ("grant_type", "refresh_token"), ("refresh_token", second.Refresh));
        browser.RememberCookies();
        using var end = await browser.SendAsync(HttpMethod.Get, $"/end_session?client_id=app&id_token_hint={second.Id}");
    }

    private async Task FailWithCodesAsync(CanaryBrowser browser)
    {
        var (replayed, verifier) = await browser.CodeAsync("app", _password);
        await RedeemAsync(browser, replayed, verifier);
        await browser.PostAsync("/token", Good, Redemption(replayed, verifier));

        var (wrong, _) = await browser.CodeAsync("app", _password);
        await browser.PostAsync("/token", Good, Redemption(wrong, _canaries.New("wrong code_verifier")));
        await browser.PostAsync("/token", CanaryBrowser.Basic("app-post", _secret), Redemption(wrong, verifier));
        await browser.PostAsync("/token", Good, Redemption(_canaries.New("unknown code", "ost_ac_"), verifier));
        await browser.PostAsync("/token", Good, Redemption(_canaries.New("unknown code"), _canaries.New("short verifier")[..20]));
        await browser.PostAsync("/token?code=" + _canaries.New("code in a URL"), Good, Redemption(wrong, verifier));
        await browser.PostAsync("/token", Good, [.. Redemption(_canaries.New("first code"), verifier), ("code", _canaries.New("second code"))]);
        using var get = await browser.SendAsync(HttpMethod.Get, "/token?code=" + _canaries.New("code by GET"));
    }

    private async Task FailWithCredentialsAsync(CanaryBrowser browser)
    {
        (string, string) grant = ("grant_type", "client_credentials");
        await browser.PostAsync("/token", CanaryBrowser.Basic("app", _canaries.New("wrong secret")), grant);
        await browser.PostAsync("/token", CanaryBrowser.Basic("app", _canaries.New("wrong secret", "ost_cs_")), grant);
        // A client_id that is not known is logged as it came, but for what looks like a secret of the server.
        await browser.PostAsync("/token", CanaryBrowser.Basic(_canaries.New("secret as client id", "ost_cs_"), _secret), grant);
        await browser.PostAsync("/token", "Basic " + _canaries.New("broken Basic"), grant);
        await browser.PostAsync("/token", "Bearer " + _canaries.New("Bearer at the token endpoint"), grant);
        await browser.PostAsync("/token", null, grant, ("client_id", "app-post"), ("client_secret", _secret));
        await browser.PostAsync("/token", null, grant, ("client_id", "app-post"), ("client_secret", _canaries.New("wrong posted secret")));
        await browser.PostAsync("/token", Good, grant, ("client_id", "app"), ("client_secret", _canaries.New("secret sent twice")));
        await browser.PostAsync("/token?client_id=app-post&client_secret=" + _canaries.New("secret in a URL"), null, grant);
        await browser.PostAsync("/token", null, ("grant_type", "password"), ("username", "alice"), ("password", _password), ("client_id", "app"));
        await browser.PostAsync("/token", Good, ("grant_type", _canaries.New("secret as grant type")));
        await browser.PostAsync(
            "/token",
            Good,
            grant,
            ("scope", _canaries.New("secret as scope")),
            ("resource", _canaries.New("secret as resource"))
        );
        using var signer = JwsSigner.Create(_key, "ES256");
        var assertion = Assertion(signer);
        var granted = await AssertAsync(browser, assertion);
        _canaries.Add("access token by assertion", granted.GetProperty("access_token").GetString());
        await AssertAsync(browser, assertion);
        await AssertAsync(browser, _canaries.Add("forged assertion", Assertion(signer)[..^20] + new string('A', 20)));
        await AssertAsync(browser, _canaries.New("no assertion"));
    }

    private async Task FailWithTokensAsync(CanaryBrowser browser)
    {
        var (code, verifier) = await browser.CodeAsync("app", _password);
        var tokens = await RedeemAsync(browser, code, verifier);
        foreach (var prefix in new[] { "", "ost_rt_", "ost_at_", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0." })
        {
            var bogus = _canaries.New("bogus token", prefix);
            await browser.PostAsync("/token", Good, ("grant_type", "refresh_token"), ("refresh_token", bogus));
            await browser.PostAsync("/introspect", Good, ("token", bogus), ("token_type_hint", bogus));
            await browser.PostAsync("/revoke", Good, ("token", bogus));
            using var header = await browser.SendAsync(HttpMethod.Get, "/userinfo", "Bearer " + bogus);
            using var query = await browser.SendAsync(HttpMethod.Get, "/userinfo?access_token=" + bogus);
            using var hint = await browser.SendAsync(HttpMethod.Get, "/end_session?id_token_hint=" + bogus);
            using var path = await browser.SendAsync(HttpMethod.Get, "/errors/" + bogus);
            using var nowhere = await browser.SendAsync(HttpMethod.Get, "/" + bogus);
        }
        await browser.PostAsync(
            "/token",
            CanaryBrowser.Basic("app-post", _secret),
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.Refresh)
        );
        await browser.PostAsync("/introspect", CanaryBrowser.Basic("rs", _canaries.New("wrong secret at introspection")), ("token", tokens.Access));
        await browser.PostAsync("/revoke", CanaryBrowser.Basic("app-post", _secret), ("token", tokens.Refresh));
        await browser.PostAsync("/userinfo", null, ("access_token", tokens.Access));
    }

    private async Task FailAtPagesAsync(CanaryBrowser browser)
    {
        var start = "/authorize?client_id=app&response_type=code&redirect_uri=" + Uri.EscapeDataString(CanaryBrowser.Callback);
        foreach (
            var name in new[] { "code_verifier", "client_secret", "password", "login_hint", "code_challenge", "request", "id_token_hint", "prompt" }
        )
        {
            using var strange = await browser.SendAsync(HttpMethod.Get, $"{start}&{name}={_canaries.New(name + " at authorize")}");
        }
        using var client = await browser.SendAsync(
            HttpMethod.Get,
            "/authorize?client_id=" + _canaries.New("secret as client at authorize", "ost_cs_")
        );
        using var callback = await browser.SendAsync(
            HttpMethod.Get,
            "/authorize?client_id=app&redirect_uri=https://evil.example/?p=" + _canaries.New("secret in a redirect URI")
        );
        using var stranger = new CanaryBrowser(_issuer, _canaries);
        using var login = await stranger.SendAsync(HttpMethod.Get, "/login");
        var csrf = await stranger.CsrfAsync(login);
        foreach (var (name, value) in new[] { (_canaries.New("password as username"), "x"), ("nobody", _canaries.New("password of nobody")) })
        {
            using var wrong = await stranger.SendAsync(HttpMethod.Post, "/login", null, ("csrf", csrf), ("username", name), ("password", value));
        }
        using var forged = await stranger.SendAsync(
            HttpMethod.Post,
            "/login",
            null,
            ("csrf", _canaries.New("forged csrf")),
            ("username", "alice"),
            ("password", _password)
        );
        stranger.RememberCookies();
    }

    /// <summary>The operator gets a new secret, and a token of an operator is refused.</summary>
    private async Task AdministerAsync()
    {
        var made = await Cli.Program.RunAsync("client", "secret", "add", "app-post", "--data", Data, "-o", "json");
        Assert.True(made.Exit == 0, made.Error);
        using var answer = JsonDocument.Parse(made.Output);
        _canaries.Add("secret made by the server", answer.RootElement.GetProperty("client_secret").GetString());
        var token = new Dictionary<string, string?> { ["OSTIARY_TOKEN"] = _canaries.New("token of an operator") };
        var refused = await Cli.Program.RunAsync(["client", "list", "--server", _issuer], null, token);
        Assert.Equal(4, refused.Exit);
        Assert.Empty(_canaries.In(Encoding.UTF8.GetBytes(refused.Output + refused.Error)));
    }

    private async Task NothingIsKeptAsync(string when)
    {
        var copy = In("copy " + when);
        // The server holds its files for itself, so somebody else copies them.
        using (var copying = Process.Start("cp", ["-r", Data, copy]))
            await copying.WaitForExitAsync(TestContext.Current.CancellationToken);
        var files = Directory.GetFiles(copy, "*", SearchOption.AllDirectories);
        var knowsAlice = false;
        foreach (var file in files.Where(f => !f.EndsWith(".sock", StringComparison.Ordinal)))
        {
            var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            Assert.True(_canaries.In(bytes) is [], $"{when}, {Path.GetFileName(file)} holds: {string.Join(", ", _canaries.In(bytes))}");
            knowsAlice |= bytes.AsSpan().IndexOf("alice"u8) >= 0;
        }
        Assert.True(knowsAlice, "nothing was kept, so nothing was looked through");
        Assert.Contains(files, file => file.EndsWith(".jsonl", StringComparison.Ordinal) && new FileInfo(file).Length > 1000);
    }

    private async Task<(string Access, string Refresh, string Id)> RedeemAsync(CanaryBrowser browser, string code, string verifier) =>
        Remember(await browser.PostAsync("/token", Good, Redemption(code, verifier)));

    private (string Access, string Refresh, string Id) Remember(JsonElement tokens)
    {
        string Of(string name) => _canaries.Add(name, tokens.TryGetProperty(name, out var value) ? value.GetString() : tokens.ToString());
        Assert.False(tokens.TryGetProperty("error", out _), tokens.ToString());
        return (Of("access_token"), Of("refresh_token"), Of("id_token"));
    }

    private static (string Name, string Value)[] Redemption(string code, string verifier) =>
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CanaryBrowser.Callback), ("code_verifier", verifier)];

    private static Task<JsonElement> AssertAsync(CanaryBrowser browser, string assertion) =>
        browser.PostAsync(
            "/token",
            null,
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion)
        );

    private string Assertion(JwsSigner signer)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                iss = "robot",
                sub = "robot",
                aud = _issuer,
                iat = now,
                exp = now + 60,
                jti = Entropy.Text(16),
            }
        );
        return _canaries.Add("assertion", signer.Sign("JWT", claims));
    }

    private string In(string name) => Path.Combine(_directory.FullName, name);

    private async Task WriteConfigurationAsync()
    {
        await File.WriteAllTextAsync(In("secret"), _secret, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(In("password"), _password, TestContext.Current.CancellationToken);
        var jwk = Encoding.UTF8.GetString(_key.ToPublicUtf8());
        await File.WriteAllTextAsync(
            In("ostiary.json"),
            $$"""
            {
              "apis": [{"identifier": "https://api.example", "scopes": [{"name": "read", "description": "Read", "default": true}], "resource_server_clients": ["rs"]}],
              "clients": [
                {"client_id": "app", "type": "web", "redirect_uris": ["{{CanaryBrowser.Callback}}"], "refresh_token_rotation": "always", "scope": "openid offline_access read", "client_secret": {"file": "secret"} },
                {"client_id": "app-hs256", "type": "web", "redirect_uris": ["{{CanaryBrowser.Callback}}"], "id_token_signed_response_alg": "HS256", "client_secret": {"file": "secret"} },
                {"client_id": "app-post", "type": "service", "scope": "read", "token_endpoint_auth_method": "client_secret_post", "client_secret": {"file": "secret"} },
                {"client_id": "rs", "type": "service", "client_secret": {"file": "secret"} },
                {"client_id": "robot", "type": "service", "scope": "read", "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256", "jwks": {"keys": [ {{jwk}} ] } }
              ],
              "users": [{"username": "alice", "password": {"file": "password"} }]
            }
            """,
            TestContext.Current.CancellationToken
        );
    }
}
