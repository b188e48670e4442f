using System.Net;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>
/// The plan with <c>private_key_jwt</c> and DPoP. To the shared modules come those about proofs, and in the parts Assertions and Resource those about assertions
/// and about proofs at an API.
/// </summary>
[Trait("Plan", "fapi2-security-profile-final-test-plan")]
public sealed partial class Fapi2DpopPlanTests(Fapi2DpopServer plan) : Fapi2Modules(plan), IClassFixture<Fapi2DpopServer>
{
    private protected override void AssertMetadata(JsonElement metadata)
    {
        AssertOnePermitted(metadata, "dpop_signing_alg_values_supported");
        AssertOnePermitted(metadata, "token_endpoint_auth_signing_alg_values_supported");
        Assert.Contains("private_key_jwt", Supported(metadata, "token_endpoint_auth_methods_supported"));
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-check-dpop-proof-nbf-exp"), Trait("Spec", "RFC 9449 §11.1")]
    public Task fapi2_security_profile_final_check_dpop_proof_nbf_exp() => AcceptsProofsAsync(now => [("nbf", $"{now}"), ("exp", $"{now + 60}")]);

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-before-succeeds"), Trait("Spec", "RFC 9449 §11.1")]
    public Task fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds() =>
        AcceptsProofsAsync(now => [("iat", $"{now - 10}")]);

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-after-succeeds"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")
    ]
    public Task fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds() =>
        AcceptsProofsAsync(now => [("iat", $"{now + 10}")]);

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-mismatched-dpop-jkt-fails"), Trait("Spec", "RFC 9449 §10.1")]
    public async Task fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails()
    {
        using var flow = await StartAsync();
        var answer = await Fapi2Flow.TryPushAsync(flow.One, ("dpop_jkt", new Prover(flow.Server).Thumbprint));
        Fapi2Flow.AssertRefused(answer, "invalid_request", "invalid_dpop_proof");
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt"),
        Trait("Spec", "RFC 9449 §10.1")
    ]
    public async Task fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt()
    {
        using var flow = await StartAsync();
        await AssertOtherKeyRefusedAsync(flow, await flow.CodeAsync(flow.One));
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt"), Trait("Spec", "RFC 9449 §10")]
    public async Task fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt()
    {
        using var flow = await StartAsync();
        await AssertOtherKeyRefusedAsync(flow, await CodeByThumbprintAsync(flow));
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-dpopproof-at-par-endpoint-binding-success"), Trait("Spec", "RFC 9449 §10.1")]
    public async Task fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success()
    {
        using var flow = await StartAsync();
        await flow.SignInAsync(flow.One);
        // The proof and the parameter may both be there, where they name one key.
        await flow.SignInAsync(flow.One, ("dpop_jkt", One(flow).Prover.Thumbprint));
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-dpop-auth-code-binding-success"), Trait("Spec", "RFC 9449 §10")]
    public async Task fapi2_security_profile_final_ensure_dpop_auth_code_binding_success()
    {
        using var flow = await StartAsync();
        var tokens = await flow.One.PostAsync("/token", Fapi2Flow.Redemption(await CodeByThumbprintAsync(flow), flow.One));
        flow.AcceptTokens(flow.One, tokens);
        Assert.Equal(HttpStatusCode.OK, (await flow.One.UserInfoAsync(tokens["access_token"]!)).Status);
    }

    private static Fapi2DpopClient One(Fapi2Flow flow) => (Fapi2DpopClient)flow.One;

    /// <summary>A code that is bound by the parameter alone: the push comes without a proof.</summary>
    private static async Task<string> CodeByThumbprintAsync(Fapi2Flow flow)
    {
        var request = Fapi2Flow.Request(flow.One, ("dpop_jkt", One(flow).Prover.Thumbprint));
        var answer = await flow.One.PostUnboundAsync("/par", [.. request.Select(p => (p.Key, p.Value))]);
        var pushed = Fapi2Flow.Accept(flow.One, request, answer);
        return Fapi2Flow.CodeOf(flow.Read(pushed, await flow.VisitAsync(pushed)));
    }

    private static async Task AssertOtherKeyRefusedAsync(Fapi2Flow flow, string code)
    {
        flow.One.ChangeKey();
        var answer = await flow.One.PostAsync("/token", Fapi2Flow.Redemption(code, flow.One));
        Fapi2Flow.AssertRefused(answer, "invalid_grant", "invalid_dpop_proof", "invalid_request");
        Assert.Null(answer["access_token"]);
    }

    /// <summary>The whole flow with proofs that differ from the plain one in some claims, wherever proofs are taken.</summary>
    private async Task AcceptsProofsAsync(Func<long, (string Name, string? Json)[]> claims)
    {
        using var flow = await StartAsync();
        var client = One(flow);
        (string, string?)[] Changes() => claims(flow.Server.Time.Now.ToUnixTimeSeconds());
        var request = Fapi2Flow.Request(client);
        var answer = await client.SendAsync(
            "/par",
            client.Assertion(),
            client.Prover.Proof("POST", "/par", null, Changes()),
            [.. request.Select(p => (p.Key, p.Value))]
        );
        var pushed = Fapi2Flow.Accept(client, request, answer);
        var code = Fapi2Flow.CodeOf(flow.Read(pushed, await flow.VisitAsync(pushed)));
        var proof = client.Prover.Proof("POST", "/token", null, Changes());
        var tokens = await client.SendAsync("/token", client.Assertion(), proof, Fapi2Flow.Redemption(code, client));
        flow.AcceptTokens(client, tokens);
        var token = tokens["access_token"]!;
        var called = await client.CallAsync(token, "DPoP", ("DPoP", client.Prover.Proof("GET", "/userinfo", token, Changes())));
        Assert.Equal(HttpStatusCode.OK, called.Status);
    }
}
