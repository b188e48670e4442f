using System.Net;
using System.Text.Json;
using Ostiary.Protocol.Dpop;
using Ostiary.Server.Configuration;
using Ostiary.Server.Keys;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Senders;

public sealed class DpopNonceTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Fact, Trait("Spec", "RFC 9449 §8")]
    public void F11_every_node_with_the_data_key_takes_the_nonce_of_another_for_some_minutes()
    {
        var master = MasterKey.Ephemeral().Derive("dpop-nonce");
        var (first, second) = (new DpopNonces(master), new DpopNonces(master));
        var nonce = first.Current(Now);

        Assert.True(second.IsGood(nonce, Now));
        Assert.True(second.IsGood(nonce, Now.AddSeconds(-5)));
        Assert.True(second.IsGood(nonce, Now.AddMinutes(3)));
        Assert.False(second.IsGood(nonce, Now.AddMinutes(5)));
        Assert.False(new DpopNonces(MasterKey.Ephemeral().Derive("dpop-nonce")).IsGood(nonce, Now));
        Assert.NotEqual(nonce, first.Current(Now.AddMinutes(2)));
    }

    [Fact, Trait("Spec", "RFC 9449 §8"), Trait("Spec", "RFC 9449 §8.2"), Trait("Spec", "RFC 9449 §9")]
    public async Task F11_where_a_nonce_is_demanded_the_answer_says_which_and_the_second_try_succeeds()
    {
        await using var server = await TestServer.StartAsync();
        var settings = SettingsDocument.Parse(JsonDocument.Parse("""{"require_dpop_nonce":true}""").RootElement, "", []);
        await server.ChangeAsync(set => set with { Settings = settings });
        var prover = new Prover(server);
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web") { Prover = prover };
        Task<Answer> RobotAsync(TokenClient client) => client.TokenAsync(("grant_type", "client_credentials"), ("scope", "read"));
        using var robot = new TokenClient(server, "m2m") { Prover = prover };

        var first = await RobotAsync(robot);
        first.ShouldBeRefused("use_dpop_nonce", "OST2109");
        prover.Nonce = first.Response.Headers.GetValues("DPoP-Nonce").Single();
        var second = await RobotAsync(robot);
        Assert.Equal(HttpStatusCode.OK, second.Status);
        Assert.Equal(prover.Nonce, second.Response.Headers.GetValues("DPoP-Nonce").Single());

        var token = (await web.SignInAsync(browser))["access_token"]!;
        Assert.Equal(HttpStatusCode.OK, (await web.UserInfoAsync(token, prover.Proof("GET", "/userinfo", token))).Status);
        server.Time.Advance(TimeSpan.FromMinutes(5));
        var old = await web.UserInfoAsync(token, prover.Proof("GET", "/userinfo", token));
        old.ShouldBeRefused("use_dpop_nonce", "OST2109", HttpStatusCode.Unauthorized);
        Assert.Contains("error=\"use_dpop_nonce\"", old.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.NotEqual(prover.Nonce, old.Response.Headers.GetValues("DPoP-Nonce").Single());
        using var bearer = new TokenClient(server, "m2m");
        Assert.Equal(HttpStatusCode.OK, (await RobotAsync(bearer)).Status); // Who sends no proof needs no nonce.
    }

    [Fact, Trait("Spec", "RFC 9449 §8")]
    public async Task F11_a_nonce_of_somebody_else_is_answered_with_one_of_ours()
    {
        await using var server = await TestServer.StartAsync();
        using var robot = new TokenClient(server, "m2m") { Prover = new Prover(server) { Nonce = "foreign" } };

        var answer = await robot.TokenAsync(("grant_type", "client_credentials"), ("scope", "read"));

        answer.ShouldBeRefused("use_dpop_nonce", "OST2109");
        Assert.True(answer.Response.Headers.Contains("DPoP-Nonce"));
    }
}
