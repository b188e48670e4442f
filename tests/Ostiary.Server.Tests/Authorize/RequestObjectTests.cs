using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Outbound;

namespace Ostiary.Server.Tests.Authorize;

/// <summary>JAR: a good request object, changed in one thing.</summary>
public sealed class RequestObjectTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncLifetime
{
    private TestServer Server => shared.Server;

    public async ValueTask InitializeAsync() => await AddClientAsync(Server, "signer");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Task AddClientAsync(TestServer server, string id, string more = "") =>
        server.AddClientAsync(
            $$$"""{"client_id":"{{{id}}}","type":"web","redirect_uris":["CB"],"consent":"none","token_endpoint_auth_method":"client_secret_basic","jwks":{"keys":[{{{Encoding.UTF8.GetString(SharedServer.ClientKey.ToPublicUtf8())}}}]}{{{more}}}}""",
            TestServer.WebSecret
        );

    private static string Claims(TestServer server, string client, params (string Name, string? Json)[] changes)
    {
        var now = server.Time.Now.ToUnixTimeSeconds();
        var claims = new Dictionary<string, string?>
        {
            ["iss"] = $"\"{client}\"",
            ["aud"] = $"\"{server.Issuer}\"",
            ["iat"] = $"{now}",
            ["nbf"] = $"{now}",
            ["exp"] = $"{now + 300}",
            ["jti"] = $"\"{Entropy.Text(12)}\"",
            ["client_id"] = $"\"{client}\"",
            ["response_type"] = "\"code\"",
            ["redirect_uri"] = $"\"{TestServer.Callback}\"",
            ["scope"] = "\"openid\"",
            ["state"] = "\"inner\"",
            ["code_challenge"] = $"\"{Pkce.ChallengeOf(SharedServer.Verifier)}\"",
            ["code_challenge_method"] = "\"S256\"",
        };
        foreach (var (name, json) in changes)
            claims[name] = json?.Replace("NOW", $"{now}", StringComparison.Ordinal).Replace("ISSUER", server.Issuer, StringComparison.Ordinal);
        return "{" + string.Join(',', claims.Where(c => c.Value is not null).Select(c => $"\"{c.Key}\":{Sum(c.Value!)}")) + "}";
    }

    private static string Sum(string json)
    {
        var at = json.IndexOf('+', StringComparison.Ordinal);
        return at > 0 && json.All(c => char.IsAsciiDigit(c) || c == '+')
            ? $"{long.Parse(json[..at], null) + long.Parse(json[(at + 1)..], null)}"
            : json;
    }

    private string Good(params (string Name, string? Json)[] changes) => Signed(Claims(Server, "signer", changes));

    private static string Signed(string claims, string typ = "oauth-authz-req+jwt") => Forge.Signed(SharedServer.ClientKey, "ES256", typ, claims);

    private Task<HttpResponseMessage> AskAsync(string request, string more = "&response_type=code&scope=openid", string client = "signer") =>
        shared.Alice.AuthorizeAsync($"client_id={client}&request={Uri.EscapeDataString(request)}{more}");

    [Fact, Trait("Spec", "RFC 9101 §4"), Trait("Spec", "RFC 9101 §5"), Trait("Spec", "RFC 9101 §6.2")]
    public async Task A_signed_request_is_answered_and_only_its_own_parameters_count()
    {
        var more = $"&response_type=code&state=evil&redirect_uri={Uri.EscapeDataString("https://evil.test")}&prompt=none&max_age=0";

        var query = Browser.QueryOf(await AskAsync(Good(("max_age", "3600"), ("claims", "{\"userinfo\":{\"name\":null}}")), more)); // G19

        Assert.Equal("inner", query["state"]);
        using var client = new TokenClient(Server, "signer");
        Assert.Equal(HttpStatusCode.OK, (await client.TokenAsync(SharedServer.Redemption(query["code"]!))).Status);
        Assert.NotNull(Browser.QueryOf(await AskAsync(Signed(Claims(Server, "signer"), "JWT")))["code"]);
        Assert.NotNull(Browser.QueryOf(await AskAsync(Good(("aud", "[\"https://other.test\",\"ISSUER\"]"))))["code"]);
        Assert.NotNull(Browser.QueryOf(await AskAsync(Good(("iss", null), ("nbf", null), ("iat", null), ("jti", null))))["code"]);
    }

