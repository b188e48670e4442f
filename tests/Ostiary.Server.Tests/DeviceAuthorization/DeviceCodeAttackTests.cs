using System.Net;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.DeviceAuthorization;

/// <summary>What others do with a device code, and what a device does too often.</summary>
public sealed class DeviceCodeAttackTests(DeviceFlow flow) : IClassFixture<DeviceFlow>
{
    private async Task<Answer> ApprovedAsync(string scope = "openid read")
    {
        var begun = await flow.BeginAsync(scope);
        using var alice = await flow.SignedInAsync();
        await DeviceFlow.DecideAsync(alice, begun["user_code"]!);
        return begun;
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.4")]
    public async Task H03_a_device_code_of_another_client_is_refused()
    {
        var begun = await ApprovedAsync();
        using var other = new TokenClient(flow.Server, "tv2", secret: null);

        (await flow.PollAsync(begun["device_code"]!, other)).ShouldBeRefused("invalid_grant", Refusal.CodeOf(Reason.DeviceCodeOfAnotherClient));

        Assert.Equal(HttpStatusCode.OK, (await flow.PollAsync(begun["device_code"]!)).Status);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.4")]
    public async Task H04_a_scope_beside_the_code_changes_nothing()
    {
        var begun = await ApprovedAsync("read");

        var tokens = await flow.PollAsync(begun["device_code"]!, null, ("scope", "openid read write"));

        Assert.Equal("read", tokens["scope"]);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.5")]
    public async Task H05_who_asks_too_fast_waits_five_seconds_longer_each_time_and_stays_slow()
    {
        var code = (await flow.BeginAsync())["device_code"]!;
        (await flow.PollAsync(code)).ShouldBeRefused("authorization_pending", "OST2086");
        (await flow.WaitAndPollAsync(code, 5)).ShouldBeRefused("authorization_pending", "OST2086");
        (await flow.WaitAndPollAsync(code, 1)).ShouldBeRefused("slow_down", Refusal.CodeOf(Reason.PollingTooFast));
        (await flow.WaitAndPollAsync(code, 10)).ShouldBeRefused("authorization_pending", "OST2086");
        (await flow.WaitAndPollAsync(code, 6)).ShouldBeRefused("slow_down", "OST2087");
        (await flow.WaitAndPollAsync(code, 11)).ShouldBeRefused("slow_down", "OST2087");
        (await flow.WaitAndPollAsync(code, 20)).ShouldBeRefused("authorization_pending", "OST2086");
        (await flow.WaitAndPollAsync(code, 20)).ShouldBeRefused("authorization_pending", "OST2086");
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.5")]
    public async Task H06_of_many_requests_at_one_instant_one_gets_tokens()
    {
        var code = (await ApprovedAsync())["device_code"]!;

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => flow.PollAsync(code)));

        var won = Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(a => a != won), a => a.ShouldBeRefused("invalid_grant", Refusal.CodeOf(Reason.DeviceCodeUsed)));
        Assert.Equal(HttpStatusCode.OK, (await flow.Tv.UserInfoAsync(won["access_token"]!)).Status);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.5")]
    public async Task H07_a_code_that_has_expired_is_told_from_one_that_was_never_ours()
    {
        var begun = await ApprovedAsync();
        var code = begun["device_code"]!;

        (await flow.WaitAndPollAsync(code, 601)).ShouldBeRefused("expired_token", Refusal.CodeOf(Reason.DeviceCodeExpired));
        await flow.Server.Server.Issuer.Stores.Grants.SweepAsync(flow.Server.Time.Now, 100, TestContext.Current.CancellationToken);
        (await flow.PollAsync(code)).ShouldBeRefused("expired_token", "OST2083");
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.4")]
    public async Task H19_made_up_codes_and_other_credentials_are_refused()
    {
        var code = (await ApprovedAsync("openid offline_access"))["device_code"]!;
        (await flow.Tv.TokenAsync(("grant_type", DeviceFlow.GrantType))).ShouldBeRefused("invalid_request", Refusal.CodeOf(Reason.DeviceCodeMissing));
        foreach (var forged in new[] { "x", "ost_dc_", code + "A", code[..^1], code.Replace("ost_dc_", "ost_ac_", StringComparison.Ordinal) })
            (await flow.PollAsync(forged)).ShouldBeRefused("invalid_grant", Refusal.CodeOf(Reason.DeviceCodeUnknown));
        (await flow.Tv.RefreshAsync(code)).ShouldBeRefused("invalid_grant", "OST2031");
        var tokens = await flow.PollAsync(code);
        (await flow.PollAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_grant", "OST2081"); // B14
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.5")]
    public async Task H16_a_person_who_may_not_sign_in_any_more_gets_no_device_connected()
    {
        await flow.Server.AddUserAsync("carol", "carol@example.test");
        var begun = await flow.BeginAsync();
        using var carol = await flow.SignedInAsync("carol");
        await DeviceFlow.DecideAsync(carol, begun["user_code"]!);
        await flow.Server.DisableUserAsync("carol");

        (await flow.PollAsync(begun["device_code"]!)).ShouldBeRefused("invalid_grant", "OST2021");
    }

    [Fact]
    [Trait("Spec", "RFC 8707 §2.2")]
    public async Task Only_an_api_that_was_granted_can_be_named()
    {
        var code = (await ApprovedAsync("openid"))["device_code"]!;

        (await flow.PollAsync(code, null, ("resource", "https://api.example"))).ShouldBeRefused("invalid_target", "OST2036");
    }
}
