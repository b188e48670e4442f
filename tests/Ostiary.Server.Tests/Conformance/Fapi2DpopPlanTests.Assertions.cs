using System.Net;
using System.Text.Json;

namespace Ostiary.Server.Tests.Conformance;

public sealed partial class Fapi2DpopPlanTests
{
    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.4.1")
    ]
    public Task fapi2_security_profile_final_ensure_signed_client_assertion_with_RS256_fails() =>
        RefusesAtTokenAsync(client => client.RsaAssertion());

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-client-assertion-in-token-endpoint"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")
    ]
    public Task fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint() => RefusesAtTokenAsync(_ => null);

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails"), Trait("Spec", "RFC 7523 §3")]
    public async Task fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails()
    {
        var past = plan.Server.Time.Now.ToUnixTimeSeconds() - 300;
        await RefusesAtTokenAsync(client => client.Assertion(("exp", $"{past}"), ("iat", $"{past - 60}")));
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails"), Trait("Spec", "RFC 7523 §3")]
    public Task fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails() =>
        RefusesAtTokenAsync(client => client.Assertion(("aud", "\"https://other.example\"")));

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-client-assertion-with-no-sub-fails"), Trait("Spec", "RFC 7523 §3")]
    public Task fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails() =>
        RefusesAtTokenAsync(client => client.Assertion(("sub", null)));

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")
    ]
    public async Task fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted()
    {
        var answer = await PushWithAsync(now => [("nbf", $"{now + 8}")]);
        Assert.Equal(HttpStatusCode.Created, answer.Status);
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")
    ]
    public async Task fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails() =>
        Fapi2Flow.AssertRefused(await PushWithAsync(now => [("nbf", $"{now + 62}"), ("exp", $"{now + 120}")]), "invalid_client");

    /// <summary>With the token endpoint beside the issuer, and with the issuer alone: the profile wants a string.</summary>
    [Fact, Trait("Module", "fapi2-security-profile-final-par-test-array-as-audience-fails"), Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")]
    public async Task fapi2_security_profile_final_par_test_array_as_audience_fails()
    {
        var issuer = plan.Server.Issuer;
        Fapi2Flow.AssertRefused(await PushWithAsync(_ => [("aud", JsonSerializer.Serialize(new[] { issuer, issuer + "/token" }))]), "invalid_client");
        Fapi2Flow.AssertRefused(await PushWithAsync(_ => [("aud", JsonSerializer.Serialize(new[] { issuer }))]), "invalid_client");
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-par-test-par-endpoint-url-as-audience-fails"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")
    ]
    public Task fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails() => RefusesAudienceAsync("/par");

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-par-test-token-endpoint-url-as-audience-fails"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")
    ]
    public Task fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails() => RefusesAudienceAsync("/token");

    private async Task RefusesAudienceAsync(string path) =>
        Fapi2Flow.AssertRefused(await PushWithAsync(_ => [("aud", JsonSerializer.Serialize(plan.Server.Issuer + path))]), "invalid_client");

    private async Task<Harness.Answer> PushWithAsync(Func<long, (string Name, string? Json)[]> claims)
    {
        using var flow = await StartAsync();
        var client = One(flow);
        var assertion = client.Assertion(claims(flow.Server.Time.Now.ToUnixTimeSeconds()));
        var request = Fapi2Flow.Request(client);
        return await client.SendAsync("/par", assertion, client.Prover.Proof("POST", "/par"), [.. request.Select(p => (p.Key, p.Value))]);
    }

    /// <summary>A code that the token endpoint gives nothing for, since the client is not who it says.</summary>
    private async Task RefusesAtTokenAsync(Func<Fapi2DpopClient, string?> assertion)
    {
        using var flow = await StartAsync();
        var client = One(flow);
        var form = Fapi2Flow.Redemption(await flow.CodeAsync(client), client);
        Fapi2Flow.AssertRefused(await client.SendAsync("/token", assertion(client), client.Prover.Proof("POST", "/token"), form), "invalid_client");
        // The code is not spent by it.
        flow.AcceptTokens(client, await client.PostAsync("/token", form));
    }
}
