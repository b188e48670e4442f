using System.Net;
using System.Text;
using Ostiary.Protocol;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Token;

/// <summary>What arrives at the token endpoint in another form than the one that is defined.</summary>
public sealed class TokenRequestAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private TestServer Server => shared.Server;

    [Theory, Trait("Spec", "RFC 6749 §3.2"), Trait("Spec", "RFC 6749 §5.2"), Trait("Spec", "RFC 9700 §2.4")]
    [InlineData("grant_type=client_credentials&grant_type=client_credentials", "invalid_request", "OST1003")] // B15
    [InlineData("grant_type=client_credentials&scope=read&scope=read", "invalid_request", "OST1003")]
    [InlineData("grant_type=client_credentials&scope=&scope=read", "invalid_request", "OST1003")]
    [InlineData("grant_type=client_credentials&x=1&x=2", "invalid_request", "OST1003")]
    [InlineData("grant_type=client_credentials&client%5fid=m2m&client_id=m2m", "invalid_request", "OST1003")]
    [InlineData("Grant_Type=client_credentials", "invalid_request", "OST2003")] // B16
    [InlineData("grant_type=", "invalid_request", "OST2003")]
    [InlineData("", "invalid_request", "OST2003")]
    [InlineData("grant_type=password&username=alice&password=x", "unsupported_grant_type", "OST2005")] // B23
    [InlineData("grant_type=implicit", "unsupported_grant_type", "OST2004")]
    [InlineData("grant_type=CLIENT_CREDENTIALS", "unsupported_grant_type", "OST2004")]
    [InlineData("grant_type=client_credentials%20", "unsupported_grant_type", "OST2004")]
    [InlineData("grant_type=authorization_code&code=x", "unauthorized_client", "OST2006")] // B24
    [InlineData("grant_type=refresh_token&refresh_token=x", "unauthorized_client", "OST2006")]
    [InlineData("grant_type=client_credentials&scope=admin", "invalid_scope", "OST1041")] // B26
    [InlineData("grant_type=client_credentials&scope=other", "invalid_scope", "OST1042")]
    [InlineData("grant_type=client_credentials&scope=openid", "invalid_scope", "OST1042")]
    [InlineData("grant_type=client_credentials&scope=%22", "invalid_scope", "OST1040")]
    [InlineData("grant_type=client_credentials&resource=https%3A%2F%2Fother.test", "invalid_target", "OST1043")] // B29
    [InlineData("grant_type=client_credentials&resource=https%3A%2F%2Fapi.example%23x", "invalid_target", "OST1044")]
    [InlineData("grant_type=client_credentials&x=%00", "invalid_request", "OST1001")] // M09
    [InlineData("grant_type=client_credentials&x=%ff", "invalid_request", "OST1001")]
    [InlineData("grant_type=client_credentials&x=%c0%af", "invalid_request", "OST1001")]
    [InlineData("grant_type=client_credentials&x=%ed%a0%80", "invalid_request", "OST1001")]
    [InlineData("grant_type=client_credentials&x=%zz", "invalid_request", "OST1001")]
    [InlineData("grant_type=client_credentials&x=%", "invalid_request", "OST1001")]
    public async Task B15_to_B29_refuses_other_bodies(string body, string error, string code)
    {
        var answer = await SendAsync(body);

        answer.ShouldBeRefused(error, code);
        Verdicts.ShouldTellNothing(answer.Response, answer.Json.ToString());
    }

    [Fact, Trait("Spec", "RFC 8707 §2")]
    public async Task B29_refuses_a_flood_of_resources()
    {
        var some = string.Concat(Enumerable.Range(0, 90).Select(i => $"&resource=https%3A%2F%2Fa{i}.test"));
        var many = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"&r{i}="));

        (await SendAsync("grant_type=client_credentials" + some)).ShouldBeRefused("invalid_target", "OST1043");
        (await SendAsync("grant_type=client_credentials" + many[..60_000])).ShouldBeRefused(
            "invalid_request",
            "OST1002",
            HttpStatusCode.RequestEntityTooLarge
        );
    }

    [Fact, Trait("Spec", "RFC 6749 §3.2"), Trait("Spec", "RFC 6749 §3.3")]
    public async Task B17_an_empty_value_counts_as_omitted()
    {
        var answer = await shared.Robot.TokenAsync(("grant_type", "client_credentials"), ("scope", ""));

        Assert.Equal((HttpStatusCode.OK, "read"), (answer.Status, answer["scope"]));
    }

    [Theory, Trait("Spec", "RFC 6749 §3.2"), Trait("Spec", "RFC 6749 §2.3.1")]
    [InlineData("/token")]
    [InlineData("/introspect")]
    [InlineData("/revoke")]
    public async Task B18_refuses_parameters_in_the_url(string path)
    {
        (await shared.Web.PostAsync(path + "?client_secret=evil", ("token", "x"), ("grant_type", "client_credentials"))).ShouldBeRefused(
            "invalid_request",
            "OST2002"
        );
        (await shared.Web.PostAsync(path + "?", ("token", "x"), ("grant_type", "client_credentials"))).ShouldBeRefused("invalid_request", "OST2002");
    }

    [Theory, Trait("Spec", "RFC 9110 §15.5.6")]
    [InlineData("GET", "/token", "POST")]
    [InlineData("HEAD", "/token", "POST")]
    [InlineData("PUT", "/token", "POST")]
    [InlineData("DELETE", "/token", "POST")]
    [InlineData("TRACE", "/token", "POST")]
    [InlineData("GET", "/introspect", "POST")]
    [InlineData("GET", "/revoke", "POST")]
    [InlineData("PUT", "/authorize", "GET")]
    [InlineData("DELETE", "/userinfo", "GET")]
    public async Task B19_and_M11_other_methods_are_not_allowed(string method, string path, string allowed)
    {
        using var http = Server.NewHttp();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("X-HTTP-Method-Override", "POST");

        var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Contains(allowed, answer.Content.Headers.Allow);
        if (method != "HEAD")
            Assert.Contains("OST1004", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory, Trait("Spec", "RFC 9110 §15.5.5")]
    [InlineData("GET", "/tokens")]
    [InlineData("POST", "/oauth/token")]
    [InlineData("GET", "/")]
    public async Task An_address_without_anything_answers_in_the_shape_of_all_errors(string method, string path)
    {
        using var http = Server.NewHttp();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.True(answer.Headers.Contains("Ostiary-Flow"));
        Assert.Contains("OST1006", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/readyz")]
    [InlineData("/livez")]
    [InlineData("/.well-known/jwks.json")]
    [InlineData("/.well-known/openid-configuration")]
    public async Task What_is_there_for_everyone_answers_HEAD(string path)
    {
        using var http = Server.NewHttp();
        using var request = new HttpRequestMessage(HttpMethod.Head, path);

        Assert.Equal(HttpStatusCode.OK, (await http.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory, Trait("Spec", "RFC 6749 §3.2")]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-16")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-7")]
    [InlineData("application/x-www-form-urlencodedx")]
    [InlineData("application/x-www-form-urlencoded, text/plain")]
    [InlineData(null)]
    public async Task B20_refuses_other_content_types(string? type) =>
        (await SendAsync("grant_type=client_credentials", type)).ShouldBeRefused("invalid_request", "OST2001");

    [Theory, Trait("Spec", "RFC 6749 §3.2")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("Application/X-WWW-Form-Urlencoded")]
    [InlineData("application/x-www-form-urlencoded; charset=UTF-8")]
    [InlineData("application/x-www-form-urlencoded;charset=\"utf-8\"")]
    public async Task B20_takes_the_one_content_type_in_every_spelling(string type) =>
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("grant_type=client_credentials", type)).Status);

    [Fact, Trait("Spec", "RFC 6749 §3.2")]
    public async Task B20_refuses_a_compressed_body()
    {
        using var request = RequestOf("grant_type=client_credentials", "application/x-www-form-urlencoded");
        request.Content!.Headers.ContentEncoding.Add("gzip");

        (await shared.Robot.SendAsync(request)).ShouldBeRefused("invalid_request", "OST2001");
    }

    [Theory, Trait("Spec", "RFC 6749 §3.2")]
    [InlineData("/token", 65 * 1024)] // B21
    [InlineData("/token", 2 * 1024 * 1024)]
    [InlineData("/introspect", 65 * 1024)]
    [InlineData("/revoke", 1024 * 1024)] // J11
    public async Task B21_and_M13_refuses_a_huge_body(string path, int size)
    {
        var body = "grant_type=client_credentials&token=" + new string('a', size);
        var head =
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n";

        var answer = await RawHttp.SendAsync(Server, head + body[..1000]);

        Assert.Equal(413, RawHttp.StatusOf(answer));
        Assert.Contains("OST1002", answer, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 6749 §4.4")]
    public async Task B25_refuses_client_credentials_of_a_public_client()
    {
        (await shared.Spa.TokenAsync(("grant_type", "client_credentials"))).ShouldBeRefused("invalid_client", "OST3021", HttpStatusCode.Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 6749 §4.4.2"), Trait("Spec", "RFC 6749 §4.4.3"), Trait("Spec", "RFC 8707 §2.2")]
    public async Task B26_a_client_for_itself_gets_no_scope_about_people_and_one_api()
    {
        await Server.AddClientAsync(
            """{"client_id":"both","type":"service","scope":"openid read other","token_endpoint_auth_method":"client_secret_basic"}""",
            TestServer.WebSecret
        );
        using var both = new TokenClient(Server, "both");

        (await both.TokenAsync(("grant_type", "client_credentials"), ("scope", "openid read"))).ShouldBeRefused("invalid_scope", "OST1042");
        (await both.TokenAsync(("grant_type", "client_credentials"), ("scope", "read other"))).ShouldBeRefused("invalid_target", "OST1045");
        var answer = await both.TokenAsync(("grant_type", "client_credentials"), ("scope", "read"));
        Assert.Equal((HttpStatusCode.OK, null, null), (answer.Status, answer["refresh_token"], answer["id_token"]));
    }

    [Fact, Trait("Spec", "RFC 9068 §2.2"), Trait("Spec", "RFC 9068 §2.2.3"), Trait("Spec", "RFC 9068 §2.1")]
    public async Task B27_a_client_named_like_a_person_is_not_that_person()
    {
        await Server.AddClientAsync("""{"client_id":"usr_alice","type":"service","scope":"read"}""", TestServer.WebSecret);
        using var impostor = new TokenClient(Server, "usr_alice");

        var token = (await impostor.TokenAsync(("grant_type", "client_credentials")))["access_token"]!;

        var claims = Forge.Part(token, 1);
        Assert.Contains("\"typ\":\"at+jwt\"", Forge.Part(token, 0), StringComparison.Ordinal);
        Assert.Contains("\"sub\":\"usr_alice\"", claims, StringComparison.Ordinal);
        Assert.Contains("\"client_id\":\"usr_alice\"", claims, StringComparison.Ordinal);
        Assert.Contains("\"scope\":\"read\"", claims, StringComparison.Ordinal);
        Assert.DoesNotContain("auth_time", claims, StringComparison.Ordinal);
        (await impostor.UserInfoAsync(token)).ShouldBeRefused("insufficient_scope", "OST2053", HttpStatusCode.Forbidden);
    }

    [Fact, Trait("Spec", "RFC 6749 §5.1"), Trait("Spec", "RFC 6750 §4"), Trait("Spec", "OIDC Core §3.1.3.3"), Trait("Spec", "RFC 9068 §2.2.1")]
    public async Task B31_a_token_answer_is_complete_and_not_cached()
    {
        var answer = await shared.TokensAsync("web", ("scope", "openid read"));

        Assert.Contains("no-store", answer.Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal("no-cache", answer.Response.Headers.Pragma.ToString());
        Assert.Equal("application/json", answer.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", string.Join(' ', answer.Response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal(("Bearer", "600", "openid read"), (answer["token_type"], answer["expires_in"], answer["scope"]));
        Assert.NotNull(answer["id_token"]);
        Assert.Contains("\"auth_time\":", Forge.Part(answer["access_token"]!, 1), StringComparison.Ordinal);
        Assert.StartsWith(CredentialText.RefreshToken, answer["refresh_token"], StringComparison.Ordinal);
    }

    [Theory, Trait("Spec", "RFC 9700 §2.6")]
    [InlineData("http://127.0.0.1:1", true)]
    [InlineData("https://evil.test", false)]
    [InlineData("http://127.0.0.1:1.evil.test", false)]
    [InlineData("http://127.0.0.1:2", false)]
    [InlineData("null", false)]
    [InlineData("HTTP://127.0.0.1:1", false)]
    public async Task B32_only_apps_in_browsers_are_let_in_from_elsewhere(string origin, bool allowed)
    {
        foreach (var path in new[] { "/token", "/revoke", "/userinfo" })
        {
            using var http = Server.NewHttp();
            using var preflight = new HttpRequestMessage(HttpMethod.Options, path);
            preflight.Headers.Add("Origin", origin);
            preflight.Headers.Add("Access-Control-Request-Method", "POST");

            var answer = await http.SendAsync(preflight, TestContext.Current.CancellationToken);

            Assert.Equal(allowed, answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var origins) && origins.Single() == origin);
            Assert.Equal(allowed, answer.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
            Assert.Contains("Origin", answer.Headers.Vary);
        }
        using var introspection = new HttpRequestMessage(HttpMethod.Post, "/introspect");
        introspection.Headers.Add("Origin", origin);
        using var other = Server.NewHttp();
        Assert.False((await other.SendAsync(introspection, TestContext.Current.CancellationToken)).Headers.Contains("Access-Control-Allow-Origin"));
    }

    private async Task<Answer> SendAsync(string body, string? type = "application/x-www-form-urlencoded")
    {
        using var request = RequestOf(body, type);
        return await shared.Robot.SendAsync(request);
    }

    private HttpRequestMessage RequestOf(string body, string? type)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Server.Issuer + "/token")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        request.Headers.TryAddWithoutValidation(
            "Authorization",
            "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("m2m:" + TestServer.WebSecret))
        );
        if (type is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        return request;
    }
}
