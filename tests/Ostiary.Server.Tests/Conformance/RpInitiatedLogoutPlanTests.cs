using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>Each module signs in, then sends the browser to the end-session endpoint. "Gone" means: afterwards prompt=none finds nobody signed in.</summary>
[Trait("Plan", "oidcc-rp-initiated-logout-certification-test-plan")]
public sealed class RpInitiatedLogoutPlanTests(PlanServer plan) : IClassFixture<PlanServer>
{
    private const string ReturnTo = TestServer.Callback + "/out";

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-discovery-endpoint-verification"), Trait("Spec", "RP-Initiated Logout §2.1")]
    public async Task oidcc_rp_initiated_logout_discovery_endpoint_verification()
    {
        await using var secure = await SecureServer.StartAsync();
        var metadata = await ConfigPlanTests.ReadAsync(secure, secure.Server.Issuer + "/.well-known/openid-configuration");
        ConfigPlanTests.AssertSecure(metadata.GetProperty("end_session_endpoint").GetString()!, secure.Server.Issuer);
    }

    [Fact, Trait("Module", "oidcc-rp-initiated-logout"), Trait("Spec", "RP-Initiated Logout §2"), Trait("Spec", "RP-Initiated Logout §3")]
    public async Task oidcc_rp_initiated_logout()
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server);
        var signedIn = await flow.SignInAsync();
        var state = ConformanceFlow.Random(128);
        var (response, _) = await EndAsync(
            flow,
            ("id_token_hint", signedIn.Tokens["id_token"]!),
            ("post_logout_redirect_uri", ReturnTo),
            ("state", state)
        );
        Assert.Equal($"{ReturnTo}?state={state}", response.Headers.Location?.OriginalString);
        await AssertGoneAsync(flow);
    }

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri"), Trait("Spec", "RP-Initiated Logout §3")]
    public Task oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() =>
        RefusesAsync(hint => hint, $"{ReturnTo}/{ConformanceFlow.Random()}", Reason.LogoutRedirectMismatch);

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri"), Trait("Spec", "RP-Initiated Logout §3")]
    public Task oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() =>
        RefusesAsync(hint => hint, $"{ReturnTo}?foo=bar", Reason.LogoutRedirectMismatch);

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-modified-id-token-hint"), Trait("Spec", "RP-Initiated Logout §2")]
    public Task oidcc_rp_initiated_logout_modified_id_token_hint() =>
        RefusesAsync(hint => $"{Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{hint.Split('.')[1]}.", ReturnTo, Reason.LogoutHintInvalid);

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-bad-id-token-hint"), Trait("Spec", "RP-Initiated Logout §2")]
    public async Task oidcc_rp_initiated_logout_bad_id_token_hint()
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server);
        await flow.SignInAsync();
        using var signer = JwsSigner.Create(JsonWebKey.Generate("RS256", "of-the-client"), "RS256");
        var now = flow.Server.Time.GetUtcNow().ToUnixTimeSeconds();
        var claims = $$"""{"iss":"web","sub":"web","aud":"{{flow.Server.Issuer}}","iat":{{now}},"exp":{{now + 300}}}""";
        await AssertRefusedAsync(flow, signer.Sign("JWT", Encoding.UTF8.GetBytes(claims)), ReturnTo, Reason.LogoutHintInvalid);
    }

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-no-id-token-hint"), Trait("Spec", "RP-Initiated Logout §3")]
    public Task oidcc_rp_initiated_logout_no_id_token_hint() => RefusesAsync(_ => null, ReturnTo, Reason.LogoutRedirectMismatch);

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-no-params"), Trait("Spec", "RP-Initiated Logout §2")]
    public Task oidcc_rp_initiated_logout_no_params() => EndsOnAPageAsync(withHint: false);

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-only-state"), Trait("Spec", "RP-Initiated Logout §2")]
    public Task oidcc_rp_initiated_logout_only_state() => EndsOnAPageAsync(withHint: false, ("state", ConformanceFlow.Random(128)));

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-no-post-logout-redirect-uri"), Trait("Spec", "RP-Initiated Logout §2")]
    public Task oidcc_rp_initiated_logout_no_post_logout_redirect_uri() => EndsOnAPageAsync(withHint: true, ("state", ConformanceFlow.Random(128)));

    [Fact, Trait("Module", "oidcc-rp-initiated-logout-no-state"), Trait("Spec", "RP-Initiated Logout §3")]
    public async Task oidcc_rp_initiated_logout_no_state()
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server);
        var signedIn = await flow.SignInAsync();
        var (response, _) = await EndAsync(flow, ("id_token_hint", signedIn.Tokens["id_token"]!), ("post_logout_redirect_uri", ReturnTo));
        Assert.Equal(ReturnTo, response.Headers.Location?.OriginalString);
        await AssertGoneAsync(flow);
    }

    private async Task RefusesAsync(Func<string, string?> hint, string returnTo, Reason reason)
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server);
        var signedIn = await flow.SignInAsync();
        await AssertRefusedAsync(flow, hint(signedIn.Tokens["id_token"]!), returnTo, reason);
    }

    /// <summary>An error page without a way to the client, and nobody was signed out by it.</summary>
    private static async Task AssertRefusedAsync(ConformanceFlow flow, string? hint, string returnTo, Reason reason)
    {
        (string, string)[] sent = [("post_logout_redirect_uri", returnTo), ("state", ConformanceFlow.Random(128))];
        var (response, html) = await EndAsync(flow, hint is null ? sent : [.. sent, ("id_token_hint", hint)]);
        ConformanceFlow.AssertErrorPage(new(new Dictionary<string, string>(), response, html, 0, 0), reason);
        Assert.DoesNotContain(returnTo, html, StringComparison.Ordinal);
        ConformanceFlow.AssertNobodyAsked((await flow.SignInAsync(("prompt", "none"))).Visit);
    }

    /// <summary>Ends with a page that says so; without a hint the person is asked first.</summary>
    private async Task EndsOnAPageAsync(bool withHint, params (string, string)[] sent)
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server);
        var signedIn = await flow.SignInAsync();
        var (response, html) = await EndAsync(flow, withHint ? [.. sent, ("id_token_hint", signedIn.Tokens["id_token"]!)] : sent);
        Assert.Equal(!withHint, html.Contains("value=\"logout\"", StringComparison.Ordinal));
        if (!withHint)
        {
            var csrf = Browser.Field(html, "csrf")!;
            response = await flow.Browser.PostAsync(flow.Endpoint("end_session_endpoint"), [("csrf", csrf), ("decision", "logout"), .. sent]);
            html = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Null(response.Headers.Location);
        Assert.DoesNotContain("<form", html, StringComparison.Ordinal);
        await AssertGoneAsync(flow);
    }

    private static async Task<(HttpResponseMessage Response, string Html)> EndAsync(ConformanceFlow flow, params (string Name, string Value)[] sent)
    {
        var query = string.Join('&', sent.Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"));
        var response = await flow.Browser.GetAsync(flow.Endpoint("end_session_endpoint") + (query.Length == 0 ? "" : "?" + query));
        return (response, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task AssertGoneAsync(ConformanceFlow flow)
    {
        var visit = await flow.VisitAsync(("prompt", "none"));
        ConformanceFlow.AssertNobodyAsked(visit);
        ConformanceFlow.AssertNotNow(flow.ReadAnswer(visit));
    }
}
