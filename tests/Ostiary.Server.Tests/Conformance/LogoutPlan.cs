using System.Net;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>What the modules of the logout plans share: a client that is told, a sign-in, a logout that returns to the client, and nobody signed in afterwards.</summary>
internal static class LogoutPlan
{
    public const string ReturnTo = TestServer.Callback + "/out";

    /// <summary>The client of the plans, with what a plan adds to it.</summary>
    public static async Task PrepareAsync(TestServer server, string more = "")
    {
        await PlanServer.AddUserAsync(server);
        await server.AddClientAsync(
            $$"""{"client_id":"web","type":"web","client_name":"Web","redirect_uris":["CB"],"post_logout_redirect_uris":["{{ReturnTo}}"],"require_pkce":false,"consent":"none"{{more}}}""",
            TestServer.WebSecret
        );
    }

    public static async Task<JsonElement> SecureMetadataAsync()
    {
        await using var secure = await SecureServer.StartAsync();
        var metadata = await ConfigPlanTests.ReadAsync(secure, secure.Server.Issuer + "/.well-known/openid-configuration");
        ConfigPlanTests.AssertSecure(metadata.GetProperty("end_session_endpoint").GetString()!, secure.Server.Issuer);
        if (metadata.TryGetProperty("check_session_iframe", out var frame))
            ConfigPlanTests.AssertSecure(frame.GetString()!, secure.Server.Issuer);
        return metadata;
    }

    /// <summary>Sends the browser to the end-session endpoint; returns its answer and the state that was sent.</summary>
    public static async Task<(HttpResponseMessage Response, string Html, string State)> EndAsync(ConformanceFlow flow, SignedIn signedIn)
    {
        var state = ConformanceFlow.Random(128);
        var url =
            $"{flow.Endpoint("end_session_endpoint")}?id_token_hint={signedIn.Tokens["id_token"]}&post_logout_redirect_uri={Uri.EscapeDataString(ReturnTo)}&state={state}";
        var response = await flow.Browser.GetAsync(url);
        return (response, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), state);
    }

    public static void AssertReturned(HttpResponseMessage response, string state)
    {
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal($"{ReturnTo}?state={state}", response.Headers.Location?.OriginalString);
    }

    public static async Task AssertGoneAsync(ConformanceFlow flow)
    {
        var visit = await flow.VisitAsync(("prompt", "none"));
        ConformanceFlow.AssertNobodyAsked(visit);
        ConformanceFlow.AssertNotNow(flow.ReadAnswer(visit));
    }
}
