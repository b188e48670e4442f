using System.Net;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

public abstract partial class Fapi2Modules
{
    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds"),
        Trait("Spec", "RFC 9126 §4")
    ]
    public async Task fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds()
    {
        using var flow = await StartAsync();
        var pushed = await Fapi2Flow.PushAsync(flow.One);
        using var seen = await flow.Browser.GetAsync("/authorize?" + Ask.Encode([("client_id", pushed.Client.Id), ("request_uri", pushed.Uri)]));
        Assert.Contains("/login", seen.Headers.Location!.OriginalString, StringComparison.Ordinal);
        await flow.RedeemAsync(pushed, await flow.VisitAsync(pushed));
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-par-attempt-reuse-request_uri"), Trait("Spec", "RFC 9126 §4")]
    public async Task fapi2_security_profile_final_par_attempt_reuse_request_uri()
    {
        using var flow = await StartAsync();
        var pushed = await Fapi2Flow.PushAsync(flow.One);
        await flow.RedeemAsync(pushed, await flow.VisitAsync(pushed));
        await Fapi2Flow.AssertPageAsync(await flow.VisitAsync(pushed), Reason.RequestUriUsed);
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-par-attempt-to-use-expired-request_uri"), Trait("Spec", "RFC 9126 §2.2")]
    public async Task fapi2_security_profile_final_par_attempt_to_use_expired_request_uri()
    {
        using var flow = await StartAsync();
        var pushed = await Fapi2Flow.PushAsync(flow.One);
        flow.Server.Time.Advance(TimeSpan.FromSeconds(60));
        await Fapi2Flow.AssertPageAsync(await flow.VisitAsync(pushed), Reason.RequestUriExpired);
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client"), Trait("Spec", "RFC 9126 §4")]
    public async Task fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client()
    {
        using var flow = await StartAsync();
        var pushed = await Fapi2Flow.PushAsync(flow.One);
        await Fapi2Flow.AssertPageAsync(await flow.VisitAsync(pushed with { Client = flow.Two }), Reason.RequestUriOfAnotherClient);
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-par-authorization-request-containing-request_uri-form-param"),
        Trait("Spec", "RFC 9126 §2.1")
    ]
    public async Task fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param()
    {
        using var flow = await StartAsync();
        var pushed = await Fapi2Flow.PushAsync(flow.One);
        Fapi2Flow.AssertRefused(await Fapi2Flow.TryPushAsync(flow.One, ("request_uri", pushed.Uri)), "invalid_request");
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-par-attempt-invalid-http-method"), Trait("Spec", "RFC 9126 §2")]
    public async Task fapi2_security_profile_final_par_attempt_invalid_http_method()
    {
        using var flow = await StartAsync();
        using var http = flow.Server.NewHttp();
        using var form = new FormUrlEncodedContent(Fapi2Flow.Request(flow.One));
        using var answer = await http.PutAsync(
            flow.Metadata.GetProperty("pushed_authorization_request_endpoint").GetString(),
            form,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-par-ensure-pkce-required"), Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2")]
    public Task fapi2_security_profile_final_par_ensure_pkce_required() =>
        RefusesPushAsync("invalid_request", ("code_challenge", null), ("code_challenge_method", null));

    [Fact, Trait("Module", "fapi2-security-profile-final-par-plain-pkce-rejected"), Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2")]
    public Task fapi2_security_profile_final_par_plain_pkce_rejected() =>
        RefusesPushAsync("invalid_request", ("code_challenge", Fapi2Flow.Verifier), ("code_challenge_method", "plain"));

    [Fact, Trait("Module", "fapi2-security-profile-final-par-without-duplicate-parameters"), Trait("Spec", "RFC 9126 §4")]
    public async Task fapi2_security_profile_final_par_without_duplicate_parameters()
    {
        using var flow = await StartAsync();
        var pushed = await Fapi2Flow.PushAsync(flow.Two);
        await flow.RedeemAsync(pushed, await flow.VisitAsync(pushed));
    }
}
