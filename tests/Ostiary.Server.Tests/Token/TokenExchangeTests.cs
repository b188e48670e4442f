using System.Net;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Token;

/// <summary>A service that was called with alice's token exchanges it for one to the next service, and what it cannot get in this way.</summary>
public sealed class TokenExchangeTests : IAsyncLifetime
{
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string AccessType = "urn:ietf:params:oauth:token-type:access_token";
    private const string IdType = "urn:ietf:params:oauth:token-type:id_token";
    private const string JwtType = "urn:ietf:params:oauth:token-type:jwt";
    private const string Next = "https://next.example";

    private TestServer _server = null!;
    private TokenClient _web = null!;
    private TokenClient _service = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.AddApiAsync(
            $$"""{"identifier":"{{Next}}","scopes":[{"name":"next.read","description":"Read"},{"name":"next.write","description":"Write"}],"resource_server_clients":["rs"]}"""
        );
        await _server.AddApiAsync("""{"identifier":"https://third.example","scopes":[{"name":"third","description":"Third"}]}""");
        await _server.AdministerAsync("PATCH", "/apis/https%3A%2F%2Fapi.example", """{"exchange_scope":"next.read next.write third"}""");
        await _server.AddClientAsync(
            """{"client_id":"shop","type":"web","redirect_uris":["CB"],"consent":"none","scope":"openid offline_access read write next.read next.write third"}""",
            TestServer.WebSecret
        );
        await AddServiceAsync(
            "service",
            $$"""{"from":["shop","service","m2m"],"audiences":["{{Next}}","https://api.example"],"scope":"read write next.read"}"""
        );
        await AddServiceAsync("mimic", $$"""{"from":["shop"],"audiences":["{{Next}}"],"scope":"next.read","impersonate":true}""");
        await AddServiceAsync("nothing", "");
        (_web, _service) = (new(_server, "shop"), new(_server, "service"));
    }

    private Task AddServiceAsync(string id, string policy) =>
        _server.AddClientAsync(
            $$"""{"client_id":"{{id}}","type":"service","scope":"read","grant_types":["client_credentials","{{Exchange}}"],"token_exchange":[{{policy}}]}""",
            TestServer.WebSecret
        );

    private async Task<Answer> AliceAsync(string scope = "openid offline_access read next.read next.write third")
    {
        using var browser = _server.NewBrowser();
        var tokens = await _web.SignInAsync(browser, scope);
        Assert.Equal(HttpStatusCode.OK, tokens.Status);
        return tokens;
    }

    private static Task<Answer> ExchangeAsync(TokenClient client, string token, params (string Name, string? Value)[] changes) =>
        client.TokenAsync(
            Ask.Changed(
                [("grant_type", Exchange), ("subject_token", token), ("subject_token_type", AccessType), ("audience", Next), ("scope", "next.read")],
                changes
            )
        );

    private static JsonElement ClaimsOf(Answer answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        using var json = JsonDocument.Parse(Forge.Part(answer["access_token"]!, 1));
        return json.RootElement.Clone();
    }

    private static (string Name, string? Value)[] WithIdToken(Answer tokens) =>
        [("subject_token", tokens["id_token"]), ("subject_token_type", IdType)];

    private async Task<string?> ActiveAsync(Answer tokens)
    {
        using var api = new TokenClient(_server, "rs");
        return (await api.PostAsync("/introspect", ("token", tokens["access_token"]!)))["active"];
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §2.1")]
    [Trait("Spec", "RFC 8693 §2.2.1")]
    [Trait("Spec", "RFC 8693 §4.1")]
    public async Task A_service_gets_a_token_for_the_next_one_that_says_who_acts_for_whom()
    {
        var alice = await AliceAsync();
        _server.Time.Advance(TimeSpan.FromMinutes(1));

        var answer = await ExchangeAsync(_service, alice["access_token"]!);

        var (claims, before) = (ClaimsOf(answer), ClaimsOf(alice));
        Assert.Equal((AccessType, "Bearer", "next.read"), (answer["issued_token_type"], answer["token_type"], answer["scope"]));
        Assert.Equal(
            ("usr_alice", Next, "service"),
            (claims.GetProperty("sub").GetString(), claims.GetProperty("aud").GetString(), claims.GetProperty("client_id").GetString())
        );
        Assert.Equal("service", claims.GetProperty("act").GetProperty("sub").GetString());
        Assert.Equal(before.GetProperty("exp").GetInt64(), claims.GetProperty("exp").GetInt64()); // I10
        Assert.Equal(before.GetProperty("auth_time").GetInt64(), claims.GetProperty("auth_time").GetInt64()); // I18
        Assert.Null(answer["refresh_token"]);
        Assert.Null(answer["id_token"]);
        Assert.Equal("True", await ActiveAsync(answer));
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §4.1")]
    public async Task I08_it_impersonates_only_where_the_policy_says_so()
    {
        var alice = await AliceAsync();
        using var mimic = new TokenClient(_server, "mimic");

        Assert.False(ClaimsOf(await ExchangeAsync(mimic, alice["access_token"]!)).TryGetProperty("act", out _));
        Assert.True(ClaimsOf(await ExchangeAsync(_service, alice["access_token"]!)).TryGetProperty("act", out _));
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §2.2.2")]
    [Trait("Spec", "RFC 8693 §5")]
    public async Task I01_I06_what_no_policy_names_is_refused()
    {
        var alice = await AliceAsync();
        using var nothing = new TokenClient(_server, "nothing");
        using var browser = _server.NewBrowser();
        using var web = new TokenClient(_server, "web");
        var others = await web.SignInAsync(browser, "openid read");

        (await ExchangeAsync(nothing, alice["access_token"]!)).ShouldBeRefused("invalid_request", Refusal.CodeOf(Reason.ExchangeNotAllowed));
        (await ExchangeAsync(_service, others["access_token"]!)).ShouldBeRefused("invalid_request", "OST2094");
        foreach (var audience in new[] { "https://third.example", "https://unknown.example", _server.Issuer })
            (await ExchangeAsync(_service, alice["access_token"]!, ("audience", audience))).ShouldBeRefused(
                "invalid_target",
                Refusal.CodeOf(Reason.ExchangeTargetRefused)
            );
        (await ExchangeAsync(_service, alice["access_token"]!, ("resource", "https://api.example"))).ShouldBeRefused("invalid_target", "OST1045");
        (await ExchangeAsync(web, others["access_token"]!)).ShouldBeRefused("unauthorized_client", "OST2006");
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §5")]
    public async Task I12_a_public_client_exchanges_nothing()
    {
        var faults = new List<ConfigurationFault>();
        using var json = JsonDocument.Parse(
            $$"""{"client_id":"x","type":"spa","redirect_uris":["https://x.example/"],"grant_types":["authorization_code","{{Exchange}}"]}"""
        );

        ClientDocument.Parse(json.RootElement, "client", onLoopback: true, faults);

        Assert.Contains(faults, f => f.Path == "client.grant_types");
        using var spa = new TokenClient(_server, "spa", secret: null);
        (await ExchangeAsync(spa, "x")).ShouldBeRefused("invalid_client", "OST3021", HttpStatusCode.Unauthorized);
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §5")]
    public async Task I02_the_scope_never_grows()
    {
        var narrow = await AliceAsync("read next.read");
        var code = Refusal.CodeOf(Reason.ExchangeScopeExceeded);

        (await ExchangeAsync(_service, narrow["access_token"]!, ("scope", "next.write"))).ShouldBeRefused("invalid_scope", code); // not in the policy
        (await ExchangeAsync(_service, narrow["access_token"]!, ("scope", "write"), ("audience", "https://api.example"))).ShouldBeRefused(
            "invalid_scope",
            code
        );
        (await ExchangeAsync(_service, narrow["access_token"]!, ("scope", "third"))).ShouldBeRefused("invalid_scope", code);
        var unapproved = await AliceAsync("read");
        (await ExchangeAsync(_service, unapproved["access_token"]!)).ShouldBeRefused("invalid_scope", code);
        (await ExchangeAsync(_service, unapproved["access_token"]!, ("scope", null))).ShouldBeRefused("invalid_scope", code);
        Assert.Equal("next.read", (await ExchangeAsync(_service, narrow["access_token"]!, ("scope", null)))["scope"]);
        (await ExchangeAsync(_service, narrow["access_token"]!, ("scope", "\""))).ShouldBeRefused("invalid_scope", "OST1040");
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §2.2.2")]
    public async Task I03_dead_forged_and_foreign_tokens_are_refused()
    {
        var alice = await AliceAsync();
        var token = alice["access_token"]!;
        var code = Refusal.CodeOf(Reason.SubjectTokenInvalid);

        foreach (var bad in new[] { "x", token[..^2], alice["refresh_token"]!, alice["id_token"]! })
            (await ExchangeAsync(_service, bad)).ShouldBeRefused("invalid_request", code); // I05
        _server.Time.Advance(TimeSpan.FromDays(1));
        (await ExchangeAsync(_service, token)).ShouldBeRefused("invalid_request", code);
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §5")]
    public async Task I02_a_token_that_carries_less_gives_less_whatever_the_person_approved()
    {
        var alice = await AliceAsync();
        var code = Refusal.CodeOf(Reason.ExchangeScopeExceeded);
        var small = await _web.TokenAsync(("grant_type", "refresh_token"), ("refresh_token", alice["refresh_token"]!), ("scope", "read"));

        Assert.Equal("read", small["scope"]);
        (await ExchangeAsync(_service, small["access_token"]!)).ShouldBeRefused("invalid_scope", code);
        Assert.Contains("next.read", alice["scope"]!.Split(' '));
        await _server.AdministerAsync("PATCH", "/apis/https%3A%2F%2Fapi.example", """{"exchange_scope":"third"}""");
        var uncarried = await AliceAsync();
        Assert.DoesNotContain("next.read", uncarried["scope"]!.Split(' '));
        (await ExchangeAsync(_service, uncarried["access_token"]!)).ShouldBeRefused("invalid_scope", code);
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §3")]
    [Trait("Spec", "RFC 8693 §2.1")]
    public async Task I05_what_is_not_taken_or_not_given_is_refused()
    {
        var alice = await AliceAsync();
        var token = alice["access_token"]!;
        var code = Refusal.CodeOf(Reason.TokenTypeUnsupported);
        const string refresh = "urn:ietf:params:oauth:token-type:refresh_token";

        foreach (var type in new[] { refresh, JwtType, "urn:ietf:params:oauth:token-type:saml2", "access_token" })
            (await ExchangeAsync(_service, token, ("subject_token_type", type))).ShouldBeRefused("invalid_request", code);
        foreach (var type in new[] { IdType, refresh, "urn:ietf:params:oauth:token-type:saml2" })
            (await ExchangeAsync(_service, token, ("requested_token_type", type))).ShouldBeRefused("invalid_request", code);
        (await ExchangeAsync(_service, token, ("subject_token_type", null))).ShouldBeRefused(
            "invalid_request",
            Refusal.CodeOf(Reason.SubjectTokenMissing)
        );
        (await ExchangeAsync(_service, token, ("subject_token_type", IdType))).ShouldBeRefused("invalid_request", "OST2092");
        (await ExchangeAsync(_service, alice["id_token"]!)).ShouldBeRefused("invalid_request", "OST2092");
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §2.2.1")]
    public async Task A_JWT_is_given_by_name_where_the_API_takes_JWTs()
    {
        var token = (await AliceAsync())["access_token"]!;

        Assert.Equal(JwtType, (await ExchangeAsync(_service, token, ("requested_token_type", JwtType)))["issued_token_type"]);
        await _server.AdministerAsync("PATCH", "/apis/https%3A%2F%2Fnext.example", """{"token_format":"opaque"}""");
        (await ExchangeAsync(_service, token, ("requested_token_type", JwtType))).ShouldBeRefused(
            "invalid_request",
            Refusal.CodeOf(Reason.TokenTypeUnsupported)
        );
        Assert.Equal(AccessType, (await ExchangeAsync(_service, token))["issued_token_type"]);
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §3")]
    [Trait("Spec", "RFC 8693 §5")]
    public async Task An_ID_token_is_exchanged_by_the_client_that_it_was_issued_to()
    {
        await _server.AdministerAsync(
            "PATCH",
            "/clients/shop",
            $$"""{"grant_types":["authorization_code","refresh_token","{{Exchange}}"],"token_exchange":[{"from":["shop"],"audiences":["{{Next}}"],"scope":"next.read"}]}"""
        );
        var alice = await AliceAsync("openid offline_access read next.read");

        var answer = await ExchangeAsync(_web, "", WithIdToken(alice));

        var claims = ClaimsOf(answer);
        Assert.Equal(
            ("usr_alice", Next, "next.read"),
            (claims.GetProperty("sub").GetString(), claims.GetProperty("aud").GetString(), answer["scope"])
        );
        Assert.Equal("True", await ActiveAsync(answer));
        (await ExchangeAsync(_service, "", WithIdToken(alice))).ShouldBeRefused("invalid_request", "OST2092");
        (await ExchangeAsync(_web, "", [.. WithIdToken(alice), ("scope", "next.write")])).ShouldBeRefused("invalid_scope", "OST2096");
        (await ExchangeAsync(_web, "", [.. WithIdToken(alice), ("audience", null)])).ShouldBeRefused("invalid_target", "OST2095");
        await _web.PostAsync("/revoke", ("token", alice["refresh_token"]!));
        Assert.Equal("False", await ActiveAsync(answer));
        (await ExchangeAsync(_web, "", WithIdToken(alice))).ShouldBeRefused("invalid_request", "OST2092");
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §4.4")]
    public async Task I07_a_token_that_says_who_may_act_is_exchanged_by_nobody_else()
    {
        await _server.AdministerAsync("PATCH", "/clients/shop", """{"may_act":"service"}""");
        var alice = await AliceAsync();
        using var mimic = new TokenClient(_server, "mimic");

        Assert.Equal("service", ClaimsOf(alice).GetProperty("may_act").GetProperty("sub").GetString());
        (await ExchangeAsync(mimic, alice["access_token"]!)).ShouldBeRefused("invalid_request", Refusal.CodeOf(Reason.ActorNotPermitted));
        var acted = await ExchangeAsync(_service, alice["access_token"]!);
        Assert.Equal("service", ClaimsOf(acted).GetProperty("act").GetProperty("sub").GetString());
        Assert.False(ClaimsOf(acted).TryGetProperty("may_act", out _));
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §2.2.2")]
    public async Task I07_an_actor_token_is_one_of_the_client_itself()
    {
        var token = (await AliceAsync())["access_token"]!;
        var code = Refusal.CodeOf(Reason.ActorTokenInvalid);
        var own = (await _service.TokenAsync(("grant_type", "client_credentials"), ("scope", "read")))["access_token"]!;
        using var other = new TokenClient(_server, "m2m");
        var foreign = (await other.TokenAsync(("grant_type", "client_credentials"), ("scope", "read")))["access_token"]!;

        var acted = await ExchangeAsync(_service, token, ("actor_token", own), ("actor_token_type", AccessType));

        Assert.Equal("service", ClaimsOf(acted).GetProperty("act").GetProperty("sub").GetString());
        (await ExchangeAsync(_service, token, ("actor_token", foreign), ("actor_token_type", AccessType))).ShouldBeRefused("invalid_request", code);
        (await ExchangeAsync(_service, token, ("actor_token", own))).ShouldBeRefused("invalid_request", code);
        (await ExchangeAsync(_service, token, ("actor_token_type", AccessType))).ShouldBeRefused("invalid_request", code);
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §4.1")]
    public async Task I09_a_chain_has_four_links_at_most()
    {
        var tokens = await AliceAsync();
        for (var i = 0; i < 4; i++)
            tokens = await ExchangeAsync(_service, tokens["access_token"]!);

        var act = ClaimsOf(tokens);
        for (var i = 0; i < 4; i++)
            act = act.GetProperty("act");
        Assert.False(act.TryGetProperty("act", out _));
        (await ExchangeAsync(_service, tokens["access_token"]!)).ShouldBeRefused("invalid_request", Refusal.CodeOf(Reason.ExchangeChainTooLong));
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §5")]
    public async Task The_end_of_the_grant_or_of_a_token_ends_what_was_exchanged_from_it()
    {
        var alice = await AliceAsync();
        var first = await ExchangeAsync(_service, alice["access_token"]!);
        var second = await ExchangeAsync(_service, first["access_token"]!);
        await _service.PostAsync("/revoke", ("token", first["access_token"]!));
        Assert.Equal("False", await ActiveAsync(second));

        var third = await ExchangeAsync(_service, alice["access_token"]!);
        Assert.Equal("True", await ActiveAsync(third));
        await _web.PostAsync("/revoke", ("token", alice["refresh_token"]!));
        Assert.Equal("False", await ActiveAsync(third));
        (await ExchangeAsync(_service, alice["access_token"]!)).ShouldBeRefused("invalid_request", "OST2092");
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §2.2.2")]
    public async Task H16_tokens_of_a_person_who_may_not_sign_in_any_more_are_refused()
    {
        var alice = await AliceAsync();
        await _server.DisableUserAsync("alice");

        (await ExchangeAsync(_service, alice["access_token"]!)).ShouldBeRefused("invalid_request", "OST2092");
    }

    public async ValueTask DisposeAsync()
    {
        _web.Dispose();
        _service.Dispose();
        await _server.DisposeAsync();
    }
}
