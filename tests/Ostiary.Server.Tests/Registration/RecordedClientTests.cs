using System.Net;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Registration;

/// <summary>What programs in the field send when they register, as it was recorded, and what they need to read in the answer.</summary>
public sealed class RecordedClientTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private Registrant _registrant = null!;

    public async ValueTask InitializeAsync() => _registrant = new(_server = await Registrant.ServerAsync(path: "/tenant"));

    public async ValueTask DisposeAsync()
    {
        _registrant.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    // The TypeScript SDK for MCP, old line: no application_type, no grants.
    [InlineData("""{"redirect_uris":["http://localhost:3334/callback"],"client_name":"a","scope":"mcp:tools"}""", "client_secret_basic")]
    // Its new line: application_type, offline_access added to the scope.
    [InlineData(
        """{"redirect_uris":["http://localhost:3334/callback"],"client_name":"a","application_type":"native","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","scope":"mcp:tools offline_access"}""",
        "none"
    )]
    // The C# SDK for MCP: a native program with a secret of its own.
    [InlineData(
        """{"redirect_uris":["http://localhost:1179/callback"],"client_name":"a","application_type":"native","token_endpoint_auth_method":"client_secret_post","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}""",
        "client_secret_post"
    )]
    // An editor: web pages and loopback mixed, and the device grant among the others.
    [InlineData(
        """{"client_name":"a","client_uri":"https://editor.test","grant_types":["authorization_code","refresh_token","urn:ietf:params:oauth:grant-type:device_code"],"response_types":["code"],"redirect_uris":["https://editor.test/redirect","http://127.0.0.1/","http://127.0.0.1:33418/"],"token_endpoint_auth_method":"none"}""",
        "none"
    )]
    // One that says web and means a program.
    [InlineData(
        """{"client_name":"a","application_type":"web","redirect_uris":["https://editor.test/cb","http://localhost:8787/callback"],"token_endpoint_auth_method":"none"}""",
        "none"
    )]
    // Null and empty for what it has not, and members that nobody knows.
    [InlineData(
        """{"client_name":"a","client_uri":"","logo_uri":null,"scope":"","jwks":null,"contacts":null,"x_vendor":{"a":[1]},"redirect_uris":["http://127.0.0.1:9/cb"],"token_endpoint_auth_method":"none"}""",
        "none"
    )]
    [Trait("Spec", "RFC 7591 §2")]
    [Trait("Spec", "CIMD §6.9")]
    public async Task Registers_and_the_answer_can_be_read(string metadata, string method)
    {
        var answer = await _registrant.RegisterAsync(metadata);

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.StartsWith("reg-", answer["client_id"], StringComparison.Ordinal);
        Assert.Equal(method, answer["token_endpoint_auth_method"]);
        Assert.Equal("mcp", answer["type"]);
        Assert.Contains("refresh_token", answer["grant_types"], StringComparison.Ordinal);
        Assert.Contains("offline_access", answer["scope"], StringComparison.Ordinal);
        Assert.Equal(method == "none", answer["client_secret"] is null);
        if (method != "none")
            Assert.Equal(0, answer.Json.GetProperty("client_secret_expires_at").GetInt32());
        // Some readers fail at null and at empty addresses.
        Assert.DoesNotContain(answer.Json.EnumerateObject(), m => m.Value.ValueKind == JsonValueKind.Null);
        Assert.DoesNotContain(answer.Json.EnumerateObject(), m => m.Value.ValueKind == JsonValueKind.String && m.Value.GetString() == "");
        Assert.StartsWith(_server.Issuer + "/register/", answer["registration_client_uri"], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3.2.2")]
    public async Task A_web_application_with_a_secret_is_not_answered_in_the_clear_A26()
    {
        // The issuer of this test is on loopback, where everybody may be; what decides elsewhere is the type.
        var answer = await _registrant.RegisterAsync(
            """{"application_type":"web","redirect_uris":["http://127.0.0.1:9/cb"],"token_endpoint_auth_method":"client_secret_basic"}"""
        );

        Assert.Equal("web", answer["type"]);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3")]
    public async Task The_consent_page_says_that_an_app_registered_itself()
    {
        var id = (await _registrant.RegisterAsync(Registrant.Public))["client_id"]!;
        using var browser = _server.NewBrowser();
        await browser.AuthorizeAsync(Ask.Query("web"));

        using var asked = await browser.GetAsync($"{_server.Issuer}/authorize?{Ask.Query("web", ("client_id", id))}");
        using var shown = await browser.GetAsync(asked.Headers.Location!.OriginalString);

        var page = await shown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("Not verified", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Registered by the operator", page, StringComparison.Ordinal);
    }
}
