using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

public abstract partial class Fapi2Modules
{
    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-authorization-request-without-state-success"), Trait("Spec", "RFC 6749 §4.1.1")]
    public Task fapi2_security_profile_final_ensure_authorization_request_without_state_success() => SucceedsAsync(("state", null));

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-authorization-request-without-nonce-success"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task fapi2_security_profile_final_ensure_authorization_request_without_nonce_success()
    {
        var signedIn = await SucceedsAsync(("nonce", null));
        Assert.False(signedIn.IdToken.TryGetProperty("nonce", out _));
        Assert.False(signedIn.IdToken.TryGetProperty("s_hash", out _));
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-authorization-request-with-64-char-nonce-success"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2")
    ]
    public Task fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success() =>
        SucceedsAsync(("nonce", ConformanceFlow.Random(64)));

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-other-scope-order-succeeds"), Trait("Spec", "RFC 6749 §3.3")]
    public Task fapi2_security_profile_final_ensure_other_scope_order_succeeds() => SucceedsAsync(("scope", "email openid"));

    [Fact, Trait("Module", "fapi2-security-profile-final-test-claims-parameter-identity-claims"), Trait("Spec", "OIDC Core §5.5")]
    public async Task fapi2_security_profile_final_test_claims_parameter_identity_claims()
    {
        var signedIn = await SucceedsAsync(
            ("claims", """{"id_token":{"name":{"essential":true},"given_name":null},"userinfo":{"family_name":null}}""")
        );
        Assert.Equal("Carol Example", signedIn.IdToken.GetProperty("name").GetString());
        Assert.Equal("Carol", signedIn.IdToken.GetProperty("given_name").GetString());
        Assert.False(signedIn.IdToken.TryGetProperty("family_name", out _));
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-access-token-type-header-case-sensitivity"), Trait("Spec", "RFC 9110 §11.1")]
    public async Task fapi2_security_profile_final_access_token_type_header_case_sensitivity()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync(flow.One);
        foreach (var scheme in new[] { flow.One.TokenType.ToLowerInvariant(), flow.One.TokenType.ToUpperInvariant() })
            ConformanceFlow.AssertUserInfo(await flow.One.UserInfoAsync(signedIn.AccessToken, scheme), signedIn.IdToken);
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-different-nonce-inside-and-outside-request-object"), Trait("Spec", "RFC 9126 §4")]
    public Task fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object() => CountsForNothingAsync("nonce");

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-different-state-inside-and-outside-request-object"), Trait("Spec", "RFC 9126 §4")]
    public Task fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object() => CountsForNothingAsync("state");

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-authorization-request-with-long-nonce"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public Task fapi2_security_profile_final_ensure_authorization_request_with_long_nonce() => SucceedsAsync(("nonce", ConformanceFlow.Random(384)));

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-authorization-request-with-long-state"), Trait("Spec", "RFC 6749 §4.1.1")]
    public Task fapi2_security_profile_final_ensure_authorization_request_with_long_state() => SucceedsAsync(("state", ConformanceFlow.Random(384)));

    [Fact, Trait("Module", "fapi2-security-profile-final-state-only-outside-request-object-not-used"), Trait("Spec", "RFC 9126 §4")]
    public async Task fapi2_security_profile_final_state_only_outside_request_object_not_used()
    {
        using var flow = await StartAsync();
        var pushed = await Fapi2Flow.PushAsync(flow.One, ("state", null));
        await flow.RedeemAsync(pushed, await flow.VisitAsync(pushed, beside: ("state", "outside")));
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-request-object-without-redirect-uri-fails"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2")
    ]
    public Task fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails() =>
        RefusesPushAsync("invalid_request", ("redirect_uri", null));

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-redirect-uri-in-authorization-request"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2")
    ]
    public Task fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request() =>
        RefusesPushAsync("invalid_request", ("redirect_uri", ""));

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-registered-redirect-uri"), Trait("Spec", "RFC 9700 §2.1")]
    public Task fapi2_security_profile_final_ensure_registered_redirect_uri() => RefusesUnregisteredAsync();

    /// <summary>A server may take unregistered addresses in pushed requests. This one takes none.</summary>
    [Fact, Trait("Module", "fapi2-security-profile-final-plain-fapi-tolerate-unregistered-redirect-uri"), Trait("Spec", "RFC 9700 §2.1")]
    public Task fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri() => RefusesUnregisteredAsync();

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2"),
        Trait("Spec", "RFC 9126 §5")
    ]
    public async Task fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails()
    {
        using var flow = await StartAsync();
        var request = Fapi2Flow.Request(flow.One);
        var visit = await flow.Browser.AuthorizeAsync(Ask.Encode(request.Select(p => (p.Key, p.Value))), PlanServer.User);
        visit.ShouldRedirectWith(
            flow.Server,
            "invalid_request",
            Refusal.CodeOf(Reason.PushedRequestRequired),
            request["state"],
            Fapi2PlanServer.FirstRedirect
        );
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-ensure-response-type-code-idtoken-fails"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2")
    ]
    public Task fapi2_security_profile_final_ensure_response_type_code_idtoken_fails() =>
        RefusesPushAsync("unsupported_response_type", ("response_type", "code id_token"));

    [Fact, Trait("Module", "fapi2-security-profile-final-ensure-response-type-token-fails"), Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2")]
    public Task fapi2_security_profile_final_ensure_response_type_token_fails() =>
        RefusesPushAsync("unsupported_response_type", ("response_type", "token"));

    /// <summary>A parameter in the URL that differs from the pushed one: the pushed one is used.</summary>
    private async Task CountsForNothingAsync(string parameter)
    {
        using var flow = await StartAsync();
        var pushed = await Fapi2Flow.PushAsync(flow.One);
        await flow.RedeemAsync(pushed, await flow.VisitAsync(pushed, beside: (parameter, "outside")));
    }

    private Task RefusesUnregisteredAsync() =>
        RefusesPushAsync("invalid_request", ("redirect_uri", $"{Fapi2PlanServer.FirstRedirect}/{ConformanceFlow.Random()}"));
}
