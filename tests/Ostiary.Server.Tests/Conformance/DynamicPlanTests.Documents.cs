using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>What a client names at other addresses: pages for people, its keys, its requests.</summary>
public sealed partial class DynamicPlanTests
{
    /// <summary>The module wants the image shown. Pages load nothing from elsewhere, so it is not met; the address is kept.</summary>
    [Fact, Trait("Module", "oidcc-registration-logo-uri"), Trait("Spec", "OIDC Registration §2")]
    public async Task oidcc_registration_logo_uri()
    {
        const string logo = "https://rp.test/logo.png";
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server, ("logo_uri", logo));
        Assert.Equal(logo, client.Registered.GetProperty("logo_uri").GetString());
        var (html, policy) = await ConsentAsync(flow, client);
        Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("img-src 'self'", policy, StringComparison.Ordinal);
    }

    [Fact, Trait("Module", "oidcc-registration-policy-uri"), Trait("Spec", "OIDC Registration §2")]
    public async Task oidcc_registration_policy_uri() => await ShowsAsync("policy_uri", "https://rp.test/policy");

    [Fact, Trait("Module", "oidcc-registration-tos-uri"), Trait("Spec", "OIDC Registration §2")]
    public async Task oidcc_registration_tos_uri() => await ShowsAsync("tos_uri", "https://rp.test/terms");

    [Fact, Trait("Module", "oidcc-registration-jwks-uri"), Trait("Spec", "OIDC Core §10.1.1")]
    public async Task oidcc_registration_jwks_uri()
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server, ("jwks", null), ("jwks_uri", plan.At("keys-1")));
        plan.Publish(client.Keys().ToJsonString());
        await SignInAsync(flow, client);
    }

    /// <summary>Skipped by the suite: every subject is public. Who asks for pairwise ones all the same is told, not ignored.</summary>
    [Fact, Trait("Module", "oidcc-registration-sector-uri"), Trait("Spec", "OIDC Registration §2")]
    public async Task oidcc_registration_sector_uri()
    {
        using var flow = await StartAsync();
        Assert.Equal(["public"], flow.Supported("subject_types_supported"));
        await RefusesAsync("invalid_client_metadata", ("subject_type", "pairwise"), ("sector_identifier_uri", plan.At("redirects")));
    }

    [Fact, Trait("Module", "oidcc-registration-sector-bad"), Trait("Spec", "OIDC Registration §2")]
    public async Task oidcc_registration_sector_bad()
    {
        using var flow = await StartAsync();
        plan.Publish("""["https://rp.test/other"]""");
        await RefusesAsync("invalid_client_metadata", ("subject_type", "pairwise"), ("sector_identifier_uri", plan.At("redirects")));
    }

    [Fact, Trait("Module", "oidcc-refresh-token-rp-key-rotation"), Trait("Spec", "OIDC Core §10.1.1")]
    public async Task oidcc_refresh_token_rp_key_rotation()
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server, ("jwks", null), ("jwks_uri", plan.At("keys-2")), Refreshable);
        plan.Publish(client.Keys().ToJsonString());
        var signedIn = await SignInAsync(flow, client, Offline);

        client.ReplaceKey("key-2");
        plan.Publish(client.Keys().ToJsonString());
        Server.Time.Advance(TimeSpan.FromSeconds(60));

        using var channel = client.Channel();
        ConformanceFlow.AssertTokens(await channel.RefreshAsync(signedIn.Tokens["refresh_token"]!, client.Proof()));
    }

    /// <summary>Skipped by the suite unless <c>none</c> is advertised for request objects; sent all the same, it is refused.</summary>
    [Fact, Trait("Module", "oidcc-request-uri-unsigned"), Trait("Spec", "RFC 9101 §10.1")]
    public async Task oidcc_request_uri_unsigned()
    {
        using var flow = await StartAsync();
        Assert.True(flow.Metadata.GetProperty("request_uri_parameter_supported").GetBoolean());
        Assert.DoesNotContain("none", flow.Supported("request_object_signing_alg_values_supported"));
        var address = plan.At("unsigned") + "#" + ConformanceFlow.Random();
        await using var client = await DynamicClient.RegisterAsync(Server, ("request_uris", new JsonArray(address)));
        plan.Publish(Unsigned(Inner(flow, client)), "application/jwt");
        ConformanceFlow.AssertErrorPage(
            await VisitAsync(flow, client, ("state", null), ("request_uri", address)),
            Reason.RequestObjectSignatureInvalid
        );
    }

    [Fact, Trait("Module", "oidcc-request-uri-signed-rs256"), Trait("Spec", "OIDC Core §6.2")]
    public async Task oidcc_request_uri_signed_rs256()
    {
        using var flow = await StartAsync();
        Assert.Contains("RS256", flow.Supported("request_object_signing_alg_values_supported"));
        var address = plan.At("signed") + "#" + ConformanceFlow.Random();
        await using var client = await DynamicClient.RegisterAsync(
            Server,
            ("request_uris", new JsonArray(address)),
            ("request_object_signing_alg", "RS256")
        );
        var inner = Signable(flow, client);
        plan.Publish(client.Sign(inner), "application/jwt");

        var asked = flow.Request(("client_id", client.Id), ("redirect_uri", DynamicClient.Callback), ("request_uri", address));
        asked["state"] = inner["state"]!.GetValue<string>();
        asked["nonce"] = inner["nonce"]!.GetValue<string>();
        using var channel = client.Channel();
        await flow.RedeemAsync(await flow.VisitAsync(asked, flow.Browser), channel, client.Proof());
    }

    [Fact, Trait("Module", "oidcc-ensure-request-object-with-redirect-uri"), Trait("Spec", "RFC 9101 §5")]
    public async Task oidcc_ensure_request_object_with_redirect_uri()
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server);
        var inner = Signable(flow, client);
        // What is signed counts, and what stands outside does not.
        var visit = await VisitAsync(flow, client, ("redirect_uri", DynamicClient.Callback + "/bad"), ("request", client.Sign(inner)));
        Assert.StartsWith(DynamicClient.Callback + "?code=", visit.Last.Headers.Location!.OriginalString, StringComparison.Ordinal);
        // Unsigned, neither does.
        var unsigned = await VisitAsync(flow, client, ("redirect_uri", DynamicClient.Callback + "/bad"), ("request", Unsigned(inner)));
        ConformanceFlow.AssertErrorPage(unsigned, Reason.RequestObjectSignatureInvalid);
    }

    [Fact, Trait("Module", "oidcc-refresh-token"), Trait("Spec", "RFC 6749 §5.2"), Trait("Spec", "OIDC Core §11")]
    public async Task oidcc_refresh_token()
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server, Refreshable);
        await using var other = await DynamicClient.RegisterAsync(Server, Refreshable);
        var first = await SignInAsync(flow, client, Offline);
        Server.Time.Advance(TimeSpan.FromSeconds(2));
        using var channel = client.Channel();

        var refreshed = await channel.RefreshAsync(first.Tokens["refresh_token"]!, client.Proof());

        ConformanceFlow.AssertTokens(refreshed);
        var (_, claims) = flow.VerifyIdToken(refreshed["id_token"]!);
        Assert.Equal(first.Subject, claims.GetProperty("sub").GetString());
        Assert.True(claims.GetProperty("iat").GetInt64() > first.IdToken.GetProperty("iat").GetInt64());
        var second = await SignInAsync(flow, other, [.. Offline, ("nonce", ConformanceFlow.Random(43))]);
        var stolen = await channel.RefreshAsync(second.Tokens["refresh_token"]!, client.Proof());
        ConformanceFlow.AssertTokenError(stolen, "invalid_grant");
    }

    [Fact, Trait("Module", "oidcc-ensure-client-assertion-with-iss-aud-succeeds"), Trait("Spec", "RFC 7523 §3")]
    public async Task oidcc_ensure_client_assertion_with_iss_aud_succeeds()
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server);
        // The proof of these tests names the issuer, and so does every sign-in of this plan.
        await SignInAsync(flow, client);
    }

    private static (string, JsonNode?) Refreshable => ("grant_types", new JsonArray("authorization_code", "refresh_token"));

    private static (string, string?)[] Offline => [("scope", "openid offline_access"), ("prompt", "consent")];

    private static JsonObject Inner(ConformanceFlow flow, DynamicClient client)
    {
        var inner = new JsonObject();
        foreach (var (name, value) in flow.Request(("client_id", client.Id), ("redirect_uri", DynamicClient.Callback)))
            inner[name] = value;
        return inner;
    }

    /// <summary>The module sends neither <c>exp</c> nor <c>nbf</c>; here a signed request without an end is refused, so it has one.</summary>
    private JsonObject Signable(ConformanceFlow flow, DynamicClient client)
    {
        var inner = Inner(flow, client);
        inner["iss"] = client.Id;
        inner["aud"] = Server.Issuer;
        inner["exp"] = Server.Time.GetUtcNow().ToUnixTimeSeconds() + 300;
        return inner;
    }

    private static string Unsigned(JsonObject claims) =>
        $"{Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims))}.";

    private async Task ShowsAsync(string member, string address)
    {
        using var flow = await StartAsync();
        await using var client = await DynamicClient.RegisterAsync(Server, (member, address));
        var (html, _) = await ConsentAsync(flow, client);
        Assert.Contains($"href=\"{address}\"", html, StringComparison.Ordinal);
    }

    /// <summary>The page that asks a person who is signed in.</summary>
    private static async Task<(string Html, string Policy)> ConsentAsync(ConformanceFlow flow, DynamicClient client)
    {
        await flow.SignInAsync();
        var query = string.Join(
            '&',
            flow.Request(("client_id", client.Id), ("redirect_uri", DynamicClient.Callback)).Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}")
        );
        using var asked = await flow.Browser.GetAsync($"{flow.Endpoint("authorization_endpoint")}?{query}");
        using var page = await flow.Browser.GetAsync(asked.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        return (
            await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            string.Join(' ', page.Headers.GetValues("Content-Security-Policy"))
        );
    }
}
