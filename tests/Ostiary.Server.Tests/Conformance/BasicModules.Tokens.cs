using System.Net;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Server.Configuration;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

public abstract partial class BasicModules
{
    private static readonly Dictionary<string, string[]> ClaimsOfScope = new()
    {
        ["profile"] =
        [
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
        ["email"] = ["email", "email_verified"],
        ["address"] = ["address"],
        ["phone"] = ["phone_number", "phone_number_verified"],
    };

    [Fact, Trait("Module", "oidcc-server"), Trait("Spec", "OIDC Core §3.1.2.1"), Trait("Spec", "OIDC Core §3.1.3.6"), Trait("Spec", "RFC 6749 §5.1")]
    public async Task oidcc_server()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync();
        // Nothing about the person is in the ID token unless it was asked for.
        Assert.All(ClaimsOfScope.Values.SelectMany(c => c), claim => Assert.False(signedIn.IdToken.TryGetProperty(claim, out _), claim));
        Assert.True(signedIn.IdToken.TryGetProperty("at_hash", out _));
    }

    [Fact, Trait("Module", "oidcc-idtoken-signature"), Trait("Spec", "OIDC Core §10.1")]
    public async Task oidcc_idtoken_signature()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync();
        Assert.Equal("RS256", signedIn.Header.GetProperty("alg").GetString());
        Assert.NotEqual("", signedIn.Header.GetProperty("kid").GetString());
    }

    /// <summary>The module is skipped unless <c>none</c> is advertised. It is not, and no client can be registered for it.</summary>
    [Fact, Trait("Module", "oidcc-idtoken-unsigned"), Trait("Spec", "RFC 8725 §3.2")]
    public async Task oidcc_idtoken_unsigned()
    {
        using var flow = await StartAsync();
        Assert.DoesNotContain("none", flow.Supported("id_token_signing_alg_values_supported"));
        using var document = JsonDocument.Parse(
            """{"client_id":"unsigned","type":"web","redirect_uris":["https://c.example/cb"],"id_token_signed_response_alg":"none"}"""
        );
        var faults = new List<ConfigurationFault>();
        Assert.Null(ClientDocument.Parse(document.RootElement.Clone(), "client", onLoopback: true, faults));
        Assert.Contains(faults, f => f.ToString().Contains("id_token_signed_response_alg", StringComparison.Ordinal));
    }

    [Fact, Trait("Module", "oidcc-userinfo-get"), Trait("Spec", "OIDC Core §5.3"), Trait("Spec", "OIDC Core §5.3.2")]
    public async Task oidcc_userinfo_get()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync(("scope", "openid profile email"));
        ConformanceFlow.AssertUserInfo(await flow.Web.UserInfoAsync(signedIn.AccessToken), signedIn.IdToken);
    }

    [Fact, Trait("Module", "oidcc-userinfo-post-header"), Trait("Spec", "OIDC Core §5.3")]
    public async Task oidcc_userinfo_post_header()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, flow.Endpoint("userinfo_endpoint"));
        request.Headers.Authorization = new("Bearer", signedIn.AccessToken);
        ConformanceFlow.AssertUserInfo(await flow.Web.SendAsync(request), signedIn.IdToken);
    }

    [Fact, Trait("Module", "oidcc-userinfo-post-body"), Trait("Spec", "RFC 6750 §2.2")]
    public async Task oidcc_userinfo_post_body()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, flow.Endpoint("userinfo_endpoint"))
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("access_token", signedIn.AccessToken)]),
        };
        ConformanceFlow.AssertUserInfo(await flow.Web.SendAsync(request), signedIn.IdToken);
    }

    [Fact, Trait("Module", "oidcc-scope-profile"), Trait("Spec", "OIDC Core §5.4")]
    public Task oidcc_scope_profile() => ScopeAsync("openid profile");

    [Fact, Trait("Module", "oidcc-scope-email"), Trait("Spec", "OIDC Core §5.4")]
    public Task oidcc_scope_email() => ScopeAsync("openid email");

    [Fact, Trait("Module", "oidcc-scope-address"), Trait("Spec", "OIDC Core §5.4")]
    public Task oidcc_scope_address() => ScopeAsync("openid address");

    [Fact, Trait("Module", "oidcc-scope-phone"), Trait("Spec", "OIDC Core §5.4")]
    public Task oidcc_scope_phone() => ScopeAsync("openid phone");

    [Fact, Trait("Module", "oidcc-scope-all"), Trait("Spec", "OIDC Core §5.4")]
    public Task oidcc_scope_all() => ScopeAsync("openid profile email address phone");

    [Fact, Trait("Module", "oidcc-claims-essential"), Trait("Spec", "OIDC Core §5.5")]
    public async Task oidcc_claims_essential()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync(("claims", """{"userinfo":{"name":{"essential":true}}}"""));
        var userInfo = await flow.Web.UserInfoAsync(signedIn.AccessToken);
        Assert.Equal("Carol Example", userInfo["name"]);
        Assert.False(signedIn.IdToken.TryGetProperty("name", out _));
    }

    [Fact, Trait("Module", "oidcc-codereuse"), Trait("Spec", "RFC 6749 §4.1.2"), Trait("Spec", "OAuth 2.1 §4.1.3")]
    public async Task oidcc_codereuse()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync();
        ConformanceFlow.AssertTokenError(await RedeemAgainAsync(flow, signedIn), "invalid_grant");
    }

    [Fact, Trait("Module", "oidcc-codereuse-30seconds"), Trait("Spec", "RFC 6749 §4.1.2"), Trait("Spec", "OAuth 2.1 §4.1.3")]
    public async Task oidcc_codereuse_30seconds()
    {
        using var flow = await StartAsync();
        var signedIn = await flow.SignInAsync();
        flow.Server.Time.Advance(TimeSpan.FromSeconds(30));
        ConformanceFlow.AssertTokenError(await RedeemAgainAsync(flow, signedIn), "invalid_grant");
        var userInfo = await flow.Web.UserInfoAsync(signedIn.AccessToken);
        Assert.InRange((int)userInfo.Status, 400, 499);
    }

    [Fact, Trait("Module", "oidcc-server-client-secret-post"), Trait("Spec", "RFC 6749 §2.3.1")]
    public async Task oidcc_server_client_secret_post()
    {
        using var flow = await StartAsync();
        await flow.Server.AddClientAsync(
            """{"client_id":"web-post","type":"web","token_endpoint_auth_method":"client_secret_post","redirect_uris":["CB"],"consent":"none","require_pkce":false}""",
            TestServer.WebSecret
        );
        using var client = new TokenClient(flow.Server, "web-post", secret: null);
        var visit = await flow.VisitAsync(("client_id", "web-post"));
        await flow.RedeemAsync(visit, client, ("client_secret", TestServer.WebSecret));
    }

    [Fact, Trait("Module", "oidcc-refresh-token"), Trait("Spec", "RFC 6749 §5.2"), Trait("Spec", "OIDC Core §11")]
    public async Task oidcc_refresh_token()
    {
        using var flow = await StartAsync();
        using var web2 = new TokenClient(flow.Server, "web2");
        Assert.Contains("offline_access", flow.Supported("scopes_supported"));
        (string, string?)[] offline = [("scope", "openid offline_access"), ("prompt", "consent")];
        var first = await flow.SignInAsync(offline);
        Assert.Equal(1, first.Visit.Consents);
        var refresh = first.Tokens["refresh_token"]!;
        flow.Server.Time.Advance(TimeSpan.FromSeconds(2));

        var refreshed = await flow.Web.RefreshAsync(refresh);

        ConformanceFlow.AssertTokens(refreshed);
        Assert.NotEqual(first.AccessToken, refreshed["access_token"]);
        var (_, claims) = flow.VerifyIdToken(refreshed["id_token"]!);
        Assert.All(
            ["iss", "sub", "aud", "auth_time"],
            name => Assert.Equal(first.IdToken.GetProperty(name).ToString(), claims.GetProperty(name).ToString())
        );
        Assert.Equal(first.IdToken.TryGetProperty("azp", out _), claims.TryGetProperty("azp", out _));
        Assert.True(claims.GetProperty("iat").GetInt64() > first.IdToken.GetProperty("iat").GetInt64());
        ConformanceFlow.AssertUserInfo(await flow.Web.UserInfoAsync(refreshed["access_token"]!), claims);

        var visit = await flow.VisitAsync([("client_id", "web2"), ("redirect_uri", "http://127.0.0.1:2/cb"), .. offline]);
        var second = await flow.RedeemAsync(visit, web2);
        ConformanceFlow.AssertTokenError(await flow.Web.RefreshAsync(second.Tokens["refresh_token"]!), "invalid_grant");
        // The stranger's attempt ended nothing.
        ConformanceFlow.AssertTokens(await web2.RefreshAsync(second.Tokens["refresh_token"]!));
    }

    [Fact, Trait("Module", "oidcc-ensure-request-with-valid-pkce-succeeds"), Trait("Spec", "RFC 7636 §4.6")]
    public async Task oidcc_ensure_request_with_valid_pkce_succeeds()
    {
        using var flow = await StartAsync();
        var verifier = ConformanceFlow.Random(64);
        var visit = await flow.VisitAsync(("code_challenge", Pkce.ChallengeOf(verifier)), ("code_challenge_method", "S256"));
        await flow.RedeemAsync(visit, null, ("code_verifier", verifier));
    }

    /// <summary>Userinfo carries every claim of the scopes that the metadata promise, and no other; the ID token none of them.</summary>
    private async Task ScopeAsync(string scope)
    {
        using var flow = await StartAsync();
        var scopes = scope.Split(' ');
        Assert.All(scopes, s => Assert.Contains(s, flow.Supported("scopes_supported")));
        var signedIn = await flow.SignInAsync(("scope", scope));
        await AssertClaimsAsync(flow, signedIn, scopes);
    }

    private static async Task AssertClaimsAsync(ConformanceFlow flow, SignedIn signedIn, string[] scopes)
    {
        var userInfo = await flow.Web.UserInfoAsync(signedIn.AccessToken);
        Assert.Equal(HttpStatusCode.OK, userInfo.Status);
        foreach (var (scope, claims) in ClaimsOfScope)
        {
            Assert.All(claims, claim => Assert.Contains(claim, flow.Supported("claims_supported")));
            Assert.All(claims, claim => Assert.Equal(scopes.Contains(scope), userInfo.Json.TryGetProperty(claim, out _)));
            Assert.All(claims, claim => Assert.False(signedIn.IdToken.TryGetProperty(claim, out _), claim));
        }
    }

    private static Task<Answer> RedeemAgainAsync(ConformanceFlow flow, SignedIn signedIn) =>
        flow.Web.TokenAsync(("grant_type", "authorization_code"), ("code", signedIn.Code), ("redirect_uri", TestServer.Callback));
}