    [Theory, Trait("Spec", "RFC 9101 §4"), Trait("Spec", "RFC 9101 §5"), Trait("Spec", "RFC 9101 §10.2"), Trait("Spec", "RFC 9101 §10.8")]
    [Trait("Spec", "OIDC Core §6.1")]
    [InlineData("iss", "\"web2\"", "OST1092")] // G14
    [InlineData("client_id", "\"web\"", "OST1092")]
    [InlineData("client_id", null, "OST1092")]
    [InlineData("aud", "\"https://other.test\"", "OST1093")]
    [InlineData("aud", "\"ISSUER/\"", "OST1093")]
    [InlineData("aud", null, "OST1093")]
    [InlineData("sub", "\"signer\"", "OST1100")] // G15
    [InlineData("exp", "1", "OST1094")] // G16
    [InlineData("exp", null, "OST1094")]
    [InlineData("exp", "NOW+4200", "OST1094")]
    [InlineData("exp", "\"soon\"", "OST1090")]
    [InlineData("nbf", "NOW+70", "OST1095")]
    [InlineData("nbf", "1", "OST1095")]
    [InlineData("iat", "NOW+70", "OST1095")]
    [InlineData("request", "\"x\"", "OST1096")] // G18
    [InlineData("request_uri", "\"https://x.test\"", "OST1096")]
    [InlineData("response_type", "\"token\"", "OST1099")] // G19
    [InlineData("redirect_uri", "\"https://evil.test\"", "OST1012")]
    [InlineData("redirect_uri", null, "OST1013")]
    [InlineData("state", "\"a\\u0000b\"", "OST1090")]
    public async Task G14_to_G19_another_object_is_refused_with_a_page(string name, string? json, string code) =>
        await (await AskAsync(Good((name, json)))).ShouldBePageAsync(code);

    [Fact, Trait("Spec", "RFC 9101 §6.2"), Trait("Spec", "RFC 9101 §10.1")]
    public async Task G13_G23_what_the_client_has_not_signed_is_refused()
    {
        var claims = Claims(Server, "signer");
        string[] forged =
        [
            Forge.Jwt("""{"alg":"none","typ":"oauth-authz-req+jwt"}""", claims, _ => []),
            Forge.Jwt("""{"alg":"HS256"}""", claims, input => HMACSHA256.HashData(SharedServer.ClientKey.ToPublicUtf8(), input)),
            Forge.Jwt("""{"alg":"HS256"}""", claims, input => HMACSHA256.HashData(Encoding.UTF8.GetBytes(TestServer.WebSecret), input)),
            Forge.Signed(SharedServer.ForeignKey, "ES256", "oauth-authz-req+jwt", claims),
            Signed(claims, "at+jwt"),
            Signed(claims, "client-authentication+jwt"),
        ];
        foreach (var request in forged)
            await (await AskAsync(request)).ShouldBePageAsync("OST1091");
        foreach (var request in new[] { "x", "a.b.c", "a.b.c.d.e", Good() + "." }) // G23: encrypted ones have five parts.
            await (await AskAsync(request)).ShouldBePageAsync("OST1090");
        await AddClientAsync(Server, "strict", ",\"request_object_signing_alg\":\"PS256\"");
        await (await AskAsync(Signed(Claims(Server, "strict")), client: "strict")).ShouldBePageAsync("OST1091");
    }

    [Fact, Trait("Spec", "RFC 9101 §5")]
    public async Task G17_one_object_in_one_way()
    {
        await (await AskAsync(Good(), "&response_type=code&request_uri=https%3A%2F%2Frp.test%2Fr")).ShouldBePageAsync("OST1068");
        (await shared.Alice.AuthorizeAsync(Ask.Query("web", ("request", Good())))).ShouldRedirectWith(Server, "request_not_supported", "OST1058");
    }

    [Fact, Trait("Spec", "RFC 9101 §10.5")]
    public async Task G24_who_must_sign_may_not_do_without()
    {
        await AddClientAsync(Server, "must-sign", ",\"require_signed_request_object\":true");

        (await shared.Alice.AuthorizeAsync(Ask.Query("must-sign"))).ShouldRedirectWith(Server, "invalid_request_object", "OST1097");
        Assert.NotNull(Browser.QueryOf(await AskAsync(Signed(Claims(Server, "must-sign")), client: "must-sign"))["code"]);
    }

    [Fact, Trait("Spec", "RFC 9101 §10.2")]
    public async Task G16_an_object_is_answered_once_and_pushed_once()
    {
        var request = Good();
        Assert.NotNull(Browser.QueryOf(await AskAsync(request))["code"]);
        await (await AskAsync(request)).ShouldBePageAsync("OST1066");

        using var client = new TokenClient(Server, "signer");
        var pushed = Good();
        var answer = await client.PostAsync("/par", ("request", pushed), ("state", "evil"));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        (await client.PostAsync("/par", ("request", pushed))).ShouldBeRefused("invalid_request_object", "OST1101");
        (await client.PostAsync("/par", ("request", Good(("aud", "\"x\""))))).ShouldBeRefused("invalid_request_object", "OST1093");
        var redirect = await shared.Alice.AuthorizeAsync($"client_id=signer&request_uri={Uri.EscapeDataString(answer["request_uri"]!)}");
        Assert.Equal("inner", Browser.QueryOf(redirect)["state"]);
    }

