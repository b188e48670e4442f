using System.Net;
using System.Text;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Configuration;

/// <summary>The FAPI 2.0 switch: a client that keeps it, changed in one thing.</summary>
public sealed class Fapi2Tests
{
    private static readonly JsonWebKey Key = JsonWebKey.Generate("ES256", "k");
    private static readonly JsonWebKey Rsa = JsonWebKey.Generate("RS256", "r");

    private static string Bank(string profile, string more = "") =>
        $$$"""{"client_id":"bank","type":"web","redirect_uris":["https://bank.test/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[{{{Encoding.UTF8.GetString(Key.ToPublicUtf8())}}},{{{Encoding.UTF8.GetString(Rsa.ToPublicUtf8())}}}]}{{{profile}}}{{{more}}}}""";

    private static List<ConfigurationFault> Check(string client, string settings = "{}")
    {
        var faults = new List<ConfigurationFault>();
        var document = ClientDocument.Parse(Documents.Json(client), "client", onLoopback: false, faults);
        var issuer = SettingsDocument.Parse(Documents.Json(settings), "issuer", faults);
        Assert.Empty(faults);
        ReferenceRules.Check((ConfigurationSet.Empty with { Settings = issuer }).With(document!), faults);
        return faults;
    }

    [Fact]
    public void A_client_that_keeps_the_profile_has_what_it_leaves_out_set()
    {
        Assert.Empty(Check(Bank(",\"profile\":\"fapi2\"")));
        var faults = new List<ConfigurationFault>();
        var document = ClientDocument.Parse(Documents.Json(Bank(",\"profile\":\"fapi2\"")), "", onLoopback: false, faults)!;

        var client = ConfigurationSet.Empty.With(document).ToSnapshot(1).Client("bank")!;

        Assert.Equal((Profile.Fapi2, true, "ES256"), (client.Profile, client.RequirePushed, client.IdTokenAlgorithm));
        Assert.Equal(RefreshTokenRotation.Never, client.Rotation);
    }

