using System.Net;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.DeviceAuthorization;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Senders;

/// <summary>A device proves a key when it polls.</summary>
public sealed class BoundDeviceTests(DeviceFlow flow) : IClassFixture<DeviceFlow>
{
    private TestServer Server => flow.Server;

    private TokenClient Tv(Prover? prover, string id = "tv") => new(Server, id, secret: null) { Prover = prover };

    private async Task<string> ApprovedAsync(TokenClient device)
    {
        var begun = await flow.BeginAsync("openid offline_access read", device);
        using var alice = await flow.SignedInAsync();
        await DeviceFlow.DecideAsync(alice, begun["user_code"]!);
        return begun["device_code"]!;
    }

    [Fact, Trait("Spec", "RFC 9449 §5"), Trait("Spec", "RFC 8628 §3.5")]
    public async Task The_tokens_of_a_device_are_bound_to_the_key_that_it_polls_with()
    {
        var prover = new Prover(Server);
        using var tv = Tv(prover);
        using var thief = Tv(new(Server));
        using var bare = Tv(null);

        var tokens = await flow.PollAsync(await ApprovedAsync(tv), tv);

        Assert.Equal((HttpStatusCode.OK, "DPoP"), (tokens.Status, tokens["token_type"]));
        Assert.Contains($"\"jkt\":\"{prover.Thumbprint}\"", Forge.Part(tokens["access_token"]!, 1), StringComparison.Ordinal);
        var token = tokens["access_token"]!;
        Assert.Equal(HttpStatusCode.OK, (await tv.UserInfoAsync(token, prover.Proof("GET", "/userinfo", token))).Status);
        (await bare.RefreshAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_grant", Refusal.CodeOf(Reason.SenderKeyDiffers));
        (await thief.RefreshAsync(tokens["refresh_token"]!)).ShouldBeRefused("invalid_grant", Refusal.CodeOf(Reason.SenderKeyDiffers));
        Assert.Equal("DPoP", (await tv.RefreshAsync(tokens["refresh_token"]!))["token_type"]);
    }

    [Fact, Trait("Spec", "RFC 9449 §11.1")]
    public async Task A_proof_is_used_up_by_a_poll_that_has_to_wait()
    {
        var prover = new Prover(Server);
        using var tv = Tv(null);
        var code = (await flow.BeginAsync("openid read", tv))["device_code"]!;
        var proof = prover.Proof("POST", "/token");

        (await PollWithAsync(code, proof)).ShouldBeRefused("authorization_pending", "OST2086");
        (await PollWithAsync(code, proof)).ShouldBeRefused("invalid_dpop_proof", Refusal.CodeOf(Reason.ProofReplayed));
        Server.Time.Advance(TimeSpan.FromSeconds(5));
        (await PollWithAsync(code, prover.Proof("POST", "/token"))).ShouldBeRefused("authorization_pending", "OST2086");
    }

    [Fact, Trait("Spec", "RFC 9449 §5.2")]
    public async Task A_device_whose_tokens_are_always_bound_gets_none_without_a_proof_and_keeps_its_code()
    {
        await Server.AddClientAsync(
            """{"client_id":"tv-bound","type":"device","scope":"openid offline_access read","dpop_bound_access_tokens":true}"""
        );
        using var bare = Tv(null, "tv-bound");
        using var proving = Tv(new(Server), "tv-bound");
        var code = await ApprovedAsync(bare);

        (await flow.PollAsync(code, bare)).ShouldBeRefused("invalid_dpop_proof", Refusal.CodeOf(Reason.ProofMissing));
        Assert.Equal("DPoP", (await flow.PollAsync(code, proving))["token_type"]);
    }

    private async Task<Answer> PollWithAsync(string code, string proof)
    {
        using var tv = Tv(null);
        using var request = new HttpRequestMessage(HttpMethod.Post, Server.House.Url.At("/token"));
        request.Headers.Add("DPoP", proof);
        request.Content = new FormUrlEncodedContent([new("grant_type", DeviceFlow.GrantType), new("device_code", code), new("client_id", "tv")]);
        return await tv.SendAsync(request);
    }
}
