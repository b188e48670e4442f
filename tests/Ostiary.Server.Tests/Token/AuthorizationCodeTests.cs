using System.Net;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Token;

public sealed class AuthorizationCodeTests
{
    [Fact, Trait("Spec", "RFC 6749 §4.1.3")]
    public async Task Issues_tokens_for_a_code()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");

        var answer = await web.SignInAsync(browser, "openid email");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.NotNull(answer["id_token"]);
        Assert.NotNull(answer["refresh_token"]);
        var claims = await web.UserInfoAsync(answer["access_token"]!);
        Assert.Equal("alice@example.test", claims["email"]);
    }

    [Fact, Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task Rotation_survives_a_lost_answer_and_reuse_ends_the_grant()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var spa = new TokenClient(server, "spa", secret: null);
        var first = (await spa.SignInAsync(browser, "openid read"))["refresh_token"]!;

        var second = (await spa.RefreshAsync(first))["refresh_token"]!;
        var again = (await spa.RefreshAsync(first))["refresh_token"]!;
        var third = await spa.RefreshAsync(second);
        var reuse = await spa.RefreshAsync(first);
        var dead = await spa.RefreshAsync(third["refresh_token"]!);

        Assert.Equal(second, again);
        Assert.Equal(HttpStatusCode.OK, third.Status);
        reuse.ShouldBeRefused("invalid_grant", "OST2032");
        dead.ShouldBeRefused("invalid_grant", "OST2020");
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task Signing_in_again_as_the_same_person_keeps_the_tokens_of_the_session()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");
        var first = (await web.SignInAsync(browser, "openid"))["refresh_token"]!;
        server.Time.Advance(TimeSpan.FromMinutes(1));

        var again = await web.SignInAsync(browser, "openid", more: "&prompt=login");

        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(HttpStatusCode.OK, (await web.RefreshAsync(first)).Status);
    }

    [Fact, Trait("Spec", "OIDC Core §11")]
    public async Task Signing_in_as_another_person_ends_the_tokens_of_the_session_before()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");
        var first = (await web.SignInAsync(browser, "openid"))["refresh_token"]!;

        server.Time.Advance(TimeSpan.FromMinutes(1));
        await web.SignInAsync(browser, "openid", user: "bob", more: "&prompt=login");

        (await web.RefreshAsync(first)).ShouldBeRefused("invalid_grant", "OST2020");
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.3")]
    public async Task Wants_the_redirect_uri_again_where_there_was_no_challenge()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");
        var redirect = await browser.AuthorizeAsync(
            $"client_id=web&response_type=code&scope=openid&redirect_uri={Uri.EscapeDataString(TestServer.Callback)}"
        );
        var code = Browser.QueryOf(redirect)["code"]!;

        var without = await web.TokenAsync(("grant_type", "authorization_code"), ("code", code));
        var with = await web.TokenAsync(("grant_type", "authorization_code"), ("code", code), ("redirect_uri", TestServer.Callback));

        without.ShouldBeRefused("invalid_grant", "OST2019");
        Assert.Equal(HttpStatusCode.OK, with.Status);
    }

    [Fact, Trait("Spec", "RFC 7662 §2.2")]
    public async Task A_refresh_token_of_a_disabled_user_is_not_active()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");
        var token = (await web.SignInAsync(browser, "openid"))["refresh_token"]!;
        Assert.Equal("True", (await web.PostAsync("/introspect", ("token", token)))["active"]);

        await server.DisableUserAsync("alice");

        Assert.Equal("False", (await web.PostAsync("/introspect", ("token", token)))["active"]);
    }
}
