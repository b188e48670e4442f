using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>
/// The modules of the dynamic plan, one test each under its name, by clients that register themselves, authenticate by private_key_jwt with RS256 and remove themselves at the
/// end. What the plan demands of implicit types, unsigned objects and pairwise subjects is asserted to be neither promised nor done.
/// </summary>
[Trait("Plan", "oidcc-dynamic-certification-test-plan")]
public sealed partial class DynamicPlanTests(DynamicPlanServer plan) : IClassFixture<DynamicPlanServer>
{
    private TestServer Server => plan.Server;

    [Fact, Trait("Module", "oidcc-server"), Trait("Spec", "RFC 7591 §3.2.1"), Trait("Spec", "RFC 7592 §2.3")]
    public async Task oidcc_server()
    {
        using var flow = await StartAsync();
        Assert.Equal(Server.Issuer + "/register", flow.Endpoint("registration_endpoint"));
        await using var client = await DynamicClient.RegisterAsync(Server);
        await SignInAsync(flow, client);
    }

    [Fact, Trait("Module", "oidcc-idtoken-rs256"), Trait("Spec", "OIDC Core §10.1")]
    public async Task oidcc_idtoken_rs256()
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server, ("id_token_signed_response_alg", "RS256"));
        var signedIn = await SignInAsync(flow, client);
        Assert.Equal("RS256", signedIn.Header.GetProperty("alg").GetString());
        Assert.NotEqual("", signedIn.Header.GetProperty("kid").GetString());
    }

    /// <summary>The module is skipped unless <c>none</c> is advertised. It is not, and nobody registers for it.</summary>
    [Fact, Trait("Module", "oidcc-idtoken-unsigned"), Trait("Spec", "RFC 8725 §3.2")]
    public async Task oidcc_idtoken_unsigned()
    {
        using var flow = await StartAsync();
        Assert.DoesNotContain("none", flow.Supported("id_token_signing_alg_values_supported"));
        await RefusesAsync("invalid_client_metadata", ("id_token_signed_response_alg", "none"));
    }

    [Fact, Trait("Module", "oidcc-userinfo-rs256"), Trait("Spec", "OIDC Core §5.3.2")]
    public async Task oidcc_userinfo_rs256()
    {
        using var flow = await StartAsync();
        Assert.Contains("RS256", flow.Supported("userinfo_signing_alg_values_supported"));
        await using var client = await DynamicClient.RegisterAsync(Server, ("userinfo_signed_response_alg", "RS256"));
        using var channel = client.Channel();
        var answered = flow.ReadAnswer(await VisitAsync(flow, client, ("scope", "openid email")));
        var tokens = await channel.TokenAsync([
            ("grant_type", "authorization_code"),
            ("code", ConformanceFlow.AssertCode(answered)),
            ("redirect_uri", DynamicClient.Callback),
            .. client.Proof(),
        ]);
        ConformanceFlow.AssertTokens(tokens);

        var userInfo = await channel.UserInfoAsync(tokens["access_token"]!);

        Assert.Equal(HttpStatusCode.OK, userInfo.Status);
        Assert.Equal("application/jwt", userInfo.Response.Content.Headers.ContentType!.ToString());
        var (header, claims) = flow.VerifyIdToken(await userInfo.Response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("userinfo+jwt", header.GetProperty("typ").GetString());
        Assert.Equal(Server.Issuer, claims.GetProperty("iss").GetString());
        Assert.Equal(client.Id, claims.GetProperty("aud").GetString());
        Assert.Equal("carol@example.test", claims.GetProperty("email").GetString());
        Assert.Equal(flow.VerifyIdToken(tokens["id_token"]!).Claims.GetProperty("sub").GetString(), claims.GetProperty("sub").GetString());
        Assert.False(claims.TryGetProperty("nonce", out _));
        // Nobody takes it for an ID token.
        using var end = await flow.Browser.GetAsync(
            $"{flow.Endpoint("end_session_endpoint")}?id_token_hint={await userInfo.Response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}"
        );
        Assert.Equal(HttpStatusCode.BadRequest, end.StatusCode);
    }

    [Fact, Trait("Module", "oidcc-ensure-redirect-uri-in-authorization-request"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task oidcc_ensure_redirect_uri_in_authorization_request()
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(
            Server,
            ("redirect_uris", new JsonArray(DynamicClient.Callback, DynamicClient.Callback + "/2"))
        );
        ConformanceFlow.AssertErrorPage(await VisitAsync(flow, client, ("redirect_uri", null)), Reason.RedirectUriMissing);
    }

    [Fact, Trait("Module", "oidcc-redirect-uri-query-OK"), Trait("Spec", "RFC 6749 §3.1.2")]
    public async Task oidcc_redirect_uri_query_OK()
    {
        const string withQuery = DynamicClient.Callback + "?foo=bar";
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server, ("redirect_uris", new JsonArray(withQuery)));
        var signedIn = await SignInAsync(flow, client, ("redirect_uri", withQuery));
        Assert.StartsWith(withQuery + "&", signedIn.Visit.Last.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact, Trait("Module", "oidcc-redirect-uri-query-mismatch"), Trait("Spec", "RFC 9700 §2.1")]
    public async Task oidcc_redirect_uri_query_mismatch()
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server, ("redirect_uris", new JsonArray(DynamicClient.Callback + "?foo=bar")));
        ConformanceFlow.AssertErrorPage(
            await VisitAsync(flow, client, ("redirect_uri", DynamicClient.Callback + "?bar=foo")),
            Reason.RedirectUriMismatch
        );
    }

    [Fact, Trait("Module", "oidcc-redirect-uri-query-added"), Trait("Spec", "RFC 9700 §2.1")]
    public async Task oidcc_redirect_uri_query_added()
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server);
        ConformanceFlow.AssertErrorPage(
            await VisitAsync(flow, client, ("redirect_uri", DynamicClient.Callback + "?foo=bar")),
            Reason.RedirectUriMismatch
        );
    }

    [Fact, Trait("Module", "oidcc-redirect-uri-regfrag"), Trait("Spec", "RFC 6749 §3.1.2")]
    public async Task oidcc_redirect_uri_regfrag()
    {
        using var flow = await StartAsync();
        await RefusesAsync("invalid_redirect_uri", ("redirect_uris", new JsonArray(DynamicClient.Callback + "#foobar")));
    }

    /// <summary>The plan's variant also wants the implicit response types. They are not served, so it is not met; what is promised otherwise is that of the config plan.</summary>
    [Fact, Trait("Module", "oidcc-discovery-endpoint-verification"), Trait("Spec", "OIDC Discovery §3")]
    public async Task oidcc_discovery_endpoint_verification()
    {
        await using var secure = await SecureServer.StartAsync();
        await secure.Server.AdministerAsync("POST", "/config/apply", """{"configuration":{"issuer":{"registration":{"open":true}}}}""");
        var metadata = await ConfigPlanTests.ReadAsync(secure, secure.Server.Issuer + "/.well-known/openid-configuration");
        ConfigPlanTests.AssertSecure(metadata.GetProperty("registration_endpoint").GetString()!, secure.Server.Issuer);
        Assert.Equal("code", Assert.Single(metadata.GetProperty("response_types_supported").EnumerateArray()).GetString());
        Assert.DoesNotContain("implicit", metadata.GetProperty("grant_types_supported").EnumerateArray().Select(g => g.GetString()));
        Assert.True(metadata.GetProperty("request_uri_parameter_supported").GetBoolean());
        Assert.Contains("RS256", metadata.GetProperty("userinfo_signing_alg_values_supported").EnumerateArray().Select(a => a.GetString()));
    }

    [Fact, Trait("Module", "oidcc-server-rotate-keys"), Trait("Spec", "OIDC Core §10.1.1")]
    public async Task oidcc_server_rotate_keys()
    {
        using var flow = await StartAsync();
        var before = Kids(flow);
        await Server.AdministerAsync("POST", "/keys/rotate", """{"alg":"RS256"}""");
        using var after = await StartAsync();
        Assert.NotEmpty(Kids(after).Except(before));
        Assert.Empty(before.Except(Kids(after)));
    }

    private static List<string> Kids(ConformanceFlow flow) =>
        [.. flow.Keys.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()!)];

    /// <summary>Whoever registers without a permit waits after some; the plan does not.</summary>
    private Task<ConformanceFlow> StartAsync()
    {
        Server.Time.Advance(TimeSpan.FromMinutes(4));
        return ConformanceFlow.StartAsync(Server);
    }

    private static Task<Visit> VisitAsync(ConformanceFlow flow, DynamicClient client, params (string Name, string? Value)[] changes) =>
        flow.VisitAsync([("client_id", client.Id), ("redirect_uri", DynamicClient.Callback), .. changes]);

    private static async Task<SignedIn> SignInAsync(ConformanceFlow flow, DynamicClient client, params (string Name, string? Value)[] changes)
    {
        using var channel = client.Channel();
        return await flow.RedeemAsync(await VisitAsync(flow, client, changes), channel, client.Proof());
    }

    private async Task RefusesAsync(string error, params (string Name, JsonNode? Value)[] changes)
    {
        var (status, answer) = await DynamicClient.TryRegisterAsync(Server, changes);
        Assert.Equal((HttpStatusCode.BadRequest, error), (status, answer.GetProperty("error").GetString()));
    }
}
