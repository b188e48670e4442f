using System.Net;
using Ostiary.Protocol;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Token;

/// <summary>A refresh token survives a lost answer, and nothing else.</summary>
public sealed class RefreshAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private TestServer Server => shared.Server;

    [Fact, Trait("Spec", "RFC 9700 §4.14.2"), Trait("Spec", "RFC 9700 §2.2.2")]
    public async Task D01_and_D05_reuse_two_steps_back_ends_the_grant_and_its_access_tokens()
    {
        var first = await shared.TokensAsync("spa", ("scope", "openid read"));
        var second = await shared.Spa.RefreshAsync(first["refresh_token"]!);
        var third = await shared.Spa.RefreshAsync(second["refresh_token"]!);

        (await shared.Spa.RefreshAsync(first["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2032");

        (await shared.Spa.RefreshAsync(third["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2020");
        foreach (var tokens in new[] { first, second, third })
        {
            Assert.Equal("False", (await shared.Api.PostAsync("/introspect", ("token", tokens["access_token"]!)))["active"]);
            (await shared.Spa.UserInfoAsync(tokens["access_token"]!)).ShouldBeRefused("invalid_token", "OST2052", HttpStatusCode.Unauthorized);
        }
    }

    [Fact, Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task D04_and_D06_a_retry_inside_the_window_gets_the_same_successor_and_it_works()
    {
        var first = (await shared.TokensAsync("spa"))["refresh_token"]!;
        var second = (await shared.Spa.RefreshAsync(first))["refresh_token"]!;
        Server.Time.Advance(TimeSpan.FromSeconds(29));

        var retry = await shared.Spa.RefreshAsync(first);

        Assert.Equal((HttpStatusCode.OK, second), (retry.Status, retry["refresh_token"]));
        Assert.Equal(HttpStatusCode.OK, (await shared.Spa.RefreshAsync(second)).Status);
    }

    [Fact, Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task D07_a_retry_after_the_window_is_reuse()
    {
        var first = (await shared.TokensAsync("spa"))["refresh_token"]!;
        var second = (await shared.Spa.RefreshAsync(first))["refresh_token"]!;
        Server.Time.Advance(TimeSpan.FromSeconds(30));

        (await shared.Spa.RefreshAsync(first)).ShouldBeRefused("invalid_grant", "OST2032");
        (await shared.Spa.RefreshAsync(second)).ShouldBeRefused("invalid_grant", "OST2020");
    }

    [Fact, Trait("Spec", "RFC 6749 §6")]
    public async Task D08_a_refresh_token_is_good_for_its_client_only()
    {
        await Server.AddClientAsync(
            """{"client_id":"web3","type":"web","redirect_uris":["CB"],"scope":"openid offline_access","consent":"none"}""",
            TestServer.WebSecret
        );
        using var other = new TokenClient(Server, "web3");
        var refresh = (await shared.TokensAsync())["refresh_token"]!;

        (await other.RefreshAsync(refresh)).ShouldBeRefused("invalid_grant", "OST2033");
        (await shared.Spa.RefreshAsync(refresh)).ShouldBeRefused("invalid_grant", "OST2033");
        Assert.Equal(HttpStatusCode.OK, (await shared.Web.RefreshAsync(refresh)).Status);
    }

    [Theory, Trait("Spec", "RFC 6749 §6"), Trait("Spec", "RFC 6749 §3.3"), Trait("Spec", "RFC 8707 §2.2"), Trait("Spec", "RFC 6749 §5.2")]
    [InlineData("scope", "openid write", "invalid_scope", "OST2035")] // D09
    [InlineData("scope", "openid admin", "invalid_scope", "OST2035")]
    [InlineData("scope", "\"", "invalid_scope", "OST1040")]
    [InlineData("resource", "https://other.example", "invalid_target", "OST2036")] // D22
    [InlineData("resource", "https://api.example#x", "invalid_target", "OST2036")]
    [InlineData("refresh_token", "", "invalid_request", "OST2030")]
    [InlineData("refresh_token", "x", "invalid_grant", "OST2031")]
    public async Task D09_and_D22_nothing_grows(string name, string value, string error, string code)
    {
        var refresh = (await shared.TokensAsync("web", ("scope", "openid read")))["refresh_token"]!;

        var answer = await shared.Web.TokenAsync(Ask.Changed([("grant_type", "refresh_token"), ("refresh_token", refresh)], [(name, value)]));

        answer.ShouldBeRefused(error, code);
        Assert.Equal(HttpStatusCode.OK, (await shared.Web.RefreshAsync(refresh)).Status);
    }

    [Fact, Trait("Spec", "RFC 6749 §6")]
    public async Task D10_a_smaller_scope_is_not_kept()
    {
        var refresh = (await shared.TokensAsync("spa", ("scope", "openid read write")))["refresh_token"]!;

        var small = await shared.Spa.RefreshAsync(refresh, ("scope", "read"));
        var whole = await shared.Spa.RefreshAsync(small["refresh_token"]!);

        Assert.Equal(("read", null), (small["scope"], small["id_token"]));
        Assert.Equal("openid read write", whole["scope"]);
    }

    [Fact, Trait("Spec", "RFC 6749 §3.3")]
    public async Task D11_a_scope_taken_from_the_client_is_gone_at_the_next_token()
    {
        const string before =
            """{"client_id":"shrink","type":"web","redirect_uris":["CB"],"scope":"openid offline_access read write","consent":"none"}""";
        await Server.AddClientAsync(before, TestServer.WebSecret);
        using var client = new TokenClient(Server, "shrink");
        var tokens = await shared.TokensAsync("shrink", ("scope", "openid read write"));
        var code = await shared.CodeAsync("shrink", ("scope", "openid read write"));

        await Server.AddClientAsync(before.Replace(" write", "", StringComparison.Ordinal), TestServer.WebSecret);

        Assert.Equal("openid read", (await client.RefreshAsync(tokens["refresh_token"]!))["scope"]);
        Assert.Equal("openid read", (await client.TokenAsync(SharedServer.Redemption(code)))["scope"]);
        (await client.RefreshAsync(tokens["refresh_token"]!, ("scope", "write"))).ShouldBeRefused("invalid_scope", "OST2035");
    }

    [Fact, Trait("Spec", "OIDC Core §11")]
    public async Task D12_a_logout_ends_what_is_not_offline()
    {
        using var browser = Server.NewBrowser();
        var online = await shared.Web.SignInAsync(browser, "openid", "bob");
        var offline = await shared.Web.SignInAsync(browser, "openid offline_access", "bob");

        var logout = await browser.GetAsync(Server.Issuer + "/end_session?id_token_hint=" + online["id_token"]);

        Assert.Equal(HttpStatusCode.OK, logout.StatusCode);
        (await shared.Web.RefreshAsync(online["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2020");
        (await shared.Web.UserInfoAsync(online["access_token"]!)).ShouldBeRefused("invalid_token", "OST2052", HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.OK, (await shared.Web.RefreshAsync(offline["refresh_token"]!)).Status);
    }

    [Fact, Trait("Spec", "RFC 6749 §5.2"), Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task D15_rotation_extends_neither_the_whole_nor_an_idle_life()
    {
        await Server.AddClientAsync(
            """{"client_id":"short","type":"web","redirect_uris":["CB"],"consent":"none","refresh_token_lifetime":"3h","refresh_token_idle":"1h","refresh_token_rotation":"always"}""",
            TestServer.WebSecret
        );
        using var client = new TokenClient(Server, "short");
        using var browser = Server.NewBrowser();
        var idle = (await client.SignInAsync(browser))["refresh_token"]!;
        var busy = (await client.SignInAsync(browser))["refresh_token"]!;
        for (var i = 0; i < 3; i++)
        {
            Server.Time.Advance(TimeSpan.FromMinutes(59));
            busy = (await client.RefreshAsync(busy))["refresh_token"]!;
        }

        Assert.NotNull(busy);
        Assert.Equal("False", (await client.PostAsync("/introspect", ("token", idle)))["active"]);
        (await client.RefreshAsync(idle)).ShouldBeRefused("invalid_grant", "OST2034");
        Server.Time.Advance(TimeSpan.FromMinutes(3));
        (await client.RefreshAsync(busy)).ShouldBeRefused("invalid_grant", "OST2034");
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.6")]
    public async Task D16_nothing_is_granted_silently_that_nobody_consented_to()
    {
        await Server.AddClientAsync(
            """{"client_id":"asker","type":"web","redirect_uris":["CB"],"scope":"openid offline_access","consent":"remembered"}""",
            TestServer.WebSecret
        );
        await shared.TokensAsync("web"); // Signed in, however far other tests have moved the clock.

        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("asker", ("scope", "openid offline_access"), ("prompt", "none")));

        answer.ShouldRedirectWith(Server, "consent_required", "OST1052");
    }

    [Fact]
    public async Task D17_a_mangled_refresh_token_is_unknown_and_ends_nothing()
    {
        var refresh = (await shared.TokensAsync("spa"))["refresh_token"]!;
        string[] mangled =
        [
            refresh[..^1],
            refresh + "A",
            refresh + "=",
            refresh + " ",
            " " + refresh,
            refresh.ToLowerInvariant() + "x",
            refresh.Replace("ost_rt_", "ost_ac_", StringComparison.Ordinal),
            CredentialText.Format(CredentialText.RefreshToken, new byte[41]),
        ];

        foreach (var text in mangled)
            (await shared.Spa.RefreshAsync(text)).ShouldBeRefused("invalid_grant", "OST2031");
        Assert.Equal(HttpStatusCode.OK, (await shared.Spa.RefreshAsync(refresh)).Status);
    }

    [Fact, Trait("Spec", "RFC 7009 §2.1")]
    public async Task D18_a_revoked_refresh_token_takes_its_access_tokens_along()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));

        Assert.Equal(HttpStatusCode.OK, (await shared.Web.PostAsync("/revoke", ("token", tokens["refresh_token"]!))).Status);

        (await shared.Web.RefreshAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2020");
        Assert.Equal("False", (await shared.Api.PostAsync("/introspect", ("token", tokens["access_token"]!)))["active"]);
    }

    [Fact]
    public async Task D23_a_refresh_after_the_revocation_of_an_access_token_gives_another_one()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));
        await shared.Web.PostAsync("/revoke", ("token", tokens["access_token"]!));

        var fresh = await shared.Web.RefreshAsync(tokens["refresh_token"]!);

        (await shared.Web.UserInfoAsync(tokens["access_token"]!)).ShouldBeRefused("invalid_token", "OST2052", HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.OK, (await shared.Web.UserInfoAsync(fresh["access_token"]!)).Status);
    }

    [Fact, Trait("Spec", "RFC 9700 §2.2.2")]
    public async Task A_client_that_authenticates_keeps_its_refresh_token()
    {
        var refresh = (await shared.TokensAsync())["refresh_token"]!;

        for (var i = 0; i < 3; i++)
        {
            Server.Time.Advance(TimeSpan.FromMinutes(2));
            Assert.Equal(refresh, (await shared.Web.RefreshAsync(refresh))["refresh_token"]);
        }
    }
}
