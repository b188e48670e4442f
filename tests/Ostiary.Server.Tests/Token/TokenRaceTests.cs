using System.Net;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Token;

/// <summary>Whoever comes at the same instant: one wins, and what the others get follows from that.</summary>
[Trait("Speed", "Slow")]
public sealed class TokenRaceTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact, Trait("Spec", "OAuth 2.1 §4.1.3")]
    public async Task B02_of_a_hundred_redemptions_one_succeeds_and_the_replay_ends_it()
    {
        var code = await shared.CodeAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => shared.Web.TokenAsync(SharedServer.Redemption(code))));

        var winner = Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        foreach (var answer in answers.Where(a => a != winner))
            answer.ShouldBeRefused("invalid_grant", "OST2014");
        (await shared.Web.RefreshAsync(winner["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2020");
        (await shared.Web.UserInfoAsync(winner["access_token"]!)).ShouldBeRefused("invalid_token", "OST2052", HttpStatusCode.Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task D03_a_hundred_refreshes_get_one_and_the_same_successor()
    {
        var refresh = (await shared.TokensAsync("spa"))["refresh_token"]!;

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => shared.Spa.RefreshAsync(refresh)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        var successor = Assert.Single(answers.Select(a => a["refresh_token"]).Distinct());
        Assert.NotEqual(refresh, successor);
        Assert.Equal(100, answers.Select(a => a["access_token"]).Distinct().Count());
        Assert.Equal(HttpStatusCode.OK, (await shared.Spa.RefreshAsync(successor!)).Status);
    }

    [Fact, Trait("Spec", "RFC 7009 §2.1")]
    public async Task D19_after_a_revocation_at_the_same_instant_nothing_lives()
    {
        for (var round = 0; round < 25; round++)
        {
            var tokens = await shared.TokensAsync("spa");
            var refresh = tokens["refresh_token"]!;

            var refreshing = Enumerable.Range(0, 4).Select(_ => shared.Spa.RefreshAsync(refresh)).ToList();
            var revoking = shared.Spa.PostAsync("/revoke", ("token", refresh));
            var answers = await Task.WhenAll(refreshing.Append(revoking));

            Assert.DoesNotContain(answers, a => (int)a.Status >= 500);
            foreach (var answer in answers.Where(a => a["refresh_token"] is not null).Append(tokens))
            {
                (await shared.Spa.RefreshAsync(answer["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2020");
                (await shared.Spa.UserInfoAsync(answer["access_token"]!)).ShouldBeRefused("invalid_token", "OST2052", HttpStatusCode.Unauthorized);
            }
        }
    }

    [Fact]
    public async Task B35_interleaved_flows_never_carry_the_other_person()
    {
        using var bob = shared.Server.NewBrowser();
        Browser.QueryOf(await bob.AuthorizeAsync(Ask.Query("web"), "bob"));
        async Task<(string Expected, string? Got)> RunAsync(Browser browser, string subject)
        {
            var code = Browser.QueryOf(await browser.GetAsync("/authorize?" + Ask.Query("web")))["code"]!;
            var tokens = await shared.Web.TokenAsync(SharedServer.Redemption(code));
            Assert.Contains($"\"sub\":\"{subject}\"", Forge.Part(tokens["id_token"]!, 1), StringComparison.Ordinal);
            return (subject, (await shared.Web.UserInfoAsync(tokens["access_token"]!))["sub"]);
        }

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? RunAsync(shared.Alice, "usr_alice") : RunAsync(bob, "usr_bob"))
        );

        Assert.All(answers, a => Assert.Equal(a.Expected, a.Got));
    }
}
