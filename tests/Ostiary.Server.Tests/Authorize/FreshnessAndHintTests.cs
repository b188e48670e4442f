using System.Net;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Authorize;

/// <summary>prompt, max_age and id_token_hint: when the person must be asked again, and who may be meant.</summary>
public sealed class FreshnessAndHintTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private TestServer Server => shared.Server;

    [Theory, Trait("Spec", "OIDC Core §3.1.2.1"), Trait("Spec", "OIDC Core §3.1.2.3")]
    [InlineData("prompt", "login")] // A51
    [InlineData("max_age", "0")] // A52
    [InlineData("max_age", "59")]
    public async Task A51_and_A52_a_stale_sign_in_is_asked_again(string name, string value)
    {
        using var browser = Server.NewBrowser();
        // Stores keep milliseconds: the comparison must not turn in circles on a finer clock.
        Server.Time.Now = Server.Time.Now.AddTicks(1_234_567);
        var before = await RedeemAsync(await browser.AuthorizeAsync(Ask.Query("web")));
        Server.Time.Advance(TimeSpan.FromSeconds(61));

        var asked = await browser.GetAsync("/authorize?" + Ask.Query("web", (name, value)));
        Assert.Equal(HttpStatusCode.SeeOther, asked.StatusCode);
        Assert.Contains("/login", asked.Headers.Location!.OriginalString, StringComparison.Ordinal);
        // Going on by hand is no way around it.
        var skipped = await browser.GetAsync("/authorize/continue" + asked.Headers.Location.Query);
        Assert.Contains("/login", skipped.Headers.Location!.OriginalString, StringComparison.Ordinal);
        var after = await RedeemAsync(await browser.AuthorizeAsync(Ask.Query("web", (name, value))));

        Assert.True(AuthTime(after) >= AuthTime(before) + 61);
    }

    [Theory, Trait("Spec", "OIDC Core §3.1.2.1"), Trait("Spec", "OIDC Core §3.1.2.6")]
    [InlineData("max_age", "1000000000", true)]
    [InlineData("max_age", "9999999999", true)]
    [InlineData("max_age", "3600", true)]
    [InlineData("max_age", "30", false)]
    public async Task A52_without_a_question_stale_is_login_required(string name, string value, bool fresh)
    {
        using var browser = Server.NewBrowser();
        Browser.QueryOf(await browser.AuthorizeAsync(Ask.Query("web")));
        Server.Time.Advance(TimeSpan.FromSeconds(31));

        var answer = await browser.GetAsync("/authorize?" + Ask.Query("web", (name, value), ("prompt", "none")));

        if (fresh)
            Assert.NotNull(Browser.QueryOf(answer)["code"]);
        else
            answer.ShouldRedirectWith(Server, "login_required", "OST1051");
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.6")]
    public async Task Without_a_session_none_is_login_required()
    {
        using var stranger = Server.NewBrowser();

        (await stranger.GetAsync("/authorize?" + Ask.Query("web", ("prompt", "none")))).ShouldRedirectWith(Server, "login_required", "OST1051");
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task A53_a_fresh_sign_in_is_not_reused_for_a_weaker_claim()
    {
        var answer = await shared.Alice.GetAsync(
            "/authorize?" + Ask.Query("web", ("claims", """{"id_token":{"acr":{"essential":true,"values":["urn:ostiary:acr:password"]}}}"""))
        );

        Assert.NotNull(Browser.QueryOf(answer)["code"]);
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task A59_a_hint_of_another_person_never_answers_with_this_one()
    {
        using var bob = Server.NewBrowser();
        var hint = (await shared.Web.SignInAsync(bob, "openid", "bob"))["id_token"]!;

        var silent = await shared.Alice.GetAsync("/authorize?" + Ask.Query("web", ("prompt", "none"), ("id_token_hint", hint)));
        var asked = await shared.Alice.GetAsync("/authorize?" + Ask.Query("web", ("id_token_hint", hint)));

        silent.ShouldRedirectWith(Server, "login_required", "OST1051");
        Assert.Contains("/login", asked.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.NotNull(Browser.QueryOf(await bob.GetAsync("/authorize?" + Ask.Query("web", ("prompt", "none"), ("id_token_hint", hint))))["code"]);
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.1"), Trait("Spec", "RFC 8725 §3.1"), Trait("Spec", "RFC 8725 §3.11")]
    public async Task A60_and_E_a_forged_hint_is_no_hint()
    {
        var tokens = await shared.TokensAsync();
        var good = tokens["id_token"]!;
        var (header, claims) = (Forge.Part(good, 0), Forge.Part(good, 1));
        var kid = JsonDocument.Parse(header).RootElement.GetProperty("kid").GetString()!;
        var parts = good.Split('.');
        string[] forged =
        [
            Forge.Jwt("""{"alg":"none","typ":"JWT"}""", claims, _ => []),
            Forge.Jwt(
                $$"""{"alg":"HS256","typ":"JWT","kid":"{{kid}}"}""",
                claims,
                input => System.Security.Cryptography.HMACSHA256.HashData("x"u8.ToArray(), input)
            ),
            Forge.Signed(JsonWebKey.Generate("RS256", kid), "RS256", "JWT", claims),
            Forge.Signed(SharedServer.ClientKey, "ES256", "JWT", claims),
            parts[0] + "." + Forge.Text(claims.Replace("usr_alice", "usr_bob", StringComparison.Ordinal)) + "." + parts[2],
            tokens["access_token"]!,
            tokens["refresh_token"]!,
            "x",
        ];

        foreach (var hint in forged)
            (await shared.Alice.GetAsync("/authorize?" + Ask.Query("web", ("id_token_hint", hint)))).ShouldRedirectWith(
                Server,
                "invalid_request",
                "OST1057"
            );
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task A60_an_expired_hint_is_still_one()
    {
        using var browser = Server.NewBrowser();
        var hint = (await shared.Web.SignInAsync(browser))["id_token"]!;
        Server.Time.Advance(TimeSpan.FromMinutes(16));

        Assert.NotNull(Browser.QueryOf(await browser.GetAsync("/authorize?" + Ask.Query("web", ("id_token_hint", hint))))["code"]);
    }

    [Fact, Trait("Spec", "RFC 8252 §8.6"), Trait("Spec", "OIDC Core §3.1.2.4")]
    public async Task A50_an_app_that_anybody_could_be_is_asked_about_each_time()
    {
        using var browser = Server.NewBrowser();
        Browser.QueryOf(await browser.AuthorizeAsync(Ask.Query("spa")));

        var again = await browser.GetAsync("/authorize?" + Ask.Query("spa"));

        Assert.Contains("/consent", again.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.2.1")]
    public async Task A_person_who_declines_is_sent_back_without_anything()
    {
        using var browser = Server.NewBrowser();

        var answer = await browser.AuthorizeAsync(Ask.Query("spa"), decision: "deny");

        answer.ShouldRedirectWith(Server, "access_denied", "OST1053");
    }

    [Fact, Trait("Spec", "RFC 9207 §2")]
    public async Task A44_a_code_of_one_issuer_is_nothing_at_another()
    {
        await using var other = await TestServer.StartAsync();
        using var web = new TokenClient(other, "web");
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));

        (await web.TokenAsync(SharedServer.Redemption(await shared.CodeAsync()))).ShouldBeRefused("invalid_grant", "OST2011");
        (await web.RefreshAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2031");
        (await web.UserInfoAsync(tokens["access_token"]!)).ShouldBeRefused("invalid_token", "OST2050", HttpStatusCode.Unauthorized);
    }

    private async Task<Answer> RedeemAsync(HttpResponseMessage redirect)
    {
        var answer = await shared.Web.TokenAsync(SharedServer.Redemption(Browser.QueryOf(redirect)["code"]!));
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer;
    }

    private static long AuthTime(Answer answer)
    {
        using var claims = JsonDocument.Parse(Forge.Part(answer["id_token"]!, 1));
        return claims.RootElement.GetProperty("auth_time").GetInt64();
    }
}
