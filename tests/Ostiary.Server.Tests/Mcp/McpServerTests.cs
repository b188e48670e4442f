using System.Net;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Registration;

namespace Ostiary.Server.Tests.Mcp;

/// <summary>What the operator does for an MCP server: says that the API is one, and no more.</summary>
public sealed class McpServerTests : IAsyncLifetime
{
    private const string Api =
        """{"identifier":"https://mcp.example/mcp","name":"Notes","mcp_server":true,"scopes":[{"name":"mcp:tools","description":"Use tools"}]}""";
    private const string Cursor =
        """{"client_name":"Cursor","application_type":"web","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","https://www.cursor.com/agents/mcp/oauth/callback","http://localhost:8787/callback"]}""";
    private TestServer _server = null!;
    private Registrant _registrant = null!;

    public async ValueTask InitializeAsync() => _registrant = new(_server = await TestServer.StartAsync());

    public async ValueTask DisposeAsync()
    {
        _registrant.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3")]
    [Trait("Spec", "CIMD §5")]
    public async Task Clients_connect_that_nobody_registered_and_ask_for_its_scopes_alone()
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await _registrant.RegisterAsync(Registrant.Public)).Status);
        Assert.False((await MetadataAsync()).TryGetProperty("client_id_metadata_document_supported", out _));

        await _server.AddApiAsync(Api);

        var registered = await _registrant.RegisterAsync(Registrant.Public);
        Assert.Equal(HttpStatusCode.Created, registered.Status);
        Assert.Equal("openid profile email address phone offline_access mcp:tools", registered["scope"]);
        var metadata = await MetadataAsync();
        Assert.True(metadata.GetProperty("client_id_metadata_document_supported").GetBoolean());
        Assert.Equal(_server.Issuer + "/register", metadata.GetProperty("registration_endpoint").GetString());
    }

    // Recorded: registers with the scopes of its first call, and is told of more by the challenge of another tool.
    [Fact]
    [Trait("Spec", "RFC 7591 §2")]
    public async Task Who_registers_for_one_scope_of_a_server_may_ask_for_the_others_later()
    {
        await _server.AddApiAsync(
            Api.Replace("\"scopes\":[", "\"scopes\":[{\"name\":\"mcp:admin\",\"description\":\"Administer\"},", StringComparison.Ordinal)
        );
        await _server.AddApiAsync(
            """{"identifier":"https://two.example/mcp","mcp_server":true,"scopes":[{"name":"two:tools","description":"Use others"}]}"""
        );
        var one = await _registrant.RegisterAsync(
            """{"redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none","scope":"mcp:tools offline_access"}"""
        );
        Assert.Equal("mcp:tools offline_access mcp:admin", one["scope"]);
        var plain = await _registrant.RegisterAsync("""{"redirect_uris":["https://rp.test/cb"],"scope":"openid"}""");
        Assert.Equal("openid", plain["scope"]);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3")]
    public async Task The_operators_own_policy_holds_where_there_is_one()
    {
        await _server.AddApiAsync(Api);
        await _server.AdministerAsync("POST", "/config/apply", """{"configuration":{"issuer":{"registration":{"scope":"openid"}}}}""");
        Assert.Equal(HttpStatusCode.Unauthorized, (await _registrant.RegisterAsync(Registrant.Public)).Status);
        Assert.False((await MetadataAsync()).TryGetProperty("client_id_metadata_document_supported", out _));
        var permitted = await _registrant.RegisterAsync(Registrant.Public, await _registrant.InitialTokenAsync());
        Assert.Equal("openid mcp:tools", permitted["scope"]);
    }

    /// <summary>An editor with its own scheme. What is registered is as open as a loopback address: the person is told, and PKCE holds.</summary>
    [Fact]
    [Trait("Spec", "RFC 8252 §7.1")]
    [Trait("Spec", "RFC 8252 §8.1")]
    public async Task An_editor_is_answered_at_a_scheme_of_its_own_and_the_page_says_what_that_means()
    {
        const string callback = "cursor://anysphere.cursor-mcp/oauth/callback";
        await _server.AddApiAsync(Api);
        var registered = await _registrant.RegisterAsync(Cursor);
        Assert.Equal(HttpStatusCode.Created, registered.Status);
        Assert.Equal("mcp", registered["type"]);
        (string, string?)[] changes = [("client_id", registered["client_id"]), ("redirect_uri", callback), ("scope", "mcp:tools")];
        using var browser = _server.NewBrowser();
        await browser.AuthorizeAsync(Ask.Query("web"));

        using var asked = await browser.GetAsync($"{_server.Issuer}/authorize?{Ask.Query("web", changes)}");
        using var page = await browser.GetAsync(asked.Headers.Location!.OriginalString);
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("<strong>cursor:</strong>", html, StringComparison.Ordinal);
        Assert.Contains("Any program here can pretend to be it", html, StringComparison.Ordinal);
        Assert.Contains("form-action 'self' cursor:;", string.Join(' ', page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);

        var answer = await browser.AuthorizeAsync(Ask.Query("web", changes));
        Assert.StartsWith(callback + "?code=", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        var unproven = await browser.AuthorizeAsync(Ask.Query("web", [.. changes, ("code_challenge", null), ("code_challenge_method", null)]));
        Assert.Equal("invalid_request", Browser.QueryOf(unproven)["error"]);
    }

    [Theory]
    [InlineData("https://mcp.example/mcp", "/mcp.example/mcp")]
    [InlineData("https://mcp.example/mcp", "/mcp.example/mcp/")]
    [InlineData("https://api.example", "/api.example")]
    [Trait("Spec", "RFC 9728 §3")]
    [Trait("Spec", "RFC 9728 §4")]
    public async Task The_server_hosts_the_metadata_of_APIs_that_do_not_serve_their_own(string identifier, string place)
    {
        await _server.AddApiAsync(Api);
        using var http = _server.NewHttp();
        using var answer = await http.GetAsync(
            new Uri("/.well-known/oauth-protected-resource" + place, UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(identifier, document.RootElement.GetProperty("resource").GetString());
        Assert.Equal(_server.Issuer, document.RootElement.GetProperty("authorization_servers")[0].GetString());
        Assert.Contains(identifier, (await MetadataAsync()).GetProperty("protected_resources").EnumerateArray().Select(r => r.GetString()));
    }

    [Fact]
    [Trait("Spec", "RFC 9728 §3")]
    public async Task An_API_at_the_origin_of_the_issuer_has_its_metadata_where_the_specification_puts_them()
    {
        await _server.AddApiAsync(
            $$"""{"identifier":"{{_server.Issuer}}/own/mcp","scopes":[{"name":"own","description":"Own"}],"require_dpop":true}"""
        );
        using var http = _server.NewHttp();
        var text = await http.GetStringAsync(
            new Uri("/.well-known/oauth-protected-resource/own/mcp", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Contains("\"scopes_supported\":[\"own\"]", text, StringComparison.Ordinal);
        Assert.Contains("\"dpop_bound_access_tokens_required\":true", text, StringComparison.Ordinal);
        foreach (var missing in new[] { "", "/own", "/own/mcp/x", "/nobody.example/mcp", "/127.0.0.1/own/mcp" })
        {
            using var answer = await http.GetAsync(
                new Uri("/.well-known/oauth-protected-resource" + missing, UriKind.Relative),
                TestContext.Current.CancellationToken
            );
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("/tenant/.well-known/oauth-protected-resource/mcp.example/mcp", "https://mcp.example/mcp")]
    [InlineData("/.well-known/oauth-protected-resource/tenant/own/mcp", "/own/mcp")]
    [InlineData("/tenant/.well-known/oauth-protected-resource/own/mcp", "/own/mcp")]
    [InlineData("/.well-known/oauth-protected-resource/tenant", "")]
    [Trait("Spec", "RFC 9728 §3.1")]
    public async Task So_does_an_issuer_with_a_path(string place, string identifier)
    {
        await using var server = await TestServer.StartAsync("/tenant");
        await server.AddApiAsync(Api);
        await server.AddApiAsync($$"""{"identifier":"{{server.Issuer}}/own/mcp","scopes":[{"name":"own","description":"Own"}]}""");
        await server.AddApiAsync($$"""{"identifier":"{{server.Issuer}}","scopes":[{"name":"top","description":"Top"}]}""");
        using var http = server.NewHttp();
        using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri(place, UriKind.Relative), TestContext.Current.CancellationToken));
        var expected = identifier.StartsWith("https", StringComparison.Ordinal) ? identifier : server.Issuer + identifier;
        Assert.Equal(expected, document.RootElement.GetProperty("resource").GetString());
        Assert.Equal(server.Issuer, document.RootElement.GetProperty("authorization_servers")[0].GetString());
    }

    private async Task<JsonElement> MetadataAsync()
    {
        using var http = _server.NewHttp();
        using var document = JsonDocument.Parse(
            await http.GetStringAsync(new Uri("/.well-known/oauth-authorization-server", UriKind.Relative), TestContext.Current.CancellationToken)
        );
        return document.RootElement.Clone();
    }
}
