using System.Net;
using System.Net.Http.Headers;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Senders;

public sealed class DpopAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const HttpStatusCode Unauthorized = HttpStatusCode.Unauthorized;
    private TestServer Server => shared.Server;

    private TokenClient As(string client, Prover? prover) => new(Server, client, client == "spa" ? null : TestServer.WebSecret) { Prover = prover };

    private static Task<Answer> RobotAsync(TokenClient client, params (string, string)[] more) =>
        client.TokenAsync([("grant_type", "client_credentials"), ("scope", "read"), .. more]);

    private async Task<Answer> SignInAsync(TokenClient client, string id, params (string Name, string? Value)[] changes) =>
        await client.TokenAsync(SharedServer.Redemption(await shared.CodeAsync(id, changes)));

    private async Task<Answer> RobotWithAsync(params string[] proofs)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Server.Server.Issuer.Url.At("/token"));
        var basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"m2m:{TestServer.WebSecret}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", basic);
        foreach (var proof in proofs)
            request.Headers.TryAddWithoutValidation("DPoP", proof);
        request.Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("scope", "read")]);
        return await shared.Robot.SendAsync(request);
    }

    [Fact, Trait("Spec", "RFC 9449 §5"), Trait("Spec", "RFC 9449 §6.1"), Trait("Spec", "RFC 9449 §6.2")]
    public async Task A_proof_binds_the_token_to_its_key()
    {
        var prover = new Prover(Server);
        using var robot = As("m2m", prover);

        var answer = await RobotAsync(robot);

        Assert.Equal((HttpStatusCode.OK, "DPoP"), (answer.Status, answer["token_type"]));
        Assert.Contains($"\"cnf\":{{\"jkt\":\"{prover.Thumbprint}\"}}", Forge.Part(answer["access_token"]!, 1), StringComparison.Ordinal);
        var told = await shared.Api.PostAsync("/introspect", ("token", answer["access_token"]!));
        Assert.Equal(("True", "DPoP"), (told["active"], told["token_type"]));
        Assert.Equal(prover.Thumbprint, told.Json.GetProperty("cnf").GetProperty("jkt").GetString());
        Assert.Equal("Bearer", (await RobotAsync(shared.Robot))["token_type"]);
    }

    [Fact, Trait("Spec", "RFC 9449 §6.2")]
    public async Task An_opaque_token_is_bound_too()
    {
        await Server.AddApiAsync(
            """{"identifier":"https://opaque.example","token_format":"opaque","scopes":[{"name":"peek","description":"Peek"}],"resource_server_clients":["rs"]}"""
        );
        await Server.AddClientAsync("""{"client_id":"m2m-opaque","type":"service","scope":"peek"}""", TestServer.WebSecret);
        var prover = new Prover(Server);
        using var robot = As("m2m-opaque", prover);

        var answer = await robot.TokenAsync(("grant_type", "client_credentials"), ("scope", "peek"));

        var told = await shared.Api.PostAsync("/introspect", ("token", answer["access_token"]!));
        Assert.Equal(prover.Thumbprint, told.Json.GetProperty("cnf").GetProperty("jkt").GetString());
    }

    [Fact, Trait("Spec", "RFC 9449 §5.2")]
    public async Task F01_and_F18_a_client_whose_tokens_are_bound_gets_none_without_a_proof()
    {
        await Server.AddClientAsync("""{"client_id":"dp","type":"service","scope":"read","dpop_bound_access_tokens":true}""", TestServer.WebSecret);
        using var bare = As("dp", null);
        using var proving = As("dp", new Prover(Server));

        (await RobotAsync(bare)).ShouldBeRefused("invalid_dpop_proof", "OST2100");
        Assert.Equal("DPoP", (await RobotAsync(proving))["token_type"]);
        Assert.True(await Server.RefusedWithAsync(Reason.ProofMissing));
        Assert.True((await Server.AdministerAsync("GET", "/clients/dp")).GetProperty("dpop_bound_access_tokens").GetBoolean());
    }

    [Fact, Trait("Spec", "RFC 9700 §2.2.1")]
    public async Task An_API_whose_tokens_are_bound_gets_no_other()
    {
        await Server.AddApiAsync("""{"identifier":"https://bound.example","require_dpop":true,"scopes":[{"name":"bound","description":"Bound"}]}""");
        await Server.AddClientAsync("""{"client_id":"m2m-bound","type":"service","scope":"bound read"}""", TestServer.WebSecret);
        using var bare = As("m2m-bound", null);
        using var proving = As("m2m-bound", new Prover(Server));

        (await bare.TokenAsync(("grant_type", "client_credentials"), ("scope", "bound"))).ShouldBeRefused("invalid_dpop_proof", "OST2100");
        Assert.Equal(HttpStatusCode.OK, (await bare.TokenAsync(("grant_type", "client_credentials"), ("scope", "read"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await proving.TokenAsync(("grant_type", "client_credentials"), ("scope", "bound"))).Status);
        var shown = await Server.AdministerAsync("GET", "/apis/" + Uri.EscapeDataString("https://bound.example"));
        Assert.True(shown.GetProperty("require_dpop").GetBoolean());
    }

    [Fact, Trait("Spec", "RFC 9449 §4.3"), Trait("Spec", "RFC 9449 §4.2")]
    public async Task F06_F07_F12_F13_and_F14_a_wrong_proof_gets_no_token()
    {
        var prover = new Prover(Server);
        string Good() => prover.Proof("POST", "/token");

        (await RobotWithAsync(Good(), Good())).ShouldBeRefused("invalid_dpop_proof", "OST2102"); // Joined by a comma on the way.
        (await RobotWithAsync("no proof")).ShouldBeRefused("invalid_dpop_proof", "OST2102");
        (await RobotWithAsync(prover.Proof("POST", "/token", null, ("jti", null)))).ShouldBeRefused("invalid_dpop_proof", "OST2102");
        (await RobotWithAsync(Forge.Signed(prover.Key, "ES256", "JWT", Forge.Part(Good(), 1)))).ShouldBeRefused("invalid_dpop_proof", "OST2103");
        (await RobotWithAsync(Forge.Jwt("""{"typ":"dpop+jwt","alg":"none"}""", Forge.Part(Good(), 1), _ => []))).ShouldBeRefused(
            "invalid_dpop_proof",
            "OST2104"
        );
        (await RobotWithAsync(Forge.Signed(prover.Key, "ES256", "dpop+jwt", Forge.Part(Good(), 1)))).ShouldBeRefused("invalid_dpop_proof", "OST2105");
        (await RobotWithAsync(prover.Proof("GET", "/token"))).ShouldBeRefused("invalid_dpop_proof", "OST2106");
        (await RobotWithAsync(prover.Proof("POST", "/userinfo"))).ShouldBeRefused("invalid_dpop_proof", "OST2107");
        var parts = Good().Split('.');
        (await RobotWithAsync($"{parts[0]}.{Good().Split('.')[1]}.{parts[2]}")).ShouldBeRefused("invalid_dpop_proof", "OST2111");
        Assert.Equal(HttpStatusCode.OK, (await RobotWithAsync(Good())).Status);
    }

    [Fact, Trait("Spec", "RFC 9449 §11.1"), Trait("Spec", "RFC 9449 §11.2")]
    public async Task F10_and_F20_a_proof_of_another_time_gets_no_token()
    {
        var prover = new Prover(Server);
        var now = Server.Time.Now.ToUnixTimeSeconds();

        foreach (var iat in new[] { now - 301, now - 61, now + 11 })
            (await RobotWithAsync(prover.Proof("POST", "/token", null, ("iat", $"{iat}")))).ShouldBeRefused("invalid_dpop_proof", "OST2110");
        foreach (var iat in new[] { now - 10, now + 10 })
            Assert.Equal(HttpStatusCode.OK, (await RobotWithAsync(prover.Proof("POST", "/token", null, ("iat", $"{iat}")))).Status);
    }

    [Fact, Trait("Spec", "RFC 9449 §11.1")]
    public async Task F09_of_fifty_requests_with_one_proof_one_gets_a_token()
    {
        var proof = new Prover(Server).Proof("POST", "/token");

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => RobotWithAsync(proof)));

        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        foreach (var late in answers.Where(a => a.Status != HttpStatusCode.OK))
            late.ShouldBeRefused("invalid_dpop_proof", "OST2112");
    }

    [Fact, Trait("Spec", "RFC 9449 §10"), Trait("Spec", "RFC 9449 §5")]
    public async Task F15_and_F18_a_bound_code_is_redeemed_with_its_key_alone()
    {
        var prover = new Prover(Server);
        using var bare = As("web", null);
        using var other = As("web", new Prover(Server));
        using var holder = As("web", prover);
        var code = await shared.CodeAsync("web", ("dpop_jkt", prover.Thumbprint));

        (await bare.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_grant", "OST2113");
        (await other.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_grant", "OST2113");
        Assert.Equal("DPoP", (await holder.TokenAsync(SharedServer.Redemption(code)))["token_type"]);
    }

    [Fact, Trait("Spec", "RFC 9449 §10.1")]
    public async Task F16_a_pushed_request_is_bound_by_its_proof_and_names_no_other_key()
    {
        var prover = new Prover(Server);
        using var holder = As("web", prover);
        using var bare = As("web", null);
        (string, string)[] Request(string? jkt) =>
            Ask.Changed(
                [("response_type", "code"), ("redirect_uri", TestServer.Callback), ("scope", "openid")],
                [("code_challenge", Ostiary.Protocol.Pkce.ChallengeOf(SharedServer.Verifier)), ("code_challenge_method", "S256"), ("dpop_jkt", jkt)]
            );

        (await holder.PostAsync("/par", Request(new Prover(Server).Thumbprint))).ShouldBeRefused("invalid_request", "OST1111");
        var pushed = await holder.PostAsync("/par", Request(null));
        Assert.Equal(HttpStatusCode.Created, (await holder.PostAsync("/par", Request(prover.Thumbprint))).Status);
        var redirect = await shared.Alice.AuthorizeAsync("client_id=web&request_uri=" + Uri.EscapeDataString(pushed["request_uri"]!));
        var code = Browser.QueryOf(redirect)["code"]!;
        (await bare.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_grant", "OST2113");
        Assert.Equal("DPoP", (await holder.TokenAsync(SharedServer.Redemption(code)))["token_type"]);
    }

    [Theory, Trait("Spec", "RFC 9449 §10")]
    [InlineData("x")]
    [InlineData("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4J")]
    [InlineData("0ZcOCORZNYy+DWpqq30jZyJGHTN0d2HglBV3uiguA4I")]
    public async Task A_dpop_jkt_that_is_no_thumbprint_is_refused(string jkt) =>
        (await shared.Alice.AuthorizeAsync(Ask.Query("web", ("dpop_jkt", jkt)))).ShouldRedirectWith(Server, "invalid_request", "OST1110");

    [Fact, Trait("Spec", "RFC 9449 §5"), Trait("Spec", "RFC 9700 §2.2.2")]
    public async Task F17_the_refresh_token_of_a_public_client_is_bound_and_does_not_rotate()
    {
        using var spa = As("spa", new Prover(Server));
        using var bare = As("spa", null);
        using var other = As("spa", new Prover(Server));
        var refresh = (await SignInAsync(spa, "spa", ("scope", "openid offline_access")))["refresh_token"]!;

        (await bare.RefreshAsync(refresh)).ShouldBeRefused("invalid_grant", "OST2113");
        (await other.RefreshAsync(refresh)).ShouldBeRefused("invalid_grant", "OST2113");
        var again = await spa.RefreshAsync(refresh);
        Assert.Equal((HttpStatusCode.OK, "DPoP", refresh), (again.Status, again["token_type"], again["refresh_token"]));
    }

    [Fact, Trait("Spec", "RFC 9449 §5")]
    public async Task A_client_that_authenticates_may_refresh_with_a_new_key()
    {
        using var web = As("web", new Prover(Server));
        var renewed = new Prover(Server);
        using var later = As("web", renewed);
        var refresh = (await SignInAsync(web, "web", ("scope", "openid offline_access")))["refresh_token"]!;

        var answer = await later.RefreshAsync(refresh);

        Assert.Equal("DPoP", answer["token_type"]);
        Assert.Contains(renewed.Thumbprint, Forge.Part(answer["access_token"]!, 1), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 9449 §7.1"), Trait("Spec", "RFC 9449 §7.2")]
    public async Task F02_F03_F04_and_F05_userinfo_takes_a_bound_token_from_its_holder_alone()
    {
        var (prover, thief) = (new Prover(Server), new Prover(Server));
        using var web = As("web", prover);
        var token = (await SignInAsync(web, "web"))["access_token"]!;
        var free = (await shared.TokensAsync("web"))["access_token"]!;
        string Proof(params (string, string?)[] changes) => prover.Proof("GET", "/userinfo", token, changes);

        foreach (var scheme in new[] { "DPoP", "dpop", "DPOP" })
            Assert.Equal("usr_alice", (await web.UserInfoAsync(token, Proof(), scheme))["sub"]);
        var downgraded = await web.UserInfoAsync(token);
        downgraded.ShouldBeRefused("invalid_token", "OST2114", Unauthorized);
        Assert.StartsWith("DPoP error=\"invalid_token\"", downgraded.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Contains("algs=\"ES256", downgraded.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        (await web.UserInfoAsync(token, Proof(), "Bearer")).ShouldBeRefused("invalid_token", "OST2114", Unauthorized);
        (await web.UserInfoAsync(free, prover.Proof("GET", "/userinfo", free))).ShouldBeRefused("invalid_token", "OST2115", Unauthorized);
        (await web.UserInfoAsync(token, null)).ShouldBeRefused("invalid_dpop_proof", "OST2100", Unauthorized);
        (await web.UserInfoAsync(token, thief.Proof("GET", "/userinfo", token))).ShouldBeRefused("invalid_token", "OST2116", Unauthorized);
        (await web.UserInfoAsync(token, Proof(("ath", null)))).ShouldBeRefused("invalid_dpop_proof", "OST2108", Unauthorized);
        (await web.UserInfoAsync(token, prover.Proof("GET", "/userinfo", free))).ShouldBeRefused("invalid_dpop_proof", "OST2108", Unauthorized);
        (await web.UserInfoAsync(token, Proof(("htm", "\"POST\"")))).ShouldBeRefused("invalid_dpop_proof", "OST2106", Unauthorized);
        var used = Proof();
        Assert.Equal(HttpStatusCode.OK, (await web.UserInfoAsync(token, used)).Status);
        (await web.UserInfoAsync(token, used)).ShouldBeRefused("invalid_dpop_proof", "OST2112", Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 9449 §7.2")]
    public async Task F02_a_bound_token_in_the_body_is_refused()
    {
        using var web = As("web", new Prover(Server));
        var token = (await SignInAsync(web, "web"))["access_token"]!;
        using var request = new HttpRequestMessage(HttpMethod.Post, Server.Server.Issuer.Url.At("/userinfo"));
        request.Content = new FormUrlEncodedContent([new("access_token", token)]);

        (await web.SendAsync(request)).ShouldBeRefused("invalid_token", "OST2114", Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 9449 §7.1")]
    public async Task A_request_without_a_token_is_told_of_both_schemes()
    {
        using var http = Server.NewHttp();
        using var answer = await http.GetAsync(new Uri(Server.Server.Issuer.Url.At("/userinfo")), TestContext.Current.CancellationToken);
        Assert.Equal(["Bearer", "DPoP"], answer.Headers.WwwAuthenticate.Select(h => h.Scheme));
    }

    [Fact, Trait("Spec", "RFC 9449 §7.1"), Trait("Spec", "RFC 9449 §7.2")]
    public async Task Administration_takes_a_bound_token_from_its_holder_alone()
    {
        await Server.AddClientAsync("""{"client_id":"operator","type":"service","scope":"ostiary:admin"}""", TestServer.WebSecret);
        var prover = new Prover(Server);
        using var client = As("operator", prover);
        var token = (await client.TokenAsync(("grant_type", "client_credentials"), ("scope", "ostiary:admin")))["access_token"]!;
        const string path = "/admin/api/v1/clients/web";
        async Task<Answer> GetAsync(string scheme, string? proof)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Server.Server.Issuer.Url.At(path + "?x=1"));
            request.Headers.Authorization = new AuthenticationHeaderValue(scheme, token);
            if (proof is not null)
                request.Headers.Add("DPoP", proof);
            return await client.SendAsync(request);
        }

        var proof = prover.Proof("GET", path, token);
        Assert.NotEqual(Unauthorized, (await GetAsync("DPoP", proof)).Status);
        Assert.Equal(Unauthorized, (await GetAsync("DPoP", proof)).Status);
        Assert.Equal(Unauthorized, (await GetAsync("DPoP", null)).Status);
        Assert.Equal(Unauthorized, (await GetAsync("DPoP", new Prover(Server).Proof("GET", path, token))).Status);
        var downgraded = await GetAsync("Bearer", null);
        Assert.Equal(Unauthorized, downgraded.Status);
        Assert.StartsWith("DPoP error=\"invalid_token\"", downgraded.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 9449 §5.1")]
    public async Task Metadata_name_the_algorithms()
    {
        using var http = Server.NewHttp();
        var text = await http.GetStringAsync(
            new Uri(Server.Server.Issuer.Url.At("/.well-known/openid-configuration")),
            TestContext.Current.CancellationToken
        );
        Assert.Contains("\"dpop_signing_alg_values_supported\":[\"ES256\",", text, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 9449 §8.2")]
    public async Task F22_a_browser_may_send_the_proof_and_read_the_nonce()
    {
        using var http = Server.NewHttp();
        using var request = new HttpRequestMessage(HttpMethod.Options, Server.Server.Issuer.Url.At("/token"));
        request.Headers.Add("Origin", "http://127.0.0.1:1");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "dpop");

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Contains("dpop", string.Join(',', answer.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.Ordinal);
        Assert.Contains("DPoP-Nonce", string.Join(',', answer.Headers.GetValues("Access-Control-Expose-Headers")), StringComparison.Ordinal);
    }
}