    [Fact, Trait("Spec", "RFC 9101 §5.2"), Trait("Spec", "RFC 9101 §5.2.3"), Trait("Spec", "OIDC Core §6.2")]
    public async Task G20_an_object_is_fetched_from_a_registered_address_and_from_no_other()
    {
        var body = "";
        await using var peer = new Peer(
            async (stream, ct) => await stream.WriteAsync(Encoding.ASCII.GetBytes(Peer.Ok(body, type: "application/oauth-authz-req+jwt")), ct)
        );
        await using var server = await peer.StartServerAsync();
        var address = $"https://127.0.0.1:{peer.Port}/request";
        await AddClientAsync(server, "far", $",\"request_uris\":[\"{address}\",\"{address}#v2\",\"https://127.0.0.1:1/gone\"]");
        using var browser = server.NewBrowser();
        Task<HttpResponseMessage> AskFarAsync(string uri) => browser.AuthorizeAsync(Ask.Query("far", ("request_uri", uri), ("state", "the state")));

        foreach (
            var other in new[]
            {
                address + "/",
                address + "?x",
                "https://169.254.169.254/latest",
                "file:///etc/passwd",
                "https://a.test/" + new string('x', 600),
            }
        )
            (await AskFarAsync(other)).ShouldRedirectWith(server, "request_uri_not_supported", "OST1059");
        Assert.Equal(0, peer.Connections);
        body = Signed(Claims(server, "far"));
        Assert.Equal("inner", Browser.QueryOf(await AskFarAsync(address + "#v2"))["state"]);
        body = "<html>";
        await (await AskFarAsync(address)).ShouldBePageAsync("OST1090");
        await (await AskFarAsync("https://127.0.0.1:1/gone")).ShouldBePageAsync("OST1098");
        Assert.True(await server.RefusedWithAsync(Reason.FetchUnreachable));
    }

    [Fact, Trait("Spec", "RFC 9101 §9"), Trait("Spec", "OIDC Discovery §3"), Trait("Spec", "RFC 9126 §6")]
    public async Task The_metadata_say_what_is_taken()
    {
        using var http = Server.NewHttp();
        using var json = JsonDocument.Parse(
            await http.GetStringAsync(Server.Issuer + "/.well-known/openid-configuration", TestContext.Current.CancellationToken)
        );

        Assert.Equal(Server.Issuer + "/par", json.RootElement.GetProperty("pushed_authorization_request_endpoint").GetString());
        Assert.False(json.RootElement.GetProperty("require_pushed_authorization_requests").GetBoolean());
        Assert.True(json.RootElement.GetProperty("request_parameter_supported").GetBoolean());
        Assert.True(json.RootElement.GetProperty("require_request_uri_registration").GetBoolean());
        Assert.DoesNotContain(
            json.RootElement.GetProperty("request_object_signing_alg_values_supported").EnumerateArray(),
            alg => alg.GetString() is "none" or "HS256"
        );
    }

    [Theory, Trait("Spec", "FAPI 2.0 Message Signing §5.3.1")]
    [InlineData("nbf", null, false)]
    [InlineData("nbf", "NOW-3000", false)] // exp lies more than an hour after it
    [InlineData("exp", "NOW+3600", true)]
    [InlineData("exp", "NOW+3605", false)]
    [InlineData("iat", null, true)]
    public async Task G17_under_FAPI_an_object_begins_and_ends_within_an_hour(string claim, string? value, bool taken)
    {
        const string fapi = ",\"profile\":\"fapi2\",\"token_endpoint_auth_method\":\"private_key_jwt\",\"token_endpoint_auth_signing_alg\":\"ES256\"";
        await Server.AddClientAsync(
            $$$"""{"client_id":"fapi-signer","type":"web","redirect_uris":["https://bank.test/cb"],"consent":"none","jwks":{"keys":[{{{Encoding.UTF8.GetString(SharedServer.ClientKey.ToPublicUtf8())}}}]}{{{fapi}}}}"""
        );
        var now = Server.Time.Now.ToUnixTimeSeconds();
        var json = value is null ? null : $"{now + long.Parse(value[3..], System.Globalization.CultureInfo.InvariantCulture)}";
        var request = Signed(Claims(Server, "fapi-signer", ("redirect_uri", "\"https://bank.test/cb\""), ("exp", $"{now + 900}"), (claim, json)));
        using var client = new TokenClient(Server, "fapi-signer", secret: null);

        var answer = await client.PostAsync(
            "/par",
            ("request", request),
            ("client_assertion_type", ClientAuthentication.AssertionType),
            (
                "client_assertion",
                Forge.Signed(
                    SharedServer.ClientKey,
                    "ES256",
                    "JWT",
                    Forge.AssertionClaims(Server, ("iss", "\"fapi-signer\""), ("sub", "\"fapi-signer\""))
                )
            )
        );

        if (taken)
            Assert.Equal(HttpStatusCode.Created, answer.Status);
        else
            answer.ShouldBeRefused("invalid_request_object", Refusal.CodeOf(Reason.RequestObjectExpired));
    }
}
