using System.Net;
using System.Text.Json;
using Ostiary.AspNetCore.Api;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Api;

/// <summary>What an API says of itself, and how a client that knows nothing is told where that is.</summary>
public sealed class ResourceMetadataTests
{
    private const string WellKnown = "/.well-known/oauth-protected-resource";

    [Fact]
    [Trait("Spec", "RFC 9728 §2")]
    [Trait("Spec", "RFC 9728 §3.2")]
    [Trait("Spec", "RFC 9700 §4.3.2")]
    public async Task Says_whom_to_ask_and_for_which_scopes()
    {
        await using var api = await ApiUnderTest.StartAsync(o => o.Name = "Notes");
        using var response = await api.SendAsync(WellKnown, []);

        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        using var json = JsonDocument.Parse(await response.TextAsync());
        var root = json.RootElement;
        Assert.Equal("https://api.example", root.GetProperty("resource").GetString());
        Assert.Equal([api.Issuer.Url], Texts(root, "authorization_servers"));
        Assert.Equal(["read", "write"], Texts(root, "scopes_supported"));
        Assert.Equal(["header"], Texts(root, "bearer_methods_supported"));
        Assert.Equal("Notes", root.GetProperty("resource_name").GetString());
        Assert.Contains("ES256", Texts(root, "dpop_signing_alg_values_supported"));
        Assert.False(root.TryGetProperty("dpop_bound_access_tokens_required", out _));
        Assert.DoesNotContain(root.EnumerateObject(), m => m.Value.ValueKind == JsonValueKind.Null);
        Assert.Empty(api.Checks);
    }

    [Theory]
    [InlineData("https://api.example", "https://api.example" + WellKnown)]
    [InlineData("https://api.example/", "https://api.example" + WellKnown)]
    [InlineData("https://api.example/mcp", "https://api.example" + WellKnown + "/mcp")]
    [InlineData("https://api.example:8443/a/b/", "https://api.example:8443" + WellKnown + "/a/b/")]
    [InlineData("http://127.0.0.1:5/mcp", "http://127.0.0.1:5" + WellKnown + "/mcp")]
    [InlineData("urn:example:api", null)]
    [InlineData("https://api.example/mcp?tenant=a", null)]
    [InlineData("https://u@api.example/mcp", null)]
    [InlineData("api.example", null)]
    [Trait("Spec", "RFC 9728 §3.1")]
    public void The_well_known_part_stands_before_the_path(string identifier, string? address) =>
        Assert.Equal(address, ProtectedResource.AddressOf(identifier));

    [Fact]
    [Trait("Spec", "RFC 9728 §3")]
    public async Task Under_a_path_they_are_there_and_nowhere_else()
    {
        await using var api = await ApiUnderTest.StartAsync(o => o.Audience = "https://api.example/mcp");
        using var found = await api.SendAsync(WellKnown + "/mcp", []);
        Assert.Equal(HttpStatusCode.OK, found.StatusCode);
        foreach (var elsewhere in new[] { WellKnown, WellKnown + "/", WellKnown + "/MCP", WellKnown + "/mcp/x" })
        {
            using var missing = await api.SendAsync(elsewhere, []);
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    /// <summary>A program in a browser asks first whether it may send the version of its protocol along.</summary>
    [Fact]
    [Trait("Spec", "RFC 9728 §3.1")]
    public async Task Pages_of_any_origin_may_read_them()
    {
        await using var api = await ApiUnderTest.StartAsync();
        using var http = new HttpClient();
        using var preflight = await http.SendAsync(new(HttpMethod.Options, api.Url + WellKnown), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal("*", Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("mcp-protocol-version", Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Headers")));
        using var head = await http.SendAsync(new(HttpMethod.Head, api.Url + WellKnown), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        using var post = await http.PostAsync(api.Url + WellKnown, null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    [Fact]
    [Trait("Spec", "RFC 9728 §5.1")]
    [Trait("Spec", "RFC 6750 §3")]
    public async Task Each_challenge_names_them_and_the_scopes_of_the_call_whatever_Host_says_O10()
    {
        await using var api = await ApiUnderTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, api.Url + "/read") { Headers = { Host = "evil.test" } };
        using var http = new HttpClient();
        using var nothing = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.EndsWith(ApiUnderTest.Hint, ApiUnderTest.ChallengeOf(nothing), StringComparison.Ordinal);
        using var foreign = await api.GetAsync(api.Issuer.AccessToken(c => c["aud"] = "https://other.example"));
        await api.AssertRefusedAsync(Reason.BearerAudienceWrong, foreign);
        Assert.EndsWith(ApiUnderTest.Hint, ApiUnderTest.ChallengeOf(foreign), StringComparison.Ordinal);
        using var less = await api.GetAsync(api.Issuer.AccessToken(scope: "other"));
        Assert.Equal(HttpStatusCode.Forbidden, less.StatusCode);
        Assert.Contains("error=\"insufficient_scope\"", ApiUnderTest.ChallengeOf(less), StringComparison.Ordinal);
        Assert.EndsWith(ApiUnderTest.Hint, ApiUnderTest.ChallengeOf(less), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RFC 9728 §5.1")]
    public async Task An_API_that_takes_bound_tokens_alone_names_them_too()
    {
        await using var api = await ApiUnderTest.StartAsync(o => o.RequireDpop = true);
        using var response = await api.GetAsync(null);
        Assert.StartsWith("DPoP algs=", ApiUnderTest.ChallengeOf(response), StringComparison.Ordinal);
        Assert.EndsWith(ApiUnderTest.Hint, ApiUnderTest.ChallengeOf(response), StringComparison.Ordinal);
        using var metadata = await api.SendAsync(WellKnown, []);
        Assert.Contains("\"dpop_bound_access_tokens_required\":true", await metadata.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RFC 9728 §5.1")]
    public async Task Names_only_an_address_that_answers()
    {
        // Nobody serves them without the middleware; the issuer may.
        await using var bare = await ApiUnderTest.StartAsync(middleware: false);
        using var unnamed = await bare.GetAsync(null);
        Assert.Equal("Bearer realm=\"https://api.example\", scope=\"read\"", ApiUnderTest.ChallengeOf(unnamed));
        await using var hosted = await ApiUnderTest.StartAsync(
            o => o.MetadataAddress = "https://id.example" + WellKnown + "/api.example",
            middleware: false
        );
        using var named = await hosted.GetAsync(null);
        Assert.EndsWith(
            "resource_metadata=\"https://id.example/.well-known/oauth-protected-resource/api.example\"",
            ApiUnderTest.ChallengeOf(named),
            StringComparison.Ordinal
        );
        Assert.Throws<ArgumentException>(() =>
            new ApiOptions
            {
                Issuer = "https://id.example",
                Audience = "a",
                MetadataAddress = "x",
            }.Validate()
        );
    }

    private static List<string> Texts(JsonElement root, string name) => [.. root.GetProperty(name).EnumerateArray().Select(v => v.GetString()!)];
}
