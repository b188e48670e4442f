using System.Net;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Registration;

/// <summary>Clients that register themselves. The rows K01 to K04 and K26 to K29 of the attacks on registration are here by their numbers.</summary>
public sealed class RegistrationTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private Registrant _registrant = null!;

    public async ValueTask InitializeAsync() => Use(await Registrant.ServerAsync());

    public async ValueTask DisposeAsync()
    {
        _registrant.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3.2.1")]
    [Trait("Spec", "RFC 7591 §3.2")]
    public async Task A_client_registers_and_signs_somebody_in()
    {
        var answer = await _registrant.RegisterAsync(
            """{"redirect_uris":["http://127.0.0.1:1/cb"],"client_name":"RP","scope":"openid offline_access","application_type":"web"}"""
        );

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("no-store", answer.Response.Headers.CacheControl!.ToString());
        Assert.Equal("RP", answer["client_name"]);
        Assert.Equal("client_secret_basic", answer["token_endpoint_auth_method"]);
        Assert.Equal(JsonValueKind.Number, answer.Json.GetProperty("client_secret_expires_at").ValueKind);
        Assert.Equal($"{_server.Issuer}/register/{answer["client_id"]}", answer["registration_client_uri"]);
        Assert.StartsWith("ost_rg_", answer["registration_access_token"], StringComparison.Ordinal);
        Assert.DoesNotContain(answer.Json.EnumerateObject(), m => m.Value.ValueKind == JsonValueKind.Null);
        using var client = new TokenClient(_server, answer["client_id"]!, answer["client_secret"]);
        using var browser = _server.NewBrowser();
        var tokens = await client.SignInAsync(browser);
        Assert.Equal(HttpStatusCode.OK, tokens.Status);
    }

    [Theory]
    [Trait("Spec", "RFC 8252 §7.1")]
    [InlineData("redirect_uris", """["cursor://x/cb"]""", """["https://rp.test/out"]""")]
    [InlineData("post_logout_redirect_uris", """["com.example.app:/cb"]""", """["com.example.app:/out","cursor://x/out"]""")]
    public async Task Without_an_MCP_server_nobody_registers_a_scheme_of_one_word(string member, string redirects, string afterLogout)
    {
        var answer = await _registrant.RegisterAsync(
            $$"""{"application_type":"native","token_endpoint_auth_method":"none","redirect_uris":{{redirects}},"post_logout_redirect_uris":{{afterLogout}}}"""
        );

        answer.ShouldBeRefused("invalid_redirect_uri", "OST4202");
        Assert.Contains(member + ": 'cursor://x/", answer["error_description"], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.2")]
    [Trait("Spec", "Front-Channel Logout §2")]
    public async Task A_client_registers_where_it_hears_of_logouts()
    {
        var answer = await _registrant.RegisterAsync(
            """{"redirect_uris":["https://rp.test/cb"],"backchannel_logout_uri":"https://rp.test/back","backchannel_logout_session_required":true,"frontchannel_logout_uri":"https://rp.test/front","frontchannel_logout_session_required":true}"""
        );
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal(("https://rp.test/back", "True"), (answer["backchannel_logout_uri"], answer["backchannel_logout_session_required"]));
        Assert.Equal(("https://rp.test/front", "True"), (answer["frontchannel_logout_uri"], answer["frontchannel_logout_session_required"]));

        var elsewhere = await _registrant.RegisterAsync(
            """{"redirect_uris":["https://rp.test/cb"],"frontchannel_logout_uri":"https://other.test/front"}"""
        );
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_client_metadata"), (elsewhere.Status, elsewhere.Error));
        var inside = await _registrant.RegisterAsync("""{"redirect_uris":["https://rp.test/cb"],"backchannel_logout_uri":"http://127.0.0.1/back"}""");
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_client_metadata"), (inside.Status, inside.Error));
        await UseAsync(await Registrant.ServerAsync("""{"open":true,"redirect_hosts":["rp.test"]}"""));
        (
            await _registrant.RegisterAsync("""{"redirect_uris":["https://rp.test/cb"],"backchannel_logout_uri":"https://victim.test/back"}""")
        ).ShouldBeRefused("invalid_redirect_uri", "OST2209");
    }

    [Fact]
    [Trait("Spec", "RFC 8414 §2")]
    public async Task The_metadata_name_the_endpoint_only_where_it_is_offered()
    {
        Assert.Equal(_server.Issuer + "/register", (await MetadataAsync())["registration_endpoint"]);

        await UseAsync(await TestServer.StartAsync());

        Assert.Null((await MetadataAsync())["registration_endpoint"]);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3")]
    public async Task Nobody_registers_where_it_is_off_K01()
    {
        await UseAsync(await TestServer.StartAsync());

        (await _registrant.RegisterAsync()).ShouldBeRefused("access_denied", "OST2201", HttpStatusCode.Forbidden);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3")]
    public async Task A_closed_server_registers_those_with_a_token_as_often_as_it_says_K01()
    {
        await UseAsync(await Registrant.ServerAsync("{}"));
        var token = await _registrant.InitialTokenAsync("""{"uses":2}""");

        (await _registrant.RegisterAsync()).ShouldBeRefused("invalid_token", "OST2202", HttpStatusCode.Unauthorized);
        (await _registrant.SendAsync(HttpMethod.Post, "/register?access_token=" + token, Registrant.Web, null)).ShouldBeRefused(
            "invalid_token",
            "OST2202",
            HttpStatusCode.Unauthorized
        );
        Assert.Equal(HttpStatusCode.Created, (await _registrant.RegisterAsync(token: token)).Status);
        // What is refused uses nothing up.
        (await _registrant.RegisterAsync("{}", token)).ShouldBeRefused("invalid_redirect_uri", "OST4202");
        Assert.Equal(HttpStatusCode.Created, (await _registrant.RegisterAsync(token: token)).Status);
        (await _registrant.RegisterAsync(token: token)).ShouldBeRefused("invalid_token", "OST2204", HttpStatusCode.Unauthorized);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3")]
    public async Task A_token_for_one_client_registers_one_however_many_hurry()
    {
        var token = await _registrant.InitialTokenAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _registrant.RegisterAsync(token: token)));

        Assert.Single(answers, a => a.Status == HttpStatusCode.Created);
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.Created), a => Assert.Equal("OST2204", a.Code));
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3")]
    public async Task A_token_expires_and_can_be_revoked()
    {
        var token = await _registrant.InitialTokenAsync("""{"expires_in":"1h","uses":9}""");
        var kept = await _registrant.InitialTokenAsync("""{"uses":9}""");
        _server.Time.Advance(TimeSpan.FromHours(1));
        (await _registrant.RegisterAsync(token: token)).ShouldBeRefused("invalid_token", "OST2204", HttpStatusCode.Unauthorized);

        foreach (var listed in (await _server.AdministerAsync("GET", "/initial-tokens")).GetProperty("items").EnumerateArray().ToList())
        {
            Assert.False(listed.TryGetProperty("initial_access_token", out _));
            await _server.AdministerAsync("DELETE", "/initial-tokens/" + listed.GetProperty("id").GetString());
        }

        (await _registrant.RegisterAsync(token: kept)).ShouldBeRefused("invalid_token", "OST2203", HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("=Bearer")]
    [InlineData("=Bearer ")]
    [InlineData("=Basic d2ViOnNlY3JldA==")]
    [InlineData("=ost_it_AAAA")]
    [InlineData("ost_it_AAAA")]
    [InlineData("no token at all")]
    [Trait("Spec", "RFC 6750 §2.1")]
    [Trait("Spec", "RFC 6750 §3")]
    public async Task An_odd_authorization_header_is_refused_and_breaks_nothing_K27(string header)
    {
        var answer = await _registrant.RegisterAsync(token: header);

        answer.ShouldBeRefused("invalid_token", "OST2203", HttpStatusCode.Unauthorized);
        Assert.Equal("Bearer", answer.Response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §2")]
    public async Task A_registrant_gets_no_more_than_the_policy_offers_and_is_told_K02()
    {
        var answer = await _registrant.RegisterAsync(
            """{"redirect_uris":["https://rp.test/cb"],"grant_types":["authorization_code","password","client_credentials","urn:ietf:params:oauth:grant-type:token-exchange"],"response_types":["code","token"],"scope":"openid ostiary:admin read","consent":"none","access_token_lifetime":"365d","allow_unsafe":["access_token_lifetime"],"disabled":false,"require_pkce":false,"type":"service"}"""
        );

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("""["authorization_code"]""", answer["grant_types"]);
        Assert.Equal("""["code"]""", answer["response_types"]);
        Assert.Equal("openid", answer["scope"]);
        Assert.Equal("remembered", answer["consent"]);
        Assert.Null(answer["access_token_lifetime"]);
        Assert.Equal("True", answer["require_pkce"]);
        Assert.Equal("web", answer["type"]);
        var warnings = answer.Json.GetProperty("warnings").EnumerateArray().Select(w => w.GetString()!).ToList();
        foreach (var left in new[] { "'password'", "'client_credentials'", "'token'", "'ostiary:admin'", "'read'" })
            Assert.Contains(warnings, w => w.Contains(left, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"grant_types":["client_credentials"]}""", "OST2208")]
    [InlineData("""{"grant_types":["password"]}""", "OST2208")]
    [InlineData("""{"redirect_uris":["https://rp.test/cb"],"token_endpoint_auth_method":"tls_client_auth"}""", "OST2208")]
    [InlineData("""{"redirect_uris":["https://rp.test/cb"],"subject_type":"pairwise"}""", "OST2208")]
    [InlineData("""{"redirect_uris":["https://rp.test/cb"],"response_types":["id_token token"]}""", "OST2210")]
    [InlineData("""{"redirect_uris":["https://rp.test/cb"],"token_endpoint_auth_method":"private_key_jwt"}""", "OST2210")]
    [InlineData("""{"redirect_uris":["https://rp.test/cb"],"id_token_signed_response_alg":"none"}""", "OST2210")]
    [InlineData(
        """{"redirect_uris":["https://rp.test/cb"],"jwks_uri":"https://127.0.0.1:22/k","token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[]}}""",
        "OST2210"
    )]
    [Trait("Spec", "RFC 7591 §3.2.2")]
    [Trait("Spec", "OIDC Registration §2")]
    public async Task What_cannot_be_had_is_refused_with_what_is_wrong_K02(string metadata, string code)
    {
        var answer = await _registrant.RegisterAsync(metadata);

        answer.ShouldBeRefused("invalid_client_metadata", code);
        Assert.Matches("^[ !#-\\[\\]-~]+$", answer["error_description"]!);
        Assert.True(answer["error_description"]!.Length > 60, answer["error_description"]);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3.2.1")]
    public async Task Nobody_chooses_an_id_or_a_secret_K03()
    {
        var answer = await _registrant.RegisterAsync(
            $$"""{"client_id":"web","client_secret":"{{TestServer.WebSecret}}","redirect_uris":["https://evil.test/cb"]}"""
        );

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.StartsWith("reg-", answer["client_id"], StringComparison.Ordinal);
        Assert.NotEqual(TestServer.WebSecret, answer["client_secret"]);
        Assert.Equal([TestServer.Callback], _server.Server.Configuration.Current.Client("web")!.RedirectUris);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3.2.1")]
    public async Task A_public_client_gets_no_secret_and_needs_none_K29()
    {
        var answer = await _registrant.RegisterAsync(Registrant.Public);

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Null(answer["client_secret"]);
        Assert.Null(answer["client_secret_expires_at"]);
        Assert.Equal("none", answer["token_endpoint_auth_method"]);
        using var client = new TokenClient(_server, answer["client_id"]!, null);
        using var browser = _server.NewBrowser();
        Assert.Equal(HttpStatusCode.OK, (await client.SignInAsync(browser)).Status);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3.2.2")]
    public async Task A_software_statement_is_refused_whatever_it_says_K28()
    {
        var answer = await _registrant.RegisterAsync("""{"redirect_uris":["https://rp.test/cb"],"software_statement":"e30.e30."}""");

        answer.ShouldBeRefused("unapproved_software_statement", "OST2207");
    }

    [Theory]
    [InlineData("https://*.rp.test/cb")]
    [InlineData("https://rp.test/cb#x")]
    [InlineData("http://rp.test/cb")]
    [InlineData("javascript:alert(1)")]
    [InlineData("https://rp.test/cb?code=x")]
    [InlineData("com.app://host/cb")]
    [Trait("Spec", "RFC 9700 §2.1")]
    public async Task Redirect_uris_are_checked_as_everywhere(string uri) =>
        (await _registrant.RegisterAsync($$"""{"redirect_uris":["{{uri}}"]}""")).ShouldBeRefused("invalid_redirect_uri", "OST4202");

    [Theory]
    [InlineData("""{"redirect_uris":["https://rp.test/cb"],"redirect_uris":[]}""", "application/json")]
    [InlineData("""["https://rp.test/cb"]""", "application/json")]
    [InlineData("redirect_uris=https://rp.test/cb", "application/x-www-form-urlencoded")]
    [InlineData("""{"redirect_uris":["https://rp.test/cb"]}""", "text/plain")]
    [Trait("Spec", "RFC 7591 §3.1")]
    public async Task Only_a_json_object_is_read(string body, string type) =>
        (await _registrant.SendAsync(HttpMethod.Post, "/register", body, null, type)).ShouldBeRefused("invalid_client_metadata", "OST2206");

    [Fact]
    [Trait("Spec", "RFC 7591 §3.2.2")]
    public async Task Answers_go_only_to_hosts_that_are_offered()
    {
        await UseAsync(await Registrant.ServerAsync("""{"open":true,"redirect_hosts":["rp.test","*.apps.test","localhost","com.example.app:"]}"""));

        foreach (var good in new[] { "https://rp.test/cb", "https://a.apps.test/cb", "http://127.0.0.1:1/cb", "com.example.app:/cb" })
            Assert.Equal(HttpStatusCode.Created, (await _registrant.RegisterAsync(Public(good))).Status);
        foreach (
            var bad in new[]
            {
                "https://evil.test/cb",
                "https://rp.test.evil/cb",
                "https://apps.test/cb",
                "https://xapps.test/",
                "com.example.apps:/cb",
            }
        )
            (await _registrant.RegisterAsync(Public(bad))).ShouldBeRefused("invalid_redirect_uri", "OST2209");

        static string Public(string uri) => $$"""{"redirect_uris":["{{uri}}"],"token_endpoint_auth_method":"none"}""";
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §5")]
    public async Task The_table_is_bounded_and_unused_clients_make_room_K26()
    {
        await UseAsync(await Registrant.ServerAsync("""{"open":true,"most_clients":2,"unused_lifetime":"1h"}"""));
        var used = await _registrant.RegisterAsync(Registrant.Public);
        using (var client = new TokenClient(_server, used["client_id"]!, null))
        using (var browser = _server.NewBrowser())
            Assert.Equal(HttpStatusCode.OK, (await client.SignInAsync(browser)).Status);
        var unused = await _registrant.RegisterAsync(Registrant.Public);
        (await _registrant.RegisterAsync()).ShouldBeRefused("temporarily_unavailable", "OST2205", HttpStatusCode.ServiceUnavailable);

        _server.Time.Advance(TimeSpan.FromMinutes(61));
        await _server.Server.Endpoints.Registrations.ExpireAsync(TestContext.Current.CancellationToken);

        Assert.NotNull(_server.Server.Configuration.Current.Client(used["client_id"]!));
        Assert.Null(_server.Server.Configuration.Current.Client(unused["client_id"]!));
        Assert.NotNull(_server.Server.Configuration.Current.Client("web2")); // The operator's stay.
        Assert.Equal(HttpStatusCode.Created, (await _registrant.RegisterAsync()).Status);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §5")]
    public async Task Who_registers_without_end_is_slowed_and_locks_nobody_with_a_token_out_K26()
    {
        var token = await _registrant.InitialTokenAsync();
        for (var i = 0; i < 30; i++)
            Assert.Equal(HttpStatusCode.Created, (await _registrant.RegisterAsync()).Status);

        (await _registrant.RegisterAsync()).ShouldBeRefused("temporarily_unavailable", "OST1005", HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.Created, (await _registrant.RegisterAsync(token: token)).Status);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3")]
    public async Task A_browser_may_register_from_any_origin()
    {
        var answer = await _registrant.SendAsync(HttpMethod.Options, "/register", null, null);

        Assert.Equal(HttpStatusCode.NoContent, answer.Status);
        Assert.Equal("*", answer.Response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(answer.Response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Configuration_as_code_neither_writes_nor_prunes_who_registered()
    {
        var id = (await _registrant.RegisterAsync())["client_id"]!;

        var exported = await _server.AdministerAsync("GET", "/config");
        Assert.DoesNotContain(id, exported.GetRawText(), StringComparison.Ordinal);
        await _server.AdministerAsync("POST", "/config/apply", $$"""{"configuration":{{exported.GetRawText()}},"prune":true}""");
        Assert.NotNull(_server.Server.Configuration.Current.Client(id));
    }

    [Fact]
    public async Task The_initial_token_that_is_gone_is_not_found()
    {
        var request = new Ostiary.Server.Admin.AdminRequest("DELETE", "/initial-tokens/it_none", Ostiary.Server.Admin.AdminCaller.Owner);
        var response = await _server.Server.Administration.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(Ostiary.Protocol.Reasons.Reason.InitialTokenNotFound, response.Reason);
    }

    private Task<Answer> MetadataAsync() => _registrant.SendAsync(HttpMethod.Get, "/.well-known/openid-configuration", null, null);

    private void Use(TestServer server) => (_server, _registrant) = (server, new(server));

    private async Task UseAsync(TestServer server)
    {
        await DisposeAsync();
        Use(server);
    }
}
