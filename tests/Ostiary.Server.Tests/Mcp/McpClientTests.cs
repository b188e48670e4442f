using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Registration;

namespace Ostiary.Server.Tests.Mcp;

/// <summary>What MCP clients in the field do otherwise than the specifications say, or than other servers expect: each recorded habit, and how it ends here.</summary>
public sealed class McpClientTests : IAsyncLifetime
{
    private const string Mcp = "https://mcp.example/mcp";
    private const string Tool =
        """{"client_name":"Tool","redirect_uris":["http://127.0.0.1/cb","http://localhost/cb"],"token_endpoint_auth_method":"none"}""";
    private TestServer _server = null!;
    private Registrant _registrant = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _registrant = new(_server);
        await _server.AddApiAsync(
            """{"identifier":"https://mcp.example/mcp","mcp_server":true,"scopes":[{"name":"mcp:tools","description":"Use tools","default":true}]}"""
        );
    }

    public async ValueTask DisposeAsync()
    {
        _registrant.Dispose();
        await _server.DisposeAsync();
    }

    // Recorded: some take the address from the metadata as it stands, some parse and print it, which adds or loses a slash; people type capitals and the port.
    [Theory]
    [InlineData(Mcp)]
    [InlineData("https://mcp.example/mcp/")]
    [InlineData("https://MCP.example/mcp")]
    [InlineData("HTTPS://mcp.example/mcp")]
    [InlineData("https://mcp.example:443/mcp")]
    [Trait("Spec", "RFC 8707 §2")]
    [Trait("Spec", "RFC 3986 §6.2.2.1")]
    [Trait("Spec", "RFC 3986 §6.2.3")]
    public async Task Writes_the_resource_in_its_own_way_and_the_audience_stays_the_operators(string resource)
    {
        var (client, tokens) = await SignInAsync("mcp:tools offline_access", $"&resource={Uri.EscapeDataString(resource)}");
        Assert.Equal(Mcp, AudienceOf(tokens));

        var again = await client.RefreshAsync(tokens["refresh_token"]!, ("resource", resource));

        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(Mcp, AudienceOf(again));
        client.Dispose();
    }

    [Theory]
    [InlineData("https://mcp.example/MCP")]
    [InlineData("https://mcp.example/mcp//")]
    [InlineData("https://mcp.example/./mcp")]
    [InlineData("https://mcp.example/mcp?x")]
    [InlineData("https://mcp.example")]
    [InlineData("https://mcp.example.evil.test/mcp")]
    [InlineData("https://u@mcp.example/mcp")]
    [InlineData("http://mcp.example/mcp")]
    [InlineData("https://mcp.example:8443/mcp")]
    [Trait("Spec", "RFC 8707 §2")]
    public async Task Names_another_resource_and_is_told_so_O03(string resource)
    {
        using var browser = _server.NewBrowser();
        var id = (await _registrant.RegisterAsync(Tool))["client_id"]!;
        var redirect = Browser.QueryOf(
            await browser.AuthorizeAsync(Ask.Query("web", ("client_id", id), ("scope", "mcp:tools"), ("resource", resource)))
        );
        Assert.Equal("invalid_target", redirect["error"]);
    }

    [Fact]
    [Trait("Spec", "RFC 8707 §2")]
    public async Task Means_one_of_two_APIs_that_differ_in_a_slash_only_where_it_writes_it_exactly()
    {
        await _server.AddApiAsync(
            """{"identifier":"https://mcp.example/mcp/","mcp_server":true,"scopes":[{"name":"mcp:other","description":"Use others"}]}"""
        );
        var (client, tokens) = await SignInAsync("mcp:other", "&resource=" + Uri.EscapeDataString("https://mcp.example/mcp/"));
        client.Dispose();
        Assert.Equal("https://mcp.example/mcp/", AudienceOf(tokens));
        Assert.Null(_server.House.Configuration.Current.ApiOfResource("https://MCP.example/mcp"));
    }

    // Recorded: the first request has no scope where neither the challenge nor the metadata names one.
    [Fact]
    [Trait("Spec", "RFC 6749 §3.3")]
    public async Task Names_no_scope_and_gets_the_default_of_the_resource()
    {
        var (client, tokens) = await SignInAsync(null, $"&resource={Uri.EscapeDataString(Mcp)}");
        client.Dispose();
        Assert.Equal("mcp:tools", tokens["scope"]);
        Assert.Equal(Mcp, AudienceOf(tokens));
    }

    // Recorded: one version sends no resource at all.
    [Fact]
    [Trait("Spec", "RFC 8707 §2.2")]
    public async Task Names_no_resource_and_gets_the_API_of_its_scope_O02()
    {
        var (client, tokens) = await SignInAsync("mcp:tools", "");
        client.Dispose();
        Assert.Equal(Mcp, AudienceOf(tokens));
    }

    // Recorded: registered or described without a port, asked for with whatever port is free.
    [Theory]
    [InlineData("http://127.0.0.1:51004/cb", true)]
    [InlineData("http://localhost:51004/cb", true)]
    [InlineData("http://[::1]:51004/cb", false)]
    [InlineData("http://127.0.0.1:51004/other", false)]
    [InlineData("http://localhost.evil.test:51004/cb", false)]
    [Trait("Spec", "RFC 8252 §7.3")]
    public async Task Listens_on_any_port_of_the_loopback_host_that_it_registered_O06(string redirect, bool isServed)
    {
        using var browser = _server.NewBrowser();
        var id = (await _registrant.RegisterAsync(Tool))["client_id"]!;
        var answer = await browser.AuthorizeAsync(Ask.Query("web", ("client_id", id), ("scope", "mcp:tools"), ("redirect_uri", redirect)));
        Assert.Equal(isServed, answer.Headers.Location?.OriginalString.StartsWith(redirect + "?code=", StringComparison.Ordinal) ?? false);
    }

    // Recorded: the C# SDK sends an empty secret for a client that has none.
    [Fact]
    [Trait("Spec", "RFC 6749 §3.1")]
    public async Task Sends_an_empty_secret_where_it_has_none()
    {
        var (client, tokens) = await SignInAsync("mcp:tools offline_access", "");
        var again = await client.RefreshAsync(tokens["refresh_token"]!, ("client_secret", ""));
        client.Dispose();
        Assert.Equal(HttpStatusCode.OK, again.Status);
    }

    // Recorded: the C# SDK takes the first method that the metadata name, and has no secret to put into it.
    [Fact]
    [Trait("Spec", "RFC 6749 §2.3.1")]
    public async Task Sends_its_id_by_Basic_with_nothing_after_the_colon()
    {
        var (client, tokens) = await SignInAsync("mcp:tools offline_access", "");
        client.Dispose();
        var id = _server.House.Configuration.Current.Clients.Values.Single(c => c.Registered).Id;
        using var basic = new TokenClient(_server, id, "");
        Assert.Equal(HttpStatusCode.OK, (await basic.RefreshAsync(tokens["refresh_token"]!)).Status);
        // Who has a secret cannot go without it in this way either.
        using var web = new TokenClient(_server, "web", "");
        var refused = await web.TokenAsync(("grant_type", "authorization_code"), ("code", "x"));
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (refused.Status, refused.Error));
    }

    // Recorded: refreshes with the resource and without the scope.
    [Fact]
    [Trait("Spec", "RFC 6749 §6")]
    public async Task Refreshes_without_a_scope_and_keeps_what_it_had()
    {
        var (client, tokens) = await SignInAsync("mcp:tools offline_access", $"&resource={Uri.EscapeDataString(Mcp)}&prompt=consent");
        var again = await client.RefreshAsync(tokens["refresh_token"]!, ("resource", Mcp));
        client.Dispose();
        Assert.Equal("mcp:tools offline_access", again["scope"]);
        Assert.DoesNotContain(again.Json.EnumerateObject(), m => m.Value.ValueKind == JsonValueKind.Null);
    }

    // Recorded: at 401 invalid_client every SDK registers anew; at any other answer none recovers.
    [Fact]
    [Trait("Spec", "RFC 6749 §5.2")]
    public async Task Was_forgotten_and_is_told_so_in_the_way_that_makes_it_register_anew()
    {
        using var forgotten = new TokenClient(_server, "reg-forgotten", null);
        var answer = await forgotten.TokenAsync(("grant_type", "refresh_token"), ("refresh_token", "ost_rt_x"));
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (answer.Status, answer.Error));
        Assert.Equal("application/json", answer.Response.Content.Headers.ContentType!.MediaType);
        using var browser = _server.NewBrowser();
        using var page = await browser.GetAsync($"{_server.Issuer}/authorize?{Ask.Query("web", ("client_id", "reg-forgotten"))}");
        Assert.Equal(HttpStatusCode.BadRequest, page.StatusCode);
        Assert.Contains(
            Refusal.CodeOf(Reason.ClientUnknown),
            await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    // Recorded: asks three addresses for the metadata and ends at the first answer of 5xx; compares the issuer as text; fails at null; one demands S256 to be announced.
    [Fact]
    [Trait("Spec", "RFC 8414 §3")]
    [Trait("Spec", "RFC 8414 §5")]
    public async Task Looks_for_metadata_in_three_places()
    {
        using var http = _server.NewHttp();
        foreach (var place in new[] { "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration" })
        {
            var text = await http.GetStringAsync(new Uri(place, UriKind.Relative), TestContext.Current.CancellationToken);
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            Assert.Equal(_server.Issuer, root.GetProperty("issuer").GetString());
            Assert.False(_server.Issuer.EndsWith('/'));
            Assert.Equal("S256", root.GetProperty("code_challenge_methods_supported")[0].GetString()); // O07
            Assert.True(root.GetProperty("authorization_response_iss_parameter_supported").GetBoolean());
            Assert.Contains("offline_access", root.GetProperty("scopes_supported").EnumerateArray().Select(s => s.GetString()));
            Assert.DoesNotContain(root.EnumerateObject(), m => m.Value.ValueKind == JsonValueKind.Null);
            foreach (var missing in new[] { place + "/mcp", "/mcp" + place })
            {
                using var answer = await http.GetAsync(new Uri(missing, UriKind.Relative), TestContext.Current.CancellationToken);
                Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            }
            // A page asks first whether it may send the version of its protocol along.
            using var preflight = await http.SendAsync(new(HttpMethod.Options, place), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
            Assert.Equal("mcp-protocol-version", Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Headers")));
        }
    }

    // Recorded: the new line compares iss in every answer, refusals too.
    [Fact]
    [Trait("Spec", "RFC 9207 §2")]
    public async Task Is_denied_and_finds_the_issuer_in_the_answer()
    {
        using var browser = _server.NewBrowser();
        var id = (await _registrant.RegisterAsync(Tool))["client_id"]!;
        var answer = await browser.AuthorizeAsync(Ask.Query("web", ("client_id", id), ("scope", "mcp:tools")), decision: "deny");
        Assert.Equal(("access_denied", _server.Issuer), (Browser.QueryOf(answer)["error"], Browser.QueryOf(answer)["iss"]));
    }

    private async Task<(TokenClient Client, Answer Tokens)> SignInAsync(string? scope, string more)
    {
        using var browser = _server.NewBrowser();
        var client = new TokenClient(_server, (await _registrant.RegisterAsync(Tool))["client_id"]!, null);
        var tokens = await client.SignInAsync(browser, scope ?? "", more: more);
        Assert.Equal(HttpStatusCode.OK, tokens.Status);
        return (client, tokens);
    }

    private static string? AudienceOf(Answer tokens)
    {
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(tokens["access_token"]!.Split('.')[1]));
        return claims.RootElement.GetProperty("aud").GetString();
    }
}
