using System.Net;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

public abstract partial class Fapi2Modules
{
    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-client-id-in-token-endpoint"), Trait("Spec", "RFC 6749 §3.2.1")]
    public async Task fapi2_security_profile_final_ensure_client_id_in_token_endpoint()
    {
        using var flow = await StartAsync();
        var code = await flow.CodeAsync(flow.One);
        Fapi2Flow.AssertRefused(await flow.One.PostAsAsync(flow.Two.Id, "/token", Fapi2Flow.Redemption(code, flow.One)), "invalid_client");
    }

    /// <summary>What the module scans of TLS is the platform's and the operator's, and is not scanned here.</summary>
    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-holder-of-key-required"), Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")]
    public async Task fapi2_security_profile_final_ensure_holder_of_key_required()
    {
        using var flow = await StartAsync();
        var code = await flow.CodeAsync(flow.One);
        var answer = await flow.One.PostUnboundAsync("/token", Fapi2Flow.Redemption(code, flow.One));
        Fapi2Flow.AssertRefused(answer, "invalid_request", "invalid_grant", "invalid_dpop_proof", "invalid_client");
        Assert.Null(answer["access_token"]);
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-authorization-code-is-bound-to-client"), Trait("Spec", "RFC 6749 §4.1.3")]
    public async Task fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client()
    {
        using var flow = await StartAsync();
        var code = await flow.CodeAsync(flow.One);
        Fapi2Flow.AssertRefused(await flow.Two.PostAsync("/token", Fapi2Flow.Redemption(code, flow.One)), "invalid_grant");
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second"),
        Trait("Spec", "OAuth 2.1 §4.1.3"),
        Trait("Spec", "RFC 6749 §4.1.2")
    ]
    public async Task fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync(flow.One);
        flow.Server.Time.Advance(TimeSpan.FromSeconds(1));
        Fapi2Flow.AssertRefused(await flow.One.PostAsync("/token", Fapi2Flow.Redemption(signedIn.Code, flow.One)), "invalid_grant");
        AssertDead(await flow.One.UserInfoAsync(signedIn.AccessToken));
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-token-endpoint-fails-with-expired-auth-code"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")
    ]
    public async Task fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code()
    {
        using var flow = await StartAsync();
        var code = await flow.CodeAsync(flow.One);
        flow.Server.Time.Advance(TimeSpan.FromSeconds(62));
        Fapi2Flow.AssertRefused(await flow.One.PostAsync("/token", Fapi2Flow.Redemption(code, flow.One)), "invalid_grant");
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-pkce-code-verifier-required"), Trait("Spec", "RFC 7636 §4.6")]
    public async Task fapi2_security_profile_final_ensure_pkce_code_verifier_required()
    {
        using var flow = await StartAsync();
        var code = await flow.CodeAsync(flow.One);
        Fapi2Flow.AssertRefused(await flow.One.PostAsync("/token", Fapi2Flow.Redemption(code, flow.One, verifier: null)), "invalid_grant");
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-incorrect-pkce-code-verifier-rejected"), Trait("Spec", "RFC 7636 §4.6")]
    public async Task fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected()
    {
        using var flow = await StartAsync();
        var code = await flow.CodeAsync(flow.One);
        var wrong = Fapi2Flow.Redemption(code, flow.One, ConformanceFlow.Random(64));
        Fapi2Flow.AssertRefused(await flow.One.PostAsync("/token", wrong), "invalid_grant");
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-refresh-token"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1"),
        Trait("Spec", "RFC 6749 §6")
    ]
    public async Task fapi2_security_profile_final_refresh_token()
    {
        using var flow = await StartAsync();
        var first = await flow.SignInAsync(flow.One, ("scope", "openid offline_access"));
        var refresh = first.Tokens["refresh_token"]!;
        (string, string)[] form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];

        // The tokens of a client that authenticates may move to a new key.
        flow.One.ChangeKey();
        var refreshed = await flow.One.PostAsync("/token", form);
        Assert.Equal((HttpStatusCode.OK, flow.One.TokenType), (refreshed.Status, refreshed["token_type"]));
        Assert.NotEqual(first.AccessToken, refreshed["access_token"]);
        if (refreshed["id_token"] is not null)
            Assert.Equal(first.IdToken.GetProperty("sub").GetString(), flow.AcceptTokens(flow.One, refreshed).GetProperty("sub").GetString());
        Assert.Equal(HttpStatusCode.OK, (await flow.One.UserInfoAsync(refreshed["access_token"]!)).Status);

        // It did not rotate: what it was before is good for more than the half minute that the module waits.
        Assert.Equal(refresh, refreshed["refresh_token"] ?? refresh);
        flow.Server.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(HttpStatusCode.OK, (await flow.One.PostAsync("/token", form)).Status);

        Fapi2Flow.AssertRefused(await flow.One.PostUnauthenticatedAsync("/token", form), "invalid_client");
        Fapi2Flow.AssertRefused(
            await flow.One.PostUnboundAsync("/token", form),
            "invalid_grant",
            "invalid_dpop_proof",
            "invalid_request",
            "invalid_client"
        );
        Fapi2Flow.AssertRefused(await flow.Two.PostAsync("/token", form), "invalid_grant");
    }
}
