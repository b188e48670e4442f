using System.Net;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.EndSession;

public sealed class EndSessionAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Back = TestServer.Callback + "/out";
    private TestServer Server => shared.Server;

    [Fact, Trait("Spec", "RP-Initiated Logout §2"), Trait("Spec", "RP-Initiated Logout §3")]
    public async Task With_a_hint_of_this_session_the_browser_is_signed_out_and_sent_back()
    {
        using var browser = Server.NewBrowser();
        var hint = (await shared.Web.SignInAsync(browser))["id_token"]!;

        var answer = await browser.GetAsync(
            "/end_session?" + Ask.Encode([("id_token_hint", hint), ("post_logout_redirect_uri", Back), ("state", "a&b=c")])
        );

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.StartsWith(Back + "?", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("a&b=c", Browser.QueryOf(answer)["state"]);
        (await browser.GetAsync("/authorize?" + Ask.Query("web", ("prompt", "none")))).ShouldRedirectWith(Server, "login_required", "OST1051");
    }

    [Fact, Trait("Spec", "RP-Initiated Logout §2")]
    public async Task A_posted_request_that_is_too_long_to_be_repeated_is_refused_and_recorded()
    {
        using var http = Server.NewHttp();
        using var form = new FormUrlEncodedContent([new("state", new string('s', 9_000))]);

        var answer = await http.PostAsync(new Uri("/end_session", UriKind.Relative), form, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.True(await Server.RefusedWithAsync(Ostiary.Protocol.Reasons.Reason.RequestTooLarge));
    }

    [Theory, Trait("Spec", "RP-Initiated Logout §3")]
    [InlineData("https://evil.test/out")]
    [InlineData("http://127.0.0.1:1/cb")]
    [InlineData("http://127.0.0.1:9/cb/out")]
    [InlineData("http://127.0.0.1:1/cb/out/")]
    [InlineData("http://127.0.0.1:1/cb/out#x")]
    [InlineData("http://127.0.0.1:1/cb/out?x=1")]
    [InlineData("//evil.test")]
    [InlineData("javascript:evil")]
    public async Task Sends_nobody_to_an_address_that_is_not_registered(string target)
    {
        var hint = (await shared.TokensAsync())["id_token"]!;

        var hinted = await shared.Alice.GetAsync("/end_session?" + Ask.Encode([("id_token_hint", hint), ("post_logout_redirect_uri", target)]));
        var named = await shared.Alice.GetAsync("/end_session?" + Ask.Encode([("client_id", "web"), ("post_logout_redirect_uri", target)]));
        var bare = await shared.Alice.GetAsync("/end_session?" + Ask.Encode([("post_logout_redirect_uri", target)]));

        foreach (var answer in new[] { hinted, named, bare })
            await answer.ShouldBePageAsync("OST1081");
        Assert.NotNull(await shared.CodeAsync());
    }

    [Fact, Trait("Spec", "RP-Initiated Logout §2"), Trait("Spec", "RP-Initiated Logout §4")]
    public async Task Refuses_a_hint_that_is_no_id_token_of_ours()
    {
        var tokens = await shared.TokensAsync();
        var claims = Forge.Part(tokens["id_token"]!, 1);
        foreach (
            var hint in new[]
            {
                "x",
                tokens["access_token"]!,
                Forge.Jwt("""{"alg":"none"}""", claims, _ => []),
                Forge.Signed(SharedServer.ClientKey, "ES256", "JWT", claims),
            }
        )
            await (await shared.Alice.GetAsync("/end_session?" + Ask.Encode([("id_token_hint", hint)]))).ShouldBePageAsync("OST1080");
        var other = await shared.Alice.GetAsync("/end_session?" + Ask.Encode([("id_token_hint", tokens["id_token"]!), ("client_id", "web2")]));
        await other.ShouldBePageAsync("OST1080");
        await (await shared.Alice.GetAsync("/end_session?state=a&state=b")).ShouldBePageAsync("OST1003");
        Assert.NotNull(await shared.CodeAsync());
    }

    [Fact, Trait("Spec", "RP-Initiated Logout §2"), Trait("Spec", "RFC 6819 §4.4.1.8")]
    public async Task Without_a_hint_the_person_is_asked_and_a_forged_answer_signs_nobody_out()
    {
        var asked = await shared.Alice.GetAsync("/end_session");
        var forged = await shared.Alice.PostAsync("/end_session", ("decision", "logout"));
        var wrong = await shared.Alice.PostAsync("/end_session", ("decision", "logout"), ("csrf", "evil"));

        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
        await wrong.ShouldBePageAsync("OST1072", HttpStatusCode.Forbidden);
        var csrf = Browser.Field(await asked.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), "csrf")!;
        await (await shared.Alice.PostAsync("/end_session", ("decision", "maybe"), ("csrf", csrf))).ShouldBePageAsync("OST1082");
        Assert.NotNull(await shared.CodeAsync());
    }

    [Fact, Trait("Spec", "RP-Initiated Logout §2")]
    public async Task A_hint_of_another_person_or_session_signs_nobody_out_unasked()
    {
        using var bob = Server.NewBrowser();
        using var elsewhere = Server.NewBrowser();
        var bobs = (await shared.Web.SignInAsync(bob, "openid", "bob"))["id_token"]!;
        var alices = (await shared.Web.SignInAsync(elsewhere))["id_token"]!;

        foreach (var hint in new[] { bobs, alices })
        {
            var answer = await shared.Alice.GetAsync("/end_session?" + Ask.Encode([("id_token_hint", hint)]));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.NotNull(await shared.CodeAsync());
        }
    }

    [Fact, Trait("Spec", "RP-Initiated Logout §4")]
    public async Task An_expired_hint_is_still_one()
    {
        using var browser = Server.NewBrowser();
        var hint = (await shared.Web.SignInAsync(browser))["id_token"]!;
        Server.Time.Advance(TimeSpan.FromMinutes(16));

        await browser.GetAsync("/end_session?" + Ask.Encode([("id_token_hint", hint)]));

        (await browser.GetAsync("/authorize?" + Ask.Query("web", ("prompt", "none")))).ShouldRedirectWith(Server, "login_required", "OST1051");
    }
}
