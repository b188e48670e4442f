using System.Net;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Revocation;

public sealed class RevocationAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact, Trait("Spec", "RFC 7009 §2.1"), Trait("Spec", "RFC 7009 §2.2")]
    public async Task J08_nobody_revokes_the_tokens_of_others()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));

        await RevokesAsync(shared.Web2, tokens["refresh_token"]!);
        await RevokesAsync(shared.Web2, tokens["access_token"]!);
        await RevokesAsync(shared.Spa, tokens["refresh_token"]!);
        await RevokesAsync(shared.Api, tokens["access_token"]!);

        Assert.True(await shared.Server.RefusedWithAsync(Reason.NotTheOwner));
        Assert.Equal(HttpStatusCode.OK, (await shared.Web.UserInfoAsync(tokens["access_token"]!)).Status);
        Assert.Equal(HttpStatusCode.OK, (await shared.Web.RefreshAsync(tokens["refresh_token"]!)).Status);
    }

    [Fact, Trait("Spec", "RFC 7009 §2")]
    public async Task J09_a_public_client_revokes_its_own()
    {
        var tokens = await shared.TokensAsync("spa");

        await RevokesAsync(shared.Spa, tokens["refresh_token"]!);

        (await shared.Spa.RefreshAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2020");
    }

    [Theory, Trait("Spec", "RFC 7009 §2.1")]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    [InlineData("evil")]
    public async Task J10_a_wrong_hint_changes_nothing(string hint)
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));

        await RevokesAsync(shared.Web, tokens["access_token"]!, ("token_type_hint", hint));
        await RevokesAsync(shared.Web, tokens["refresh_token"]!, ("token_type_hint", hint));

        (await shared.Web.UserInfoAsync(tokens["access_token"]!)).ShouldBeRefused("invalid_token", "OST2052", HttpStatusCode.Unauthorized);
        (await shared.Web.RefreshAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2020");
    }

    [Fact, Trait("Spec", "RFC 7009 §2.2")]
    public async Task J11_what_is_no_token_is_answered_alike()
    {
        foreach (var text in new[] { "garbage", "\u20ac", "a.b.c", new string('x', 60_000) })
            await RevokesAsync(shared.Web, text);
        var twice = await shared.TokensAsync();
        await RevokesAsync(shared.Web, twice["refresh_token"]!);
        await RevokesAsync(shared.Web, twice["refresh_token"]!);
    }

    [Fact, Trait("Spec", "RFC 7009 §2.1")]
    public async Task J13_an_access_token_dies_alone_and_at_once()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));
        var sibling = await shared.Web.RefreshAsync(tokens["refresh_token"]!);

        await RevokesAsync(shared.Web, tokens["access_token"]!);

        Assert.Equal("False", (await shared.Api.PostAsync("/introspect", ("token", tokens["access_token"]!)))["active"]);
        Assert.Equal("True", (await shared.Api.PostAsync("/introspect", ("token", sibling["access_token"]!)))["active"]);
    }

    [Fact, Trait("Spec", "RFC 7009 §2")]
    public async Task J14_no_script_ever_comes_back()
    {
        var answer = await shared.Web.PostAsync("/revoke", ("token", "x"), ("callback", "evil"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("", await answer.Response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact, Trait("Spec", "RFC 7009 §2.2")]
    public async Task What_a_wrong_clock_takes_for_expired_is_revoked_all_the_same()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));
        var right = shared.Server.Time.Now;
        shared.Server.Time.Advance(TimeSpan.FromHours(3));

        await RevokesAsync(shared.Web, tokens["access_token"]!);
        shared.Server.Time.Now = right;

        Assert.Equal("False", (await shared.Api.PostAsync("/introspect", ("token", tokens["access_token"]!)))["active"]);
    }

    [Fact, Trait("Spec", "RFC 7009 §2.2")]
    public async Task Nothing_is_kept_for_a_token_that_has_long_been_over()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));
        var right = shared.Server.Time.Now;
        shared.Server.Time.Advance(TimeSpan.FromDays(2));

        await RevokesAsync(shared.Web, tokens["access_token"]!);
        shared.Server.Time.Now = right;

        Assert.Equal("True", (await shared.Api.PostAsync("/introspect", ("token", tokens["access_token"]!)))["active"]);
    }

    private static async Task RevokesAsync(TokenClient client, string token, params (string, string)[] more)
    {
        var answer = await client.PostAsync("/revoke", [("token", token), .. more]);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains("no-store", answer.Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, answer.Response.Content.Headers.ContentLength);
    }
}
