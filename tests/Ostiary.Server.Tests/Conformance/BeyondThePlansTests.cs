using System.Net;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>The plans' flow where the plans do not go: their configurations have an issuer without a path and redirect URIs without a query.</summary>
public sealed class BeyondThePlansTests(PlanServer plan) : IClassFixture<PlanServer>
{
    [Theory, InlineData("query"), InlineData("form_post"), Trait("Spec", "RFC 8414 §3"), Trait("Spec", "OIDC Discovery §4")]
    public async Task An_issuer_with_a_path_passes_the_base_flow(string responseMode)
    {
        await using var server = await TestServer.StartAsync("/tenant");
        await PlanServer.AddUserAsync(server);
        using var flow = await ConformanceFlow.StartAsync(server, responseMode);

        var signedIn = await flow.SignInAsync(("prompt", "consent"));
        var again = await flow.SignInAsync(("prompt", "none"));

        Assert.Equal((1, 1), (signedIn.Visit.Logins, signedIn.Visit.Consents));
        ConformanceFlow.AssertSameSession(signedIn, again);
        using var http = server.NewHttp();
        var inserted = await http.GetStringAsync("/.well-known/oauth-authorization-server/tenant", TestContext.Current.CancellationToken);
        Assert.Equal(flow.Metadata.GetRawText(), inserted);
    }

    [Theory, InlineData("query"), InlineData("form_post"), Trait("Spec", "RFC 6749 §3.1.2")]
    public async Task A_redirect_uri_keeps_its_own_query(string responseMode)
    {
        const string callback = TestServer.Callback + "?tenant=a%20b&x=";
        var id = "query-" + responseMode;
        await plan.Server.AddClientAsync(
            $$"""{"client_id":"{{id}}","type":"web","redirect_uris":["{{callback}}"],"consent":"none","require_pkce":false}""",
            TestServer.WebSecret
        );
        using var flow = await ConformanceFlow.StartAsync(plan.Server, responseMode);
        using var client = new TokenClient(plan.Server, id);
        await flow.RedeemAsync(await flow.VisitAsync(("client_id", id), ("redirect_uri", callback)), client);
    }

    [Theory, InlineData("query"), InlineData("form_post"), Trait("Spec", "RFC 9207 §2")]
    public async Task An_error_carries_state_and_issuer_and_nothing_else(string responseMode)
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server, responseMode);
        ConformanceFlow.AssertError(flow.ReadAnswer(await flow.VisitAsync(("scope", "openid \u00e9"))), "invalid_scope");
        ConformanceFlow.AssertError(flow.ReadAnswer(await flow.VisitAsync(("response_type", "code id_token"))), "unsupported_response_type");
        ConformanceFlow.AssertError(flow.ReadAnswer(await flow.VisitAsync(("prompt", "none login"))), "invalid_request");
        ConformanceFlow.AssertError(flow.ReadAnswer(await flow.VisitAsync(("state", null), ("max_age", "soon"))), "invalid_request");
    }

    /// <summary>A browser sends no SameSite=Lax cookie with a form that another site posts, but does with the navigation that follows.</summary>
    [Theory, InlineData("query"), InlineData("form_post"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task A_request_that_another_site_posts_finds_the_session(string responseMode)
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server, responseMode);
        var first = await flow.SignInAsync();
        var request = flow.Request(("prompt", "none"), ("login_hint", "a&b=c d"));

        using var posted = await PostFromElsewhereAsync(flow, "authorization_endpoint", request);

        Assert.Equal(HttpStatusCode.SeeOther, posted.StatusCode);
        Assert.False(posted.Headers.Contains("Set-Cookie"), "the browser's own cookies must stay");
        var visit = await flow.FollowAsync(request, posted.Headers.Location!.OriginalString);
        ConformanceFlow.AssertSameSession(first, await flow.RedeemAsync(visit));
    }

    [Fact, Trait("Spec", "RP-Initiated Logout §2")]
    public async Task A_logout_that_another_site_posts_ends_the_session()
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server);
        var signedIn = await flow.SignInAsync();
        var request = new Dictionary<string, string>
        {
            ["id_token_hint"] = signedIn.Tokens["id_token"]!,
            ["post_logout_redirect_uri"] = TestServer.Callback + "/out",
        };

        using var posted = await PostFromElsewhereAsync(flow, "end_session_endpoint", request);
        Assert.StartsWith(flow.Endpoint("end_session_endpoint") + "?", posted.Headers.Location!.OriginalString, StringComparison.Ordinal);
        using var response = await flow.Browser.GetAsync(posted.Headers.Location.OriginalString);

        Assert.Equal(request["post_logout_redirect_uri"], response.Headers.Location?.OriginalString);
        ConformanceFlow.AssertNotNow(flow.ReadAnswer(await flow.VisitAsync(("prompt", "none"))));
    }

    [Fact, Trait("Spec", "RP-Initiated Logout §2")]
    public async Task A_posted_logout_that_fits_no_address_claims_nothing()
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server);
        await flow.SignInAsync();
        using var posted = await PostFromElsewhereAsync(flow, "end_session_endpoint", new Dictionary<string, string> { ["state"] = new('s', 8000) });
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, posted.StatusCode);
        ConformanceFlow.AssertNobodyAsked((await flow.SignInAsync(("prompt", "none"))).Visit);
    }

    private static async Task<HttpResponseMessage> PostFromElsewhereAsync(ConformanceFlow flow, string endpoint, Dictionary<string, string> form)
    {
        using var http = flow.Server.NewHttp();
        using var content = new FormUrlEncodedContent(form);
        return await http.PostAsync(flow.Endpoint(endpoint), content, TestContext.Current.CancellationToken);
    }
}
