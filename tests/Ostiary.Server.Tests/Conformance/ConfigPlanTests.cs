using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>What the provider says of itself, and only that.</summary>
[Trait("Plan", "oidcc-config-certification-test-plan")]
public sealed partial class ConfigPlanTests
{
    private const string WellKnown = "/.well-known/openid-configuration";

    private static readonly string[] Texts =
    [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "registration_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "device_authorization_endpoint",
        "pushed_authorization_request_endpoint",
        "backchannel_authentication_endpoint",
        "end_session_endpoint",
        "check_session_iframe",
        "service_documentation",
        "op_policy_uri",
        "op_tos_uri",
        "signed_metadata",
    ];

    private static readonly string[] Flags =
    [
        "claims_parameter_supported",
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "require_request_uri_registration",
        "require_pushed_authorization_requests",
        "require_signed_request_object",
        "authorization_response_iss_parameter_supported",
        "frontchannel_logout_supported",
        "frontchannel_logout_session_supported",
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
        "tls_client_certificate_bound_access_tokens",
        "client_id_metadata_document_supported",
    ];

    private static readonly string[] Lists =
    [
        .. Algorithms("id_token"),
        .. Algorithms("userinfo"),
        .. Algorithms("request_object"),
        .. Algorithms("authorization"),
        .. Algorithms("introspection"),
        .. Authentication("token"),
        .. Authentication("revocation"),
        .. Authentication("introspection"),
        "acr_values_supported",
        "authorization_details_types_supported",
        "backchannel_authentication_request_signing_alg_values_supported",
        "backchannel_token_delivery_modes_supported",
        "claim_types_supported",
        "claims_locales_supported",
        "claims_supported",
        "code_challenge_methods_supported",
        "display_values_supported",
        "dpop_signing_alg_values_supported",
        "grant_types_supported",
        "prompt_values_supported",
        "protected_resources",
        "response_modes_supported",
        "response_types_supported",
        "scopes_supported",
        "subject_types_supported",
        "ui_locales_supported",
    ];

    [
        Fact,
        Trait("Module", "oidcc-discovery-endpoint-verification"),
        Trait("Spec", "OIDC Discovery §3"),
        Trait("Spec", "OIDC Discovery §4"),
        Trait("Spec", "RFC 8414 §2")
    ]
    public async Task oidcc_discovery_endpoint_verification()
    {
        await using var secure = await SecureServer.StartAsync();
        var url = secure.Server.Issuer + WellKnown;
        var metadata = await ReadAsync(secure, url);

        AssertIssuer(metadata, url);
        AssertTypes(metadata);
        AssertChoices(metadata);
        AssertLocales(metadata);
        Assert.True(metadata.TryGetProperty("userinfo_endpoint", out _));
        Assert.All(
            metadata.EnumerateObject().Where(m => m.Name.EndsWith("_endpoint", StringComparison.Ordinal) || m.Name == "jwks_uri"),
            m => AssertSecure(m.Value.GetString()!, secure.Server.Issuer)
        );
        ConformanceFlow.AssertKeys(await ReadAsync(secure, metadata.GetProperty("jwks_uri").GetString()!));
    }

    [Fact, Trait("Spec", "RFC 8414 §3")]
    public async Task The_metadata_of_oauth_are_the_same_document()
    {
        await using var secure = await SecureServer.StartAsync();
        var oauth = await ReadAsync(secure, secure.Server.Issuer + "/.well-known/oauth-authorization-server");
        Assert.Equal((await ReadAsync(secure, secure.Server.Issuer + WellKnown)).GetRawText(), oauth.GetRawText());
    }

    internal static void AssertSecure(string url, string issuer)
    {
        var parsed = new Uri(url);
        Assert.Equal("https", parsed.Scheme);
        Assert.StartsWith(issuer + "/", url, StringComparison.Ordinal);
        Assert.Equal("", parsed.Fragment);
    }

