using System.Net;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>
/// The modules of the FAPI 2.0 Security Profile plan that every variant runs, whatever authenticates its clients and binds their tokens: one test per module,
/// under the module's name, in the parts Requests, Pushed and Tokens. A variant is a class beside <see cref="Fapi2DpopPlanTests"/> with a
/// <see cref="Fapi2PlanServer"/> of its own.
/// </summary>
public abstract partial class Fapi2Modules(Fapi2PlanServer plan)
{
    private protected Task<Fapi2Flow> StartAsync() => Fapi2Flow.StartAsync(plan);

    /// <summary>What the metadata of the variant must say besides.</summary>
    private protected abstract void AssertMetadata(JsonElement metadata);

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-discovery-end-point-verification"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.4.1"),
        Trait("Spec", "RFC 9207 §3")
    ]
    public async Task fapi2_security_profile_final_discovery_end_point_verification()
    {
        using var flow = await StartAsync();
        var metadata = flow.Metadata;
        Assert.Equal(flow.Server.Issuer, metadata.GetProperty("issuer").GetString());
        Assert.Contains("code", Supported(metadata, "response_types_supported"));
        Assert.Contains("S256", Supported(metadata, "code_challenge_methods_supported"));
        Assert.DoesNotContain("plain", Supported(metadata, "code_challenge_methods_supported"));
        Assert.Contains("openid", Supported(metadata, "scopes_supported"));
        Assert.NotEqual("", metadata.GetProperty("pushed_authorization_request_endpoint").GetString());
        if (metadata.TryGetProperty("require_pushed_authorization_requests", out var required))
            Assert.True(required.ValueKind is JsonValueKind.True or JsonValueKind.False);
        Assert.True(metadata.GetProperty("authorization_response_iss_parameter_supported").GetBoolean());
        AssertOnePermitted(metadata, "id_token_signing_alg_values_supported");
        AssertMetadata(metadata);
    }

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-happy-flow"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2"),
        Trait("Spec", "RFC 6750 §2")
    ]
    public async Task fapi2_security_profile_final_happy_flow()
    {
        using var flow = await StartAsync();
        await flow.SignInAsync(flow.One);
        var second = await flow.SignInAsync(flow.Two, ("state", ConformanceFlow.Random(128)), ("nonce", ConformanceFlow.Random(43)));

        // A token in the URL is none.
        using var http = flow.Server.NewHttp();
        using var inQuery = await http.GetAsync(
            $"{flow.Server.Issuer}/userinfo?access_token={Uri.EscapeDataString(second.AccessToken)}",
            TestContext.Current.CancellationToken
        );
        Assert.InRange((int)inQuery.StatusCode, 400, 401);
    }

    [Fact, Trait("Module", "fapi2-security-profile-final-user-rejects-authentication"), Trait("Spec", "RFC 6749 §4.1.2.1")]
    public async Task fapi2_security_profile_final_user_rejects_authentication()
    {
        using var flow = await StartAsync();
        foreach (var client in new[] { flow.One, flow.Two })
        {
            var pushed = await Fapi2Flow.PushAsync(client, ("prompt", "consent"));
            var answered = flow.Read(pushed, await flow.VisitAsync(pushed, "deny"));
            Assert.Equal("access_denied", answered["error"]);
            Assert.Null(answered["code"]);
        }
    }

    private protected static IReadOnlyList<string> Supported(JsonElement metadata, string name) =>
        [.. metadata.GetProperty(name).EnumerateArray().Select(v => v.GetString()!)];

    private protected static void AssertOnePermitted(JsonElement metadata, string name) =>
        Assert.Contains(Supported(metadata, name), alg => alg is "PS256" or "ES256" or "EdDSA" or "Ed25519");

    /// <summary>The outcome of a push that is accepted and a visit that ends in tokens.</summary>
    private async Task<Fapi2SignedIn> SucceedsAsync(params (string Name, string? Value)[] changes)
    {
        using var flow = await StartAsync();
        return await flow.SignInAsync(flow.One, changes);
    }

    private async Task RefusesPushAsync(string error, params (string Name, string? Value)[] changes)
    {
        using var flow = await StartAsync();
        Fapi2Flow.AssertRefused(await Fapi2Flow.TryPushAsync(flow.One, changes), error);
    }

    private static void AssertDead(Answer userInfo) => Assert.Equal(HttpStatusCode.Unauthorized, userInfo.Status);
}
