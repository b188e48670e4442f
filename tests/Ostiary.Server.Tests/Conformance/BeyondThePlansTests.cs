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
}
