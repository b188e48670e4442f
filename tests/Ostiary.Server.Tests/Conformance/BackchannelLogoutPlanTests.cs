using System.Text.Json;
using Ostiary.Server.Tests.EndSession;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>After a sign-in the browser is sent to the end-session endpoint, and the client is told by the server itself.</summary>
[Trait("Plan", "oidcc-backchannel-rp-initiated-logout-certification-test-plan")]
public sealed class BackchannelLogoutPlanTests
{
    [Fact, Trait("Module", "oidcc-backchannel-logout-discovery-endpoint-verification"), Trait("Spec", "Back-Channel Logout §2.1")]
    public async Task oidcc_backchannel_logout_discovery_endpoint_verification()
    {
        var metadata = await LogoutPlan.SecureMetadataAsync();
        Assert.True(metadata.GetProperty("backchannel_logout_supported").GetBoolean());
        Assert.True(metadata.GetProperty("backchannel_logout_session_supported").GetBoolean());
    }

    [
        Fact,
        Trait("Module", "oidcc-backchannel-rp-initiated-logout"),
        Trait("Spec", "Back-Channel Logout §2.4"),
        Trait("Spec", "Back-Channel Logout §2.5")
    ]
    public async Task oidcc_backchannel_rp_initiated_logout()
    {
        await using var rp = new LogoutPeer();
        await using var server = await rp.StartServerAsync();
        await LogoutPlan.PrepareAsync(server, $",\"backchannel_logout_uri\":\"{rp.Url}\",\"backchannel_logout_session_required\":true");
        using var flow = await ConformanceFlow.StartAsync(server);
        var signedIn = await flow.SignInAsync();

        var (response, _, state) = await LogoutPlan.EndAsync(flow, signedIn);

        LogoutPlan.AssertReturned(response, state);
        // One parameter and no other: the whole body is read as the token.
        var (token, _, _) = await rp.TokenAsync(1);
        Assert.DoesNotContain('&', token);
        Assert.StartsWith("POST ", rp.Asked, StringComparison.Ordinal);
        var (_, claims) = flow.VerifyIdToken(token);
        AssertLogoutClaims(claims, signedIn.IdToken, server.Time.GetUtcNow().ToUnixTimeSeconds());
        await LogoutPlan.AssertGoneAsync(flow);
    }

    private static void AssertLogoutClaims(JsonElement claims, JsonElement idToken, long now)
    {
        foreach (var same in new[] { "iss", "aud", "sub", "sid" })
            Assert.Equal(idToken.GetProperty(same).GetString(), claims.GetProperty(same).GetString());
        Assert.InRange(claims.GetProperty("iat").GetInt64(), now - 86400, now);
        Assert.NotEqual("", claims.GetProperty("jti").GetString());
        Assert.Equal("""{"http://schemas.openid.net/event/backchannel-logout":{}}""", claims.GetProperty("events").GetRawText());
        Assert.False(claims.TryGetProperty("nonce", out _));
    }
}
