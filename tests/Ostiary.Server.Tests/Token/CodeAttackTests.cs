using System.Net;
using Ostiary.Protocol;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Token;

/// <summary>A code is good once, for its client, with its verifier, for a minute.</summary>
public sealed class CodeAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private TestServer Server => shared.Server;

    [Fact, Trait("Spec", "OAuth 2.1 §4.1.3"), Trait("Spec", "RFC 6749 §4.1.2")]
    public async Task B01_a_second_good_redemption_is_refused_and_ends_everything_of_the_first()
    {
        var code = await shared.CodeAsync("web", ("scope", "openid offline_access read"));
        var first = await shared.Web.TokenAsync(SharedServer.Redemption(code));

        var second = await shared.Web.TokenAsync(SharedServer.Redemption(code));

        second.ShouldBeRefused("invalid_grant", "OST2014");
        (await shared.Web.RefreshAsync(first["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2020");
        (await shared.Web.UserInfoAsync(first["access_token"]!)).ShouldBeRefused("invalid_token", "OST2052", HttpStatusCode.Unauthorized);
        Assert.Equal("False", (await shared.Api.PostAsync("/introspect", ("token", first["access_token"]!)))["active"]);
        (await shared.Web.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_grant", "OST2014");
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.3")]
    public async Task B01_a_replay_that_would_not_have_been_good_ends_nothing()
    {
        var code = await shared.CodeAsync();
        var first = await shared.Web.TokenAsync(SharedServer.Redemption(code));

        (await shared.Web2.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_grant", "OST2012");
        (await shared.Web.TokenAsync(SharedServer.Redemption(code, ("code_verifier", new string('x', 43))))).ShouldBeRefused(
            "invalid_grant",
            "OST2017"
        );
        (await shared.Web.TokenAsync(SharedServer.Redemption(code, ("redirect_uri", "https://evil.test/cb")))).ShouldBeRefused(
            "invalid_grant",
            "OST2019"
        );

        Assert.Equal(HttpStatusCode.OK, (await shared.Web.UserInfoAsync(first["access_token"]!)).Status);
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.3"), Trait("Spec", "RFC 6749 §3.2.1")]
    public async Task B03_and_B04_a_code_is_good_for_its_client_only()
    {
        var code = await shared.CodeAsync();
        using var anonymous = new TokenClient(Server, "web", secret: null);

        (await shared.Web2.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_grant", "OST2012");
        (await shared.Spa.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_grant", "OST2012");
        (await anonymous.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_client", "OST3001", HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.OK, (await shared.Web.TokenAsync(SharedServer.Redemption(code))).Status);
    }

    [Theory, Trait("Spec", "RFC 7636 §4.6"), Trait("Spec", "RFC 7636 §4.1"), Trait("Spec", "RFC 6749 §4.1.3"), Trait("Spec", "RFC 6749 §5.2")]
    [InlineData("redirect_uri", "http://127.0.0.1:1/other", "invalid_grant", "OST2019")] // B05
    [InlineData("redirect_uri", "http://127.0.0.1:9/cb", "invalid_grant", "OST2019")]
    [InlineData("code_verifier", null, "invalid_grant", "OST2015")] // B06
    [InlineData("code_verifier", "", "invalid_grant", "OST2015")] // B07
    [InlineData("code_verifier", "CHALLENGE", "invalid_grant", "OST2017")] // B09
    [InlineData("code_verifier", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "invalid_grant", "OST2016")] // B10
    [InlineData("code_verifier", "verifier-verifier-verifier-verifier-verifie\u00e9", "invalid_grant", "OST2016")]
    [InlineData("code_verifier", "verifier-verifier-verifier-verifier-verifier ", "invalid_grant", "OST2016")]
    [InlineData("code_verifier", "VERIFIER-verifier-verifier-verifier-verifier", "invalid_grant", "OST2017")]
    [InlineData("code", null, "invalid_request", "OST2010")]
    [InlineData("code", "", "invalid_request", "OST2010")]
    [InlineData("code", "made-up", "invalid_grant", "OST2011")]
    [InlineData("code", "\u0000", "invalid_request", "OST1001")]
    public async Task B05_to_B10_a_code_needs_its_verifier(string name, string? value, string error, string code)
    {
        var changed = value == "CHALLENGE" ? Pkce.ChallengeOf(SharedServer.Verifier) : value;

        var answer = await shared.Web.TokenAsync(SharedServer.Redemption(await shared.CodeAsync(), (name, changed)));

        answer.ShouldBeRefused(error, code);
    }

    [Fact, Trait("Spec", "RFC 6749 §10.10"), Trait("Spec", "RFC 7636 §4.6")]
    public async Task B12_a_verifier_cannot_be_guessed_without_end()
    {
        var code = await shared.CodeAsync("spa");
        var other = await shared.CodeAsync("spa");
        // Neither another client nor what is no verifier counts.
        (await shared.Web.TokenAsync(SharedServer.Redemption(code, ("code_verifier", new string('x', 43))))).ShouldBeRefused(
            "invalid_grant",
            "OST2012"
        );
        (await shared.Spa.TokenAsync(SharedServer.Redemption(code, ("code_verifier", "short")))).ShouldBeRefused("invalid_grant", "OST2016");
        for (var i = 0; i < 5; i++)
            (await shared.Spa.TokenAsync(SharedServer.Redemption(code, ("code_verifier", new string('x', 43 + i))))).ShouldBeRefused(
                "invalid_grant",
                "OST2017"
            );

        (await shared.Spa.TokenAsync(SharedServer.Redemption(code, ("code_verifier", new string('y', 43))))).ShouldBeRefused(
            "invalid_grant",
            "OST2022"
        );
        (await shared.Spa.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_grant", "OST2022");
        Assert.Equal(HttpStatusCode.OK, (await shared.Spa.TokenAsync(SharedServer.Redemption(other))).Status);
    }

    [Fact, Trait("Spec", "RFC 6749 §10.10")]
    public async Task B12_parallel_guesses_are_counted_too()
    {
        var code = await shared.CodeAsync("spa");
        var guesses = Enumerable
            .Range(0, 20)
            .Select(i => shared.Spa.TokenAsync(SharedServer.Redemption(code, ("code_verifier", new string('x', 43 + i)))));

        var answers = await Task.WhenAll(guesses);

        Assert.Equal(5, answers.Count(a => a.Code == "OST2017"));
        Assert.Equal(15, answers.Count(a => a.Code == "OST2022"));
    }

    [Fact, Trait("Spec", "RFC 7636 §4.1")]
    public async Task B10_a_verifier_ends_at_128_characters()
    {
        var longest = new string('v', 128);
        var code = await shared.CodeAsync("web", ("code_challenge", Pkce.ChallengeOf(longest)));
        var beyond = await shared.CodeAsync("web", ("code_challenge", Pkce.ChallengeOf(longest + "v")));

        Assert.Equal(HttpStatusCode.OK, (await shared.Web.TokenAsync(SharedServer.Redemption(code, ("code_verifier", longest)))).Status);
        (await shared.Web.TokenAsync(SharedServer.Redemption(beyond, ("code_verifier", longest + "v")))).ShouldBeRefused("invalid_grant", "OST2016");
    }

    [Fact, Trait("Spec", "RFC 9700 §4.8.2")]
    public async Task B08_a_verifier_without_a_challenge_is_refused()
    {
        var code = await shared.CodeAsync("web", ("code_challenge", null), ("code_challenge_method", null));

        (await shared.Web.TokenAsync(SharedServer.Redemption(code))).ShouldBeRefused("invalid_grant", "OST2018");
        Assert.Equal(HttpStatusCode.OK, (await shared.Web.TokenAsync(SharedServer.Redemption(code, ("code_verifier", null)))).Status);
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.2")]
    public async Task B11_a_code_is_over_after_a_minute()
    {
        var early = await shared.CodeAsync();
        var late = await shared.CodeAsync();

        Server.Time.Advance(TimeSpan.FromSeconds(59));
        var inTime = await shared.Web.TokenAsync(SharedServer.Redemption(early));
        Server.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(HttpStatusCode.OK, inTime.Status);
        (await shared.Web.TokenAsync(SharedServer.Redemption(late))).ShouldBeRefused("invalid_grant", "OST2013");
    }

    [Fact]
    public async Task B12_a_wrong_verifier_does_not_burn_the_code_of_the_right_one()
    {
        var code = await shared.CodeAsync();

        (await shared.Web.TokenAsync(SharedServer.Redemption(code, ("code_verifier", new string('x', 43))))).ShouldBeRefused(
            "invalid_grant",
            "OST2017"
        );

        Assert.Equal(HttpStatusCode.OK, (await shared.Web.TokenAsync(SharedServer.Redemption(code))).Status);
    }

    [Fact]
    public async Task B13_and_D17_a_mangled_code_is_not_one_of_ours()
    {
        var code = await shared.CodeAsync();
        string[] mangled =
        [
            code[..^1],
            code + "A",
            code + "=",
            code + " ",
            code.ToUpperInvariant(),
            code.Replace("ost_ac_", "ost_rt_", StringComparison.Ordinal),
            CredentialText.Format(CredentialText.AuthorizationCode, new byte[37]),
            CredentialText.Format(CredentialText.AuthorizationCode, []),
            Flip(code, 9),
            Flip(code, code.Length - 1),
        ];

        foreach (var text in mangled)
            (await shared.Web.TokenAsync(SharedServer.Redemption(text))).ShouldBeRefused("invalid_grant", "OST2011");
        Assert.Equal(HttpStatusCode.OK, (await shared.Web.TokenAsync(SharedServer.Redemption(code))).Status);
    }

    [Fact, Trait("Spec", "RFC 6749 §5.2")]
    public async Task B14_no_credential_is_good_in_the_place_of_another()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid offline_access read"));
        var code = await shared.CodeAsync();
        var (access, refresh, id) = (tokens["access_token"]!, tokens["refresh_token"]!, tokens["id_token"]!);

        foreach (var text in new[] { access, refresh, id })
            (await shared.Web.TokenAsync(SharedServer.Redemption(text))).ShouldBeRefused("invalid_grant", "OST2011");
        foreach (var text in new[] { access, code, id })
            (await shared.Web.RefreshAsync(text)).ShouldBeRefused("invalid_grant", "OST2031");
        foreach (var text in new[] { refresh, code, id })
            (await shared.Web.UserInfoAsync(text)).ShouldBeRefused("invalid_token", "OST2050", HttpStatusCode.Unauthorized);
        foreach (var text in new[] { code, id })
            Assert.Equal("False", (await shared.Web.PostAsync("/introspect", ("token", text)))["active"]);
        (await shared.Alice.GetAsync("/authorize?" + Ask.Query("web", ("id_token_hint", access)))).ShouldRedirectWith(
            Server,
            "invalid_request",
            "OST1057"
        );
    }

    [Fact, Trait("Spec", "RFC 6749 §5.2")]
    public async Task B28_a_code_dies_with_its_user_and_its_client()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");
        var first = Browser.QueryOf(await browser.AuthorizeAsync(Ask.Query("web")))["code"]!;
        var second = Browser.QueryOf(await browser.AuthorizeAsync(Ask.Query("web")))["code"]!;
        var tokens = await web.TokenAsync(SharedServer.Redemption(first));

        await server.DisableUserAsync("alice");
        (await web.TokenAsync(SharedServer.Redemption(second))).ShouldBeRefused("invalid_grant", "OST2021");
        (await web.RefreshAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2021");
        (await web.UserInfoAsync(tokens["access_token"]!)).ShouldBeRefused("invalid_token", "OST2052", HttpStatusCode.Unauthorized);
        await server.AddClientAsync("""{"client_id":"web","type":"web","redirect_uris":["CB"],"disabled":true}""", TestServer.WebSecret);
        (await web.RefreshAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_client", "OST3008", HttpStatusCode.Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 8707 §2.2"), Trait("Spec", "RFC 9700 §2.3")]
    public async Task B30_an_access_token_is_for_one_api()
    {
        using var wide = new TokenClient(Server, "wide");
        (string, string?)[] both =
        [
            ("scope", "openid offline_access read other"),
            ("resource", "https://api.example"),
            ("+resource", "https://other.example"),
        ];
        var two = await wide.TokenAsync(
            SharedServer.Redemption(await shared.CodeAsync("wide", both), ("resource", "https://api.example"), ("+resource", "https://other.example"))
        );
        var foreign = await wide.TokenAsync(
            SharedServer.Redemption(await shared.CodeAsync("wide", ("scope", "openid read")), ("resource", "https://other.example"))
        );
        var one = await wide.TokenAsync(SharedServer.Redemption(await shared.CodeAsync("wide", both), ("resource", "https://other.example")));

        two.ShouldBeRefused("invalid_target", "OST1045");
        foreign.ShouldBeRefused("invalid_target", "OST2036");
        Assert.Equal("openid offline_access other", one["scope"]);
        Assert.Contains("\"aud\":\"https://other.example\"", Forge.Part(one["access_token"]!, 1), StringComparison.Ordinal);
        (await wide.RefreshAsync(one["refresh_token"]!, ("resource", "https://api.example"), ("resource", "https://other.example"))).ShouldBeRefused(
            "invalid_target",
            "OST1045"
        );
    }

    private static string Flip(string text, int at) => text[..at] + (text[at] == 'A' ? 'B' : 'A') + text[(at + 1)..];
}