    internal static async Task<JsonElement> ReadAsync(SecureServer secure, string url)
    {
        using var response = await secure.Http.GetAsync(url, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(response.Content.Headers.ContentType?.MediaType, (string[])["application/json", "application/jwk-set+json"]);
        if (url.EndsWith(WellKnown, StringComparison.Ordinal))
            Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return document.RootElement.Clone();
    }

    private static void AssertIssuer(JsonElement metadata, string url)
    {
        var issuer = metadata.GetProperty("issuer").GetString()!;
        Assert.Equal(url[..^WellKnown.Length], issuer);
        var parsed = new Uri(issuer);
        Assert.Equal(("https", "", "", ""), (parsed.Scheme, parsed.Query, parsed.Fragment, parsed.UserInfo));
    }

    /// <summary>Every member is a registered one of its JSON type; lists are not empty and name nothing twice. RFC 8414 §2</summary>
    private static void AssertTypes(JsonElement metadata)
    {
        foreach (var member in metadata.EnumerateObject())
        {
            if (Texts.Contains(member.Name))
                Assert.True(Uri.TryCreate(member.Value.GetString(), UriKind.Absolute, out _), member.Name);
            else if (Flags.Contains(member.Name))
                Assert.True(member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False, member.Name);
            else
                AssertList(member);
        }
    }

    private static void AssertList(JsonProperty member)
    {
        Assert.Contains(member.Name, Lists);
        Assert.Equal(JsonValueKind.Array, member.Value.ValueKind);
        var values = member.Value.EnumerateArray().Select(v => v.GetString()).ToList();
        Assert.NotEmpty(values);
        Assert.DoesNotContain(null, values);
        Assert.Equal(values.Count, values.Distinct().Count());
    }

    private static void AssertChoices(JsonElement metadata)
    {
        Assert.Contains("code", List(metadata, "response_types_supported"));
        Assert.Contains(List(metadata, "subject_types_supported"), t => t is "public" or "pairwise");
        Assert.Contains("RS256", List(metadata, "id_token_signing_alg_values_supported"));
        Assert.DoesNotContain("none", List(metadata, "id_token_signing_alg_values_supported"));
        Assert.Contains("authorization_code", List(metadata, "grant_types_supported"));
        Assert.Contains("openid", List(metadata, "scopes_supported"));
        Assert.All(List(metadata, "scopes_supported"), s => Assert.Matches(@"^[\x21\x23-\x5B\x5D-\x7E]+$", s));
        Assert.Contains("sub", List(metadata, "claims_supported"));
        Assert.Equal(["S256"], List(metadata, "code_challenge_methods_supported"));
        Assert.Contains("client_secret_basic", List(metadata, "token_endpoint_auth_methods_supported"));
        // An endpoint that takes signed assertions names their algorithms, and never "none".
        foreach (var endpoint in (string[])["token", "introspection", "revocation"])
        {
            var algorithms = List(metadata, $"{endpoint}_endpoint_auth_signing_alg_values_supported");
            Assert.NotEmpty(algorithms);
            Assert.DoesNotContain("none", algorithms);
        }
        // Present only where the feature is, and then with the algorithm that everybody has.
        if (metadata.TryGetProperty("request_object_signing_alg_values_supported", out _))
            Assert.Contains("RS256", List(metadata, "request_object_signing_alg_values_supported"));
    }

    /// <summary>BCP 47 in its usual casing.</summary>
    private static void AssertLocales(JsonElement metadata)
    {
        foreach (var locale in List(metadata, "ui_locales_supported").Concat(List(metadata, "claims_locales_supported")))
            Assert.Matches(LanguageTag(), locale);
    }

    private static IReadOnlyList<string> List(JsonElement metadata, string name) =>
        metadata.TryGetProperty(name, out var list) ? [.. list.EnumerateArray().Select(v => v.GetString()!)] : [];

    private static string[] Algorithms(string use) =>
        [$"{use}_signing_alg_values_supported", $"{use}_encryption_alg_values_supported", $"{use}_encryption_enc_values_supported"];

    private static string[] Authentication(string endpoint) =>
        [$"{endpoint}_endpoint_auth_methods_supported", $"{endpoint}_endpoint_auth_signing_alg_values_supported"];

    [GeneratedRegex("^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]
    private static partial Regex LanguageTag();
}
