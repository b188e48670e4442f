using System.Net;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Authorize;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Authorize;

/// <summary>Once the redirect URI is trusted, a bad request is answered there: with state, issuer and code, and with nothing issued.</summary>
public sealed class AuthorizeRequestAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private TestServer Server => shared.Server;

    [Theory, Trait("Spec", "RFC 6749 §3.1.1"), Trait("Spec", "RFC 9700 §2.1.2"), Trait("Spec", "Multiple Response Types §2.1")]
    [InlineData("response_type", "token", "unsupported_response_type", "OST1022")] // A31
    [InlineData("response_type", "id_token token", "unsupported_response_type", "OST1022")]
    [InlineData("response_type", "token id_token code", "unsupported_response_type", "OST1022")]
    [InlineData("response_type", "code id_token", "unsupported_response_type", "OST1022")]
    [InlineData("response_type", "code code", "unsupported_response_type", "OST1021")] // A32
    [InlineData("response_type", "CODE", "unsupported_response_type", "OST1021")]
    [InlineData("response_type", "none", "unsupported_response_type", "OST1021")]
    [InlineData("response_type", "", "invalid_request", "OST1020")]
    [InlineData("response_type", null, "invalid_request", "OST1020")]
    [InlineData("+response_type", "code", "invalid_request", "OST1003")]
    [InlineData("response_mode", "fragment", "invalid_request", "OST1023")] // A33
    [InlineData("response_mode", "query.jwt", "invalid_request", "OST1023")]
    [InlineData("response_mode", "web_message", "invalid_request", "OST1023")]
    [InlineData("response_mode", "Query", "invalid_request", "OST1023")]
    public async Task A31_to_A33_refuses_other_responses(string name, string? value, string error, string code) =>
        await RefusesAsync(name, value, error, code);

    [Theory, Trait("Spec", "RFC 7636 §4.2"), Trait("Spec", "RFC 7636 §4.4.1"), Trait("Spec", "RFC 9700 §2.1.1")]
    [InlineData("code_challenge", null, "OST1030")] // A34: a method without a challenge
    [InlineData("code_challenge", "", "OST1030")] // A36
    [InlineData("code_challenge_method", "plain", "OST1031")] // A35
    [InlineData("code_challenge_method", null, "OST1031")]
    [InlineData("code_challenge_method", "s256", "OST1031")]
    [InlineData("code_challenge", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "OST1032")] // 42
    [InlineData("code_challenge", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "OST1032")] // 44
    [InlineData("code_challenge", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=", "OST1032")]
    [InlineData("code_challenge", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx+/", "OST1032")]
    public async Task A34_to_A36_refuses_other_challenges(string name, string? value, string code) =>
        await RefusesAsync(name, value, "invalid_request", code);

    [Fact, Trait("Spec", "RFC 9700 §2.1.1")]
    public async Task A34_refuses_a_public_client_without_a_challenge()
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("spa", ("code_challenge", null), ("code_challenge_method", null)));

        answer.ShouldRedirectWith(Server, "invalid_request", "OST1030");
    }

    [Theory, Trait("Spec", "RFC 6749 §3.3"), Trait("Spec", "RFC 6749 §4.1.2.1"), Trait("Spec", "RFC 8707 §2")]
    [InlineData("scope", "openid admin", "invalid_scope", "OST1041")]
    [InlineData("scope", "openid org:other", "invalid_scope", "OST1041")] // A67
    [InlineData("scope", "openid other", "invalid_scope", "OST1042")]
    [InlineData("scope", "openid \"quoted\"", "invalid_scope", "OST1040")]
    [InlineData("scope", "openid\u00e9", "invalid_scope", "OST1040")]
    [InlineData("scope", "openid\tread", "invalid_scope", "OST1040")]
    [InlineData("scope", "OPENID", "invalid_scope", "OST1041")]
    [InlineData("resource", "https://nowhere.example", "invalid_target", "OST1043")]
    [InlineData("resource", "https://other.example", "invalid_target", "OST1043")]
    [InlineData("resource", "https://api.example#x", "invalid_target", "OST1044")]
    [InlineData("resource", "/relative", "invalid_target", "OST1044")]
    [InlineData("resource", "not a uri", "invalid_target", "OST1044")]
    public async Task A67_refuses_scopes_and_resources_that_the_client_may_not_have(string name, string value, string error, string code) =>
        await RefusesAsync(name, value, error, code);

    [
        Theory,
        Trait("Spec", "OIDC Core §3.1.2.1"),
        Trait("Spec", "OIDC Core §3.1.2.6"),
        Trait("Spec", "OIDC Core §5.5"),
        Trait("Spec", "OIDC Core §5.5.1.1"),
        Trait("Spec", "OIDC Unmet Authentication Requirements §2")
    ]
    [InlineData("prompt", "none login", "invalid_request", "OST1050")]
    [InlineData("prompt", "create", "invalid_request", "OST1050")]
    [InlineData("max_age", "-1", "invalid_request", "OST1054")] // A52, M22
    [InlineData("max_age", "1.5", "invalid_request", "OST1054")]
    [InlineData("max_age", "9223372036854775808", "invalid_request", "OST1054")]
    [InlineData("max_age", "0x10", "invalid_request", "OST1054")]
    [InlineData("max_age", " 1", "invalid_request", "OST1054")]
    [InlineData("claims", "{", "invalid_request", "OST1055")] // A62
    [InlineData("claims", "[]", "invalid_request", "OST1055")]
    [InlineData("claims", "{\"userinfo\":[]}", "invalid_request", "OST1055")]
    [InlineData("claims", "{\"userinfo\":{\"name\":1}}", "invalid_request", "OST1055")]
    [InlineData("claims", "{\"userinfo\":{},\"userinfo\":{}}", "invalid_request", "OST1055")]
    [InlineData("claims", "{\"id_token\":{\"acr\":{\"essential\":true,\"value\":\"\\ud800\"}}}", "invalid_request", "OST1055")]
    [InlineData("claims", "{\"userinfo\":{\"\\ud800\":null}}", "invalid_request", "OST1055")]
    [InlineData("claims", "{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"urn:gold\"]}}}", "unmet_authentication_requirements", "OST1056")] // A53
    [InlineData("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported", "OST1058")]
    [InlineData("request_uri", "https://evil.test/r", "request_uri_not_supported", "OST1059")]
    [InlineData("registration", "{}", "registration_not_supported", "OST1062")]
    public async Task A52_to_A62_refuses_other_parameters(string name, string value, string error, string code) =>
        await RefusesAsync(name, value, error, code);

    [Fact, Trait("Spec", "OIDC Core §5.5")]
    public async Task A62_refuses_a_claims_bomb()
    {
        var depth = string.Concat(Enumerable.Repeat("{\"a\":", 500)) + "1" + new string('}', 500);
        var form = Ask.Changed(
            [
                ("client_id", "web"),
                ("response_type", "code"),
                ("redirect_uri", TestServer.Callback),
                ("state", "the state"),
                ("scope", "openid"),
                ("claims", depth),
            ],
            []
        );

        (await shared.Alice.PostAsync("/authorize", form)).ShouldRedirectWith(Server, "invalid_request", "OST1055");
        form[^1].Item2 = "{\"userinfo\":{" + string.Join(',', Enumerable.Range(0, 2000).Select(i => $"\"c{i}\":null")) + "}}";
        (await shared.Alice.PostAsync("/authorize", form)).ShouldRedirectWith(Server, "invalid_request", "OST1055");
    }

    [Theory, Trait("Spec", "RFC 6749 §4.1.2"), Trait("Spec", "RFC 9207 §2")]
    [InlineData("a\r\nX-Inj: 1")] // A38
    [InlineData("a&code=evil&iss=https://evil.test")] // A39
    [InlineData("€ \U0001F600 %25 + ; = # ?")] // A40
    [InlineData("a.b:c_d|e,f~g'h\"<>\\")] // A41
    public async Task A38_to_A41_gives_state_back_whole(string state)
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("web", ("state", state)));

        var query = Browser.QueryOf(answer);
        Assert.Null(query.Repeated);
        Assert.Equal((state, Server.Issuer), (query["state"], query["iss"])); // A43
        Assert.NotNull(query["code"]);
        Assert.False(answer.Headers.Contains("X-Inj"));
        Assert.DoesNotContain(answer.Headers.Location!.OriginalString, c => c is < '!' or > '~');
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.1")]
    public async Task A40_gives_a_long_state_back_or_refuses_it_with_a_page()
    {
        var form = Ask.Changed(
            [
                ("client_id", "web"),
                ("response_type", "code"),
                ("redirect_uri", TestServer.Callback),
                ("scope", "openid"),
                ("state", new string('s', 8192)),
            ],
            []
        );

        Assert.Equal(8192, Browser.QueryOf(await shared.Alice.PostAsync("/authorize", form))["state"]!.Length);
        form[^1].Item2 += "s";
        await (await shared.Alice.PostAsync("/authorize", form)).ShouldBePageAsync("OST1060");
        form[^1].Item2 = new string('é', 5000);
        await (await shared.Alice.PostAsync("/authorize", form)).ShouldBePageAsync("OST1060");
        form[^1].Item2 = new string('s', 70_000);
        await (await shared.Alice.PostAsync("/authorize", form)).ShouldBePageAsync("OST1002", HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task Refuses_a_nonce_that_no_token_should_carry() =>
        await RefusesAsync("nonce", new string('n', 2049), "invalid_request", "OST1061");

    [Fact, Trait("Spec", "OAuth Form Post §2")]
    public async Task A42_posts_the_response_with_every_value_escaped()
    {
        var answer = await shared.Alice.GetAsync(
            "/authorize?" + Ask.Query("web", ("response_mode", "form_post"), ("state", "\"><script>evil</script>"))
        );

        var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain("<script>evil", html, StringComparison.Ordinal);
        Assert.DoesNotContain(" onload", html, StringComparison.Ordinal);
        Assert.Equal("\"><script>evil</script>", Browser.Field(html, "state"));
        Assert.Equal(Server.Issuer, Browser.Field(html, "iss"));
        Assert.NotNull(Browser.Field(html, "code"));
        Assert.Contains($"action=\"{TestServer.Callback}\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-inline", string.Join(' ', answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 9700 §4.2.4"), Trait("Spec", "RFC 9700 §4.12"), Trait("Spec", "OIDC Core §3.1.2")]
    public async Task A45_to_A49_a_response_is_neither_cached_nor_shared_nor_repeated()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Server.Issuer + "/authorize?" + Ask.Query("web"));
        request.Headers.Add("Origin", "https://evil.test");
        using var http = Server.NewHttp();

        var redirect = await shared.Alice.GetAsync("/authorize?" + Ask.Query("web"));
        var posted = await shared.Alice.PostAsync(
            "/authorize",
            Ask.Changed([("client_id", "web"), ("response_type", "code"), ("redirect_uri", TestServer.Callback)], [])
        );
        var foreign = await http.SendAsync(request, TestContext.Current.CancellationToken);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, Server.Issuer + "/authorize");
        preflight.Headers.Add("Origin", "https://evil.test");
        var options = await http.SendAsync(preflight, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Found, redirect.StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, posted.StatusCode);
        Assert.Contains("no-store", redirect.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal("no-referrer", string.Join(' ', redirect.Headers.GetValues("Referrer-Policy")));
        Assert.DoesNotContain(foreign.Headers.Concat(options.Headers), h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact, Trait("Spec", "RFC 6749 §10.10")]
    public async Task A63_codes_have_nothing_in_common_but_their_kind()
    {
        var codes = new List<string>();
        for (var i = 0; i < 40; i++)
            codes.Add(await shared.CodeAsync());

        Assert.Equal(40, codes.Distinct().Count());
        Assert.All(codes, code => Assert.StartsWith(CredentialText.AuthorizationCode, code, StringComparison.Ordinal));
        // The version is 8 bits; the first character that may differ is the second of the body.
        Assert.True(codes.Select(code => code[8..12]).Distinct().Count() > 35);
    }

    [Theory]
    [InlineData("login_hint", "<script>evil</script>")] // A61
    [InlineData("ui_locales", "../../etc/evil")]
    [InlineData("display", "evil")]
    [InlineData("claims_locales", "evil")]
    [InlineData("acr_values", "urn:evil")]
    [InlineData("unknown", "evil")]
    public async Task A61_hints_and_unknown_parameters_change_nothing(string name, string value)
    {
        Assert.NotNull(await shared.CodeAsync("web", (name, value)));
        using var stranger = Server.NewBrowser();
        var login = await stranger.GetAsync("/authorize?" + Ask.Query("web", (name, value)));
        var page = await stranger.GetAsync(login.Headers.Location!.OriginalString);
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("<script>evil", html, StringComparison.Ordinal);
        Assert.DoesNotContain("etc/evil", html, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.2.1")]
    public void Refuses_a_client_without_the_code_grant()
    {
        // No configuration gives such a client a redirect URI, so the rule is asked alone.
        var snapshot = Server.Server.Issuer.Configuration.Current;
        var client = snapshot.Client("web")! with { GrantTypes = ["client_credentials"] };
        FormParameters.TryParse(System.Text.Encoding.UTF8.GetBytes(Ask.Query("web")), out var parameters);
        var request = AuthorizationRequest.Read(client, parameters, AuthorizeRules.Trust(parameters));

        var incoming = new IncomingRequest
        {
            Parameters = parameters,
            Sent = parameters,
            Client = client,
            Way = Way.Plain,
        };
        var verdict = AuthorizeRules.Request.Judge(request, new(snapshot, HintUnknown: false, incoming), Server.Time.Now);

        Assert.Equal(Reason.ClientMayNotUseCode, verdict.Refused);
    }

    private async Task RefusesAsync(string name, string? value, string error, string code)
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("web", (name, value)));

        answer.ShouldRedirectWith(Server, error, code);
    }
}
