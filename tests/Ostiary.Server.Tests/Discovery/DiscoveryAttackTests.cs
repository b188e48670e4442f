using System.Net;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Discovery;

public sealed class DiscoveryAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string WellKnown = "/.well-known/openid-configuration";

    [
        Fact,
        Trait("Spec", "OIDC Discovery §3"),
        Trait("Spec", "OIDC Discovery §4"),
        Trait("Spec", "RFC 8414 §3"),
        Trait("Spec", "RFC 9207 §3"),
        Trait("Spec", "RFC 7636 §6.2"),
        Trait("Spec", "RP-Initiated Logout §2.1")
    ]
    public async Task J22_announces_what_is_served_and_nothing_that_is_refused()
    {
        using var http = shared.Server.NewHttp();
        var text = await http.GetStringAsync(new Uri(WellKnown, UriKind.Relative), TestContext.Current.CancellationToken);
        var twin = await http.GetStringAsync(
            new Uri("/.well-known/oauth-authorization-server", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;

        Assert.Equal(text, twin);
        Assert.Equal(shared.Server.Issuer, root.GetProperty("issuer").GetString());
        Assert.Equal(["code"], List(root, "response_types_supported"));
        Assert.Equal(
            [
                "authorization_code",
                "refresh_token",
                "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ],
            List(root, "grant_types_supported")
        );
        Assert.Equal(["S256"], List(root, "code_challenge_methods_supported"));
        Assert.Equal(["query", "form_post"], List(root, "response_modes_supported"));
        Assert.True(root.GetProperty("authorization_response_iss_parameter_supported").GetBoolean());
        Assert.Equal(shared.Server.Issuer + "/end_session", root.GetProperty("end_session_endpoint").GetString());
        Assert.All(
            root.EnumerateObject().Where(p => p.Name.EndsWith("_alg_values_supported", StringComparison.Ordinal)),
            p => Assert.DoesNotContain(p.Value.EnumerateArray(), v => v.GetString() is "none" or "RS1" or "HS1")
        );
        foreach (var endpoint in root.EnumerateObject().Where(p => p.Name.EndsWith("_endpoint", StringComparison.Ordinal) || p.Name == "jwks_uri"))
        {
            var answer = await http.GetAsync(new Uri(endpoint.Value.GetString()!), TestContext.Current.CancellationToken);
            Assert.NotEqual(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.True((int)answer.StatusCode < 500);
        }
    }

    [Fact, Trait("Spec", "RFC 7517 §5"), Trait("Spec", "RFC 8414 §2")]
    public async Task J23_the_key_set_is_public_and_each_key_says_what_it_is()
    {
        using var http = shared.Server.NewHttp();
        var response = await http.GetAsync(new Uri("/.well-known/jwks.json", UriKind.Relative), TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var keys = document.RootElement.GetProperty("keys").EnumerateArray().ToList();

        Assert.Equal("application/jwk-set+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("*", string.Join(' ', response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.NotEmpty(keys);
        Assert.Equal(keys.Count, keys.Select(k => k.GetProperty("kid").GetString()).Distinct().Count());
        foreach (var key in keys)
        {
            foreach (var secret in new[] { "d", "p", "q", "dp", "dq", "qi", "oth", "k" })
                Assert.False(key.TryGetProperty(secret, out _));
            Assert.Equal("sig", key.GetProperty("use").GetString());
            Assert.NotNull(key.GetProperty("alg").GetString());
        }
        http.DefaultRequestHeaders.TryAddWithoutValidation("If-None-Match", response.Headers.ETag!.ToString());
        var again = await http.GetAsync(new Uri("/.well-known/jwks.json", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Theory, Trait("Spec", "RFC 8414 §2")]
    [InlineData("Host: evil.test")] // J20
    [InlineData("Host: localhost\r\nX-Forwarded-Host: evil.test")]
    [InlineData("Host: localhost\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1")]
    [InlineData("Host: localhost\r\nX-Forwarded-Prefix: /evil")]
    [InlineData("Host: localhost\r\nForwarded: host=evil.test;proto=https")]
    [InlineData("Host: localhost\r\nX-Original-URL: /evil\r\nX-Rewrite-URL: /evil")]
    public async Task J20_and_M16_no_header_changes_a_word(string headers)
    {
        using var http = shared.Server.NewHttp();
        var plain = await http.GetStringAsync(new Uri(WellKnown, UriKind.Relative), TestContext.Current.CancellationToken);

        var answer = await RawHttp.SendAsync(shared.Server, $"GET {WellKnown} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n");

        Assert.DoesNotContain("evil", answer, StringComparison.Ordinal);
        Assert.True(RawHttp.StatusOf(answer) is 200 or 400 or 421);
        if (RawHttp.StatusOf(answer) == 200)
            Assert.EndsWith(plain, answer, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 8414 §2")]
    public async Task J20_a_request_without_a_host_is_not_answered_with_another_issuer()
    {
        var old = await RawHttp.SendAsync(shared.Server, $"GET {WellKnown} HTTP/1.0\r\n\r\n");
        var absolute = await RawHttp.SendAsync(
            shared.Server,
            $"GET http://evil.test{WellKnown} HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n"
        );

        foreach (var answer in new[] { old, absolute })
        {
            Assert.DoesNotContain("evil", answer, StringComparison.Ordinal);
            Assert.True(RawHttp.StatusOf(answer) is 200 or 400 or 421);
        }
    }

    [Fact, Trait("Spec", "RFC 8414 §3"), Trait("Spec", "RFC 8414 §5")]
    public async Task J21_an_issuer_with_a_path_has_its_metadata_where_it_belongs()
    {
        await using var server = await TestServer.StartAsync("/tenant");
        using var http = server.NewHttp();
        async Task<HttpStatusCode> StatusAsync(string path) =>
            (await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode;

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/tenant" + WellKnown));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/.well-known/oauth-authorization-server/tenant"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(WellKnown + "/tenant"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/tenant/.well-known/oauth-authorization-server"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(WellKnown));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("/.well-known/oauth-authorization-server"));
        foreach (var path in new[] { "/tenant/..%2fother" + WellKnown, "/tenant;a" + WellKnown, "//tenant" + WellKnown, "/other" + WellKnown })
        {
            var answer = await RawHttp.SendAsync(server, RawHttp.Request($"GET {path} HTTP/1.1"));
            Assert.True(RawHttp.StatusOf(answer) is 400 or 404, path);
        }
    }

    [Fact]
    public async Task B35_metadata_is_whole_while_the_configuration_changes()
    {
        using var http = shared.Server.NewHttp();
        var reading = Enumerable
            .Range(0, 8)
            .Select(_ =>
                Task.Run(async () =>
                {
                    for (var i = 0; i < 40; i++)
                    {
                        var text = await http.GetStringAsync(new Uri(WellKnown, UriKind.Relative));
                        using var document = JsonDocument.Parse(text);
                        Assert.Equal(shared.Server.Issuer, document.RootElement.GetProperty("issuer").GetString());
                    }
                })
            )
            .ToList();
        for (var i = 0; i < 20; i++)
            await shared.Server.AddApiAsync($$"""{"identifier":"https://a{{i}}.example","scopes":[{"name":"s{{i}}","description":"S"}]}""");

        await Task.WhenAll(reading);
    }

    private static string[] List(JsonElement root, string name) => [.. root.GetProperty(name).EnumerateArray().Select(v => v.GetString()!)];
}
