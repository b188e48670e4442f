using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.UserInfo;

public sealed class UserInfoAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const HttpStatusCode Unauthorized = HttpStatusCode.Unauthorized;

    [Fact, Trait("Spec", "OIDC Core §5.3"), Trait("Spec", "OIDC Core §5.3.2"), Trait("Spec", "RFC 6750 §2.2")]
    public async Task A_token_in_the_header_or_in_the_body_gets_the_claims()
    {
        var token = (await shared.TokensAsync("web", ("scope", "openid email")))["access_token"]!;

        var get = await shared.Web.UserInfoAsync(token);
        var post = await PostAsync(null, Ask.Encode([("access_token", token)]));
        var posted = await PostAsync("bearer " + token, "");

        foreach (var answer in new[] { get, post, posted })
            Assert.Equal(
                (HttpStatusCode.OK, "usr_alice", "alice@example.test", null),
                (answer.Status, answer["sub"], answer["email"], answer["name"])
            );
        Assert.Contains("no-store", get.Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "OIDC Core §5.3"), Trait("Spec", "RFC 6750 §3.1"), Trait("Spec", "RFC 8725 §3.11")]
    public async Task J15_and_E29_refuses_tokens_of_another_kind()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));
        var withoutOpenId = await shared.TokensAsync("web", ("scope", "read"));
        var machine = await shared.Robot.TokenAsync(("grant_type", "client_credentials"));

        (await shared.Web.UserInfoAsync(withoutOpenId["access_token"]!)).ShouldBeRefused("insufficient_scope", "OST2053", HttpStatusCode.Forbidden);
        (await shared.Web.UserInfoAsync(machine["access_token"]!)).ShouldBeRefused("insufficient_scope", "OST2053", HttpStatusCode.Forbidden);
        (await shared.Web.UserInfoAsync(tokens["id_token"]!)).ShouldBeRefused("invalid_token", "OST2050", Unauthorized);
        (await shared.Web.UserInfoAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_token", "OST2050", Unauthorized);
    }

    [Theory, Trait("Spec", "RFC 6750 §3.1")]
    [InlineData("user")]
    [InlineData("client")]
    public async Task J05_a_token_of_a_disabled_client_or_user_is_over_at_once(string disabled)
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");
        var token = (await web.SignInAsync(browser))["access_token"]!;
        Assert.Equal(HttpStatusCode.OK, (await web.UserInfoAsync(token)).Status);

        if (disabled == "user")
            await server.DisableUserAsync("alice");
        else
            await server.AddClientAsync("""{"client_id":"web","type":"web","redirect_uris":["CB"],"disabled":true}""", TestServer.WebSecret);

        (await web.UserInfoAsync(token)).ShouldBeRefused("invalid_token", "OST2052", Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 6750 §3.1")]
    public async Task E30_an_expired_token_is_over_to_the_second()
    {
        var token = (await shared.TokensAsync())["access_token"]!;
        shared.Server.Time.Advance(TimeSpan.FromSeconds(599));
        var last = await shared.Web.UserInfoAsync(token);
        shared.Server.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(HttpStatusCode.OK, last.Status);
        (await shared.Web.UserInfoAsync(token)).ShouldBeRefused("invalid_token", "OST2051", Unauthorized);
    }

    [Theory, Trait("Spec", "RFC 9700 §4.3.2")]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task J16_refuses_a_token_in_the_url(string method)
    {
        var token = (await shared.TokensAsync())["access_token"]!;
        using var bare = new HttpRequestMessage(new HttpMethod(method), shared.Server.Issuer + "/userinfo?access_token=" + token);
        using var beside = new HttpRequestMessage(new HttpMethod(method), shared.Server.Issuer + "/userinfo?access_token=" + token);
        beside.Headers.Authorization = new("Bearer", token);

        (await shared.Web.SendAsync(bare)).ShouldBeRefused("invalid_request", "OST2055");
        (await shared.Web.SendAsync(beside)).ShouldBeRefused("invalid_request", "OST2055");
    }

    [Theory, Trait("Spec", "RFC 6750 §2")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task J17_refuses_a_token_in_two_places(bool chunked)
    {
        var token = (await shared.TokensAsync())["access_token"]!;

        (await PostAsync("Bearer " + token, Ask.Encode([("access_token", token)]), chunked)).ShouldBeRefused("invalid_request", "OST2054");
        (await PostAsync(null, Ask.Encode([("access_token", token), ("access_token", token)]), chunked)).ShouldBeRefused(
            "invalid_request",
            "OST1001"
        );
    }

    [Theory, Trait("Spec", "RFC 6750 §2"), Trait("Spec", "RFC 6750 §3.1")]
    [InlineData("Bearer TOKEN, Bearer TOKEN", 401, "OST2050")] // J18
    [InlineData("Bearer\tTOKEN", 400, "OST1001")]
    [InlineData("Bearer", 400, "OST1001")]
    [InlineData("Basic TOKEN", 400, "OST1001")]
    [InlineData("TOKEN", 400, "OST1001")]
    public async Task J18_refuses_other_headers(string header, int status, string code)
    {
        var token = (await shared.TokensAsync())["access_token"]!;

        var answer = await PostAsync(header.Replace("TOKEN", token, StringComparison.Ordinal), "");

        Assert.Equal((status, code), ((int)answer.Status, answer.Code));
        Assert.Contains("Bearer realm=", answer.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 6750 §2")]
    public async Task J18_refuses_two_headers()
    {
        var header = "Authorization: Bearer " + (await shared.TokensAsync())["access_token"];

        var answer = await RawHttp.SendAsync(shared.Server, RawHttp.Request("GET /userinfo HTTP/1.1", "", header, header));

        Assert.Equal(400, RawHttp.StatusOf(answer));
    }

    [Fact, Trait("Spec", "RFC 6750 §3"), Trait("Spec", "RFC 6750 §3.1")]
    public async Task A_request_without_a_token_is_asked_for_one_and_told_no_error()
    {
        var answer = await PostAsync(null, "");

        Assert.Equal((Unauthorized, null, "OST6001"), (answer.Status, answer.Error, answer.Code));
        Assert.DoesNotContain("error", answer.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 9068 §4"), Trait("Spec", "RFC 8725 §3.1")]
    public async Task E01_to_E33_refuses_every_forged_token()
    {
        var good = (await shared.TokensAsync())["access_token"]!;
        var (header, claims) = (Forge.Part(good, 0), Forge.Part(good, 1));
        var kid = System.Text.Json.JsonDocument.Parse(header).RootElement.GetProperty("kid").GetString()!;
        var jwks = Encoding.UTF8.GetBytes(await JwksAsync());
        var parts = good.Split('.');
        string With(string head, Func<byte[], byte[]> sign) => Forge.Jwt(head, claims, sign);
        string[] forged =
        [
            With("""{"alg":"none","typ":"at+jwt"}""", _ => []),
            With($$"""{"alg":"nOnE","typ":"at+jwt","kid":"{{kid}}"}""", _ => []),
            With($$"""{"alg":"HS256","typ":"at+jwt","kid":"{{kid}}"}""", input => HMACSHA256.HashData(jwks, input)),
            With($$"""{"alg":"ES256","typ":"at+jwt","kid":"{{kid}}"}""", _ => new byte[64]),
            With($$"""{"alg":"RS256","typ":"at+jwt","kid":"{{kid}}"}""", _ => new byte[256]),
            Forge.Signed(JsonWebKey.Generate("ES256", kid), "ES256", "at+jwt", claims),
            Forge.Signed(SharedServer.ClientKey, "ES256", "at+jwt", claims), // E33
            parts[0] + "." + Forge.Text(claims.Replace("usr_alice", "usr_bob", StringComparison.Ordinal)) + "." + parts[2],
            Forge.Text(header.Replace("at+jwt", "JWT", StringComparison.Ordinal)) + "." + parts[1] + "." + parts[2],
            parts[0] + "." + parts[1] + ".",
            parts[0] + "." + parts[1],
            good + "=",
            good + ".",
            parts[0] + "=." + parts[1] + "." + parts[2],
            new string('.', 3_000),
            "null",
        ];

        foreach (var token in forged)
            (await shared.Web.UserInfoAsync(token)).ShouldBeRefused("invalid_token", "OST2050", Unauthorized);
    }

    [Fact]
    public async Task M16_a_path_that_looks_like_a_file_is_nothing()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, shared.Server.Issuer + "/userinfo/x.css");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await shared.TokensAsync())["access_token"]);

        Assert.Equal(HttpStatusCode.NotFound, (await shared.Web.SendAsync(request)).Status);
    }

    private async Task<string> JwksAsync()
    {
        using var http = shared.Server.NewHttp();
        return await http.GetStringAsync(new Uri("/.well-known/jwks.json", UriKind.Relative), TestContext.Current.CancellationToken);
    }

    private async Task<Answer> PostAsync(string? authorization, string body, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, shared.Server.Issuer + "/userinfo");
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (body.Length > 0)
            request.Content = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded");
        request.Headers.TransferEncodingChunked = chunked && body.Length > 0 ? true : null;
        return await shared.Web.SendAsync(request);
    }
}
