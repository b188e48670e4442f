using System.Net;
using Ostiary.Protocol;
using Ostiary.Server.Tests.EndSession;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>After a sign-in the browser is sent to the end-session endpoint, and loads a page of the client on the way back.</summary>
[Trait("Plan", "oidcc-frontchannel-rp-initiated-logout-certification-test-plan")]
public sealed class FrontchannelLogoutPlanTests
{
    private const string Front = "http://127.0.0.1:1/front";

    [Fact, Trait("Module", "oidcc-frontchannel-logout-discovery-endpoint-verification"), Trait("Spec", "Front-Channel Logout §3")]
    public async Task oidcc_frontchannel_logout_discovery_endpoint_verification()
    {
        var metadata = await LogoutPlan.SecureMetadataAsync();
        Assert.True(metadata.GetProperty("frontchannel_logout_supported").GetBoolean());
        Assert.True(metadata.GetProperty("frontchannel_logout_session_supported").GetBoolean());
    }

    [
        Fact,
        Trait("Module", "oidcc-frontchannel-rp-initiated-logout"),
        Trait("Spec", "Front-Channel Logout §2"),
        Trait("Spec", "Front-Channel Logout §3")
    ]
    public async Task oidcc_frontchannel_rp_initiated_logout()
    {
        await using var server = await TestServer.StartAsync();
        await LogoutPlan.PrepareAsync(server, $",\"frontchannel_logout_uri\":\"{Front}\",\"frontchannel_logout_session_required\":true");
        using var flow = await ConformanceFlow.StartAsync(server);
        var signedIn = await flow.SignInAsync();

        var (response, html, state) = await LogoutPlan.EndAsync(flow, signedIn);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var frame = Assert.Single(FrontchannelLogoutTests.FramesOf(html)).Split('?');
        Assert.Equal(Front, frame[0]);
        Assert.Null(FormParameters.TryParse(System.Text.Encoding.ASCII.GetBytes(frame[1]), out var sent));
        Assert.Equal(
            [KeyValuePair.Create("iss", server.Issuer), KeyValuePair.Create("sid", signedIn.IdToken.GetProperty("sid").GetString()!)],
            sent.All.OrderBy(p => p.Key, StringComparer.Ordinal)
        );
        Assert.Contains($"id=\"onward\" href=\"{LogoutPlan.ReturnTo}?state={state}\"", html, StringComparison.Ordinal);
        await LogoutPlan.AssertGoneAsync(flow);
    }
}