    [Theory]
    [Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")]
    [Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2")]
    [Trait("Spec", "FAPI 2.0 Security Profile §5.4.1")]
    [InlineData("\"token_endpoint_auth_signing_alg\":\"RS256\"", "token_endpoint_auth_signing_alg", "§5.4.1")]
    [InlineData("\"token_endpoint_auth_signing_alg\":\"ES384\"", "token_endpoint_auth_signing_alg", "§5.4.1")]
    [InlineData("\"assertion_audience\":\"any\"", "assertion_audience", "§5.3.2.1")]
    [InlineData("\"refresh_token_rotation\":\"always\"", "refresh_token_rotation", "§5.3.2.1")]
    [InlineData("\"require_pushed_authorization_requests\":false", "require_pushed_authorization_requests", "§5.3.2.2")]
    [InlineData("\"require_pkce\":false", "require_pkce", "§5.3.2.2")]
    [InlineData("\"request_object_signing_alg\":\"RS256\"", "request_object_signing_alg", "§5.4.1")]
    [InlineData("\"id_token_signed_response_alg\":\"RS256\"", "id_token_signed_response_alg", "§5.4.1")]
    public void Each_violated_demand_is_told_with_its_section(string setting, string member, string section)
    {
        var fault = Assert.Single(Check(Bank(",\"profile\":\"fapi2\"", "," + setting)));

        Assert.Equal((Reason.ProfileViolated, $"clients[bank].{member}"), (fault.Reason, fault.Path));
        Assert.Contains(section, fault.Message, StringComparison.Ordinal);
        Assert.NotNull(fault.Hint);
    }

    [Fact, Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")]
    public void The_profile_of_the_issuer_holds_for_every_client_and_for_its_own_settings()
    {
        const string fapi = "\"profile\":\"fapi2\"";
        var secret = Check("""{"client_id":"m2m","type":"service"}""", $"{{{fapi}}}");
        Assert.Equal("clients[m2m].token_endpoint_auth_method", Assert.Single(secret).Path);
        var slow = Check(
            Bank("", ",\"id_token_signed_response_alg\":\"PS256\",\"require_pushed_authorization_requests\":true"),
            $$"""{{{fapi}},"code_lifetime":"5m","allow_unsafe":["code_lifetime"]}"""
        );
        Assert.Equal("clients[bank].code_lifetime", Assert.Single(slow).Path);
        var kept = Check(Bank(",\"profile\":\"fapi2\""), """{"pushed_request_lifetime":"10m"}""");
        Assert.Equal("clients[bank].pushed_request_lifetime", Assert.Single(kept).Path);
        Assert.Contains("§5.3.2.2", kept[0].Message, StringComparison.Ordinal);
        Assert.Empty(Check(Bank(",\"profile\":\"fapi2\""), """{"pushed_request_lifetime":"599s"}"""));
        Assert.Empty(Check(Bank(""), "{}"));
    }

    [Theory, Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")]
    [InlineData("\"token_endpoint_auth_method\":\"tls_client_auth\",\"tls_client_auth_subject_dn\":\"CN=bank\"")]
    [InlineData("\"token_endpoint_auth_method\":\"self_signed_tls_client_auth\",\"jwks_uri\":\"https://bank.test/keys\"")]
    [InlineData("\"token_endpoint_auth_method\":\"private_key_jwt\",\"jwks_uri\":\"https://bank.test/keys\"")]
    public void Certificates_do_in_place_of_assertions_and_of_DPoP(string authentication)
    {
        string Of(string more) => $$"""{"client_id":"bank","type":"web","redirect_uris":["https://bank.test/cb"],{{authentication}}{{more}}}""";
        const string bound = ",\"tls_client_certificate_bound_access_tokens\":true,\"id_token_signed_response_alg\":\"ES256\"";
        const string pushed = ",\"require_pushed_authorization_requests\":true";
        Client Applied(string text, string settings)
        {
            var document = ClientDocument.Parse(Documents.Json(text), "", onLoopback: false, [])!;
            var issuer = SettingsDocument.Parse(Documents.Json(settings), "issuer", []);
            return (ConfigurationSet.Empty with { Settings = issuer }).With(document).ToSnapshot(1).Client("bank")!;
        }

        Assert.Empty(Check(Of(",\"profile\":\"fapi2\"" + bound)));
        Assert.Empty(Check(Of(",\"profile\":\"fapi2\"")));
        Assert.Empty(Check(Of(bound + pushed), """{"profile":"fapi2"}"""));
        var own = Applied(Of(",\"profile\":\"fapi2\"" + bound), "{}");
        Assert.Equal((true, false), (own.CertificateBound, own.DpopBound));
        var issuers = Applied(Of(bound + pushed), """{"profile":"fapi2"}""");
        Assert.Equal((true, false), (issuers.CertificateBound, issuers.DpopBound));
        var unsaid = Applied(Of(",\"profile\":\"fapi2\""), "{}");
        Assert.Equal((false, true), (unsaid.CertificateBound, unsaid.DpopBound));
    }

    [Fact, Trait("Spec", "FAPI 2.0 Security Profile §5.4.1")]
    public async Task A_client_under_the_profile_pushes_and_signs_with_a_permitted_algorithm_only()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddClientAsync(Bank(",\"profile\":\"fapi2\"", ",\"consent\":\"none\""));
        using var client = new TokenClient(server, "bank", secret: null);
        Task<Answer> PushAsync(JsonWebKey key, string alg) =>
            client.PostAsync(
                "/par",
                [
                    .. Ask.Changed(
                        [
                            ("response_type", "code"),
                            ("redirect_uri", "https://bank.test/cb"),
                            ("scope", "openid"),
                            ("code_challenge", Ostiary.Protocol.Pkce.ChallengeOf(SharedServer.Verifier)),
                            ("code_challenge_method", "S256"),
                            ("client_assertion_type", ClientAuthentication.AssertionType),
                        ],
                        []
                    ),
                    ("client_assertion", Forge.Signed(key, alg, "JWT", Forge.AssertionClaims(server, ("iss", "\"bank\""), ("sub", "\"bank\"")))),
                ]
            );

        (await PushAsync(Rsa, "RS256")).ShouldBeRefused("invalid_client", "OST3012", HttpStatusCode.Unauthorized);
        var pushed = await PushAsync(Key, "ES256");
        Assert.Equal(HttpStatusCode.Created, pushed.Status);
        using var browser = server.NewBrowser();
        var plain = await browser.AuthorizeAsync(Ask.Query("bank", ("redirect_uri", "https://bank.test/cb")));
        plain.ShouldRedirectWith(server, "invalid_request", "OST1067", callback: "https://bank.test/cb");
        var answered = await browser.AuthorizeAsync($"client_id=bank&request_uri={Uri.EscapeDataString(pushed["request_uri"]!)}");
        Assert.NotNull(Browser.QueryOf(answered)["code"]);
        Assert.Equal(server.Issuer, Browser.QueryOf(answered)["iss"]);
    }
}
