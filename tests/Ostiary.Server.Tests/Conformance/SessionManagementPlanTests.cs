using Ostiary.Server.Tests.CheckSession;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>After a sign-in the client asks the check-session frame, logs out, and asks again. The frame's script itself runs in the browser's tests.</summary>
[Trait("Plan", "oidcc-session-management-certification-test-plan")]
public sealed class SessionManagementPlanTests(PlanServer plan) : IClassFixture<PlanServer>
{
    [Fact, Trait("Module", "oidcc-session-management-discovery-endpoint-verification"), Trait("Spec", "Session Management §3.3")]
    public async Task oidcc_session_management_discovery_endpoint_verification()
    {
        var metadata = await LogoutPlan.SecureMetadataAsync();
        Assert.EndsWith("/check_session", metadata.GetProperty("check_session_iframe").GetString(), StringComparison.Ordinal);
    }

    [
        Fact,
        Trait("Module", "oidcc-session-management-rp-initiated-logout"),
        Trait("Spec", "Session Management §2"),
        Trait("Spec", "Session Management §3.2")
    ]
    public async Task oidcc_session_management_rp_initiated_logout()
    {
        using var flow = await ConformanceFlow.StartAsync(plan.Server);
        var signedIn = await flow.SignInAsync();
        var sessionState = signedIn.Answered["session_state"];
        Assert.True(StateBrowser.Judges(flow.Browser, flow.Server.Issuer, "web", "http://127.0.0.1:1", sessionState), "changed before the logout");

        var (response, _, state) = await LogoutPlan.EndAsync(flow, signedIn);

        LogoutPlan.AssertReturned(response, state);
        Assert.False(StateBrowser.Judges(flow.Browser, flow.Server.Issuer, "web", "http://127.0.0.1:1", sessionState), "unchanged after the logout");
    }
}
