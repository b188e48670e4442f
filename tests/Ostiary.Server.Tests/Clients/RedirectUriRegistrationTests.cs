using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Tests.Clients;

public sealed class RedirectUriRegistrationTests
{
    [
        Theory,
        Trait("Spec", "RFC 9700 §4.1"),
        Trait("Spec", "RFC 9700 §4.1.3"),
        Trait("Spec", "RFC 6749 §3.1.2"),
        Trait("Spec", "OIDC Registration §2")
    ]
    [InlineData("https://rp.test/cb#x")] // A11
    [InlineData("https://rp.test/cb#")]
    [InlineData("http://rp.test/cb")] // A12
    [InlineData("https://\u0440p.test/cb")] // A13
    [InlineData("https://rp.test/c b")] // A14
    [InlineData("https://rp.test/cb\r\n")]
    [InlineData("https://u:p@rp.test/cb")]
    [InlineData("https:rp.test/cb")] // A18
    [InlineData("/cb")]
    [InlineData("")]
    [InlineData("javascript:alert(1)")] // A19
    [InlineData("data:text/html,x")]
    [InlineData("vbscript:x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("blob:https://rp.test/x")]
    [InlineData("https://*.rp.test/cb")] // A20
    [InlineData("https://rp.test/*")]
    [InlineData("https://rp.test/cb?code=x")] // A21
    [InlineData("https://rp.test/cb?a=b&state=x")]
    [InlineData("https://rp.test/cb?iss=x")]
    [InlineData("https://rp.test/cb?response=x")]
    [InlineData("https://rp.test/cb?c%6fde=x")]
    [InlineData("https://rp.test/../cb")]
    [InlineData("https://rp.test/cb/..")]
    [InlineData("https://rp.test/%2E%2e/cb")]
    [InlineData("https://rp.test/cb/.")]
    [InlineData("http://127.0.0.1/cb")] // A26
    [InlineData("http://localhost:5/cb")]
    [InlineData("com.example.app:/cb")]
    public void A11_to_A26_a_web_client_registers_exact_https_addresses(string uri)
    {
        Assert.Contains(FaultsOf("web", uri), f => f.Reason == Reason.RedirectUriNotAcceptable || uri.Trim() != uri || uri.Length == 0);
        Assert.Contains(
            FaultsOf("web", "https://rp.test/ok", uri),
            f => f.Reason == Reason.RedirectUriNotAcceptable || uri.Trim() != uri || uri.Length == 0
        );
    }

    [Theory, Trait("Spec", "RFC 8252 §7.1"), Trait("Spec", "RFC 8252 §7.3")]
    [InlineData("myapp:/cb")] // A27
    [InlineData("com.app://host/cb")]
    [InlineData("http://127.0.0.2/cb")]
    [InlineData("http://2130706433/cb")]
    [InlineData("http://localhost.evil.test/cb")]
    [InlineData("javascript:alert(1)")]
    public void A27_a_native_app_registers_nothing_that_others_could_own(string uri) =>
        Assert.Contains(FaultsOf("native", uri), f => f.Reason == Reason.RedirectUriNotAcceptable || uri.Trim() != uri || uri.Length == 0);

    [Theory, Trait("Spec", "RFC 8252 §7.1"), Trait("Spec", "RFC 8252 §7.3")]
    [Trait("Spec", "RFC 7591 §2")]
    [InlineData("com.example.app:/cb")]
    [InlineData("http://127.0.0.1/cb")]
    [InlineData("http://[::1]:7/cb?a=b")]
    [InlineData("https://app.test/cb")]
    public void A23_a_native_app_registers_its_own(string uri) => Assert.Empty(FaultsOf("native", uri));

    [Theory, Trait("Spec", "RFC 8252 §7.1"), Trait("Spec", "RFC 8252 §8.1")]
    [InlineData("cursor://anysphere.cursor-mcp/oauth/callback")]
    [InlineData("vscode://publisher.extension/callback")]
    [InlineData("com.example.app:/cb")]
    public void A_client_for_MCP_registers_a_scheme_of_one_word(string uri)
    {
        Assert.Empty(FaultsOf("mcp", uri));
        Assert.Equal(uri[..(uri.IndexOf(':', StringComparison.Ordinal) + 1)], RedirectUris.PolicySource(uri));
    }

    [Theory, Trait("Spec", "RFC 8252 §7.1")]
    [InlineData("javascript:alert(1)")]
    [InlineData("javascript:/x")]
    [InlineData("javascript://x/%0aalert(1)")]
    [InlineData("data:/text/html,x")]
    [InlineData("vbscript:/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("blob:/x")]
    [InlineData("intent://x/#Intent;end")]
    [InlineData("ms-msdt:/id")]
    [InlineData("ms-appinstaller:/x")]
    [InlineData("search-ms:/query")]
    [InlineData("web+app:/x")]
    [InlineData("mailto:/x")]
    [InlineData("view-source:/x")]
    [InlineData("http:/rp.test/cb")]
    [InlineData("https:/rp.test/cb")] // Browsers add the slash.
    [InlineData("https:///rp.test/cb")]
    [InlineData("chrome-extension://abc/cb")]
    [InlineData("itms-services://x/cb")]
    [InlineData("webcal://x/cb")]
    [InlineData("nfs://x/cb")]
    [InlineData("shell:/x")]
    [InlineData("cursor:callback")]
    [InlineData("cursor:")]
    [InlineData("cu:/x")]
    [InlineData("Cursor://x/cb")]
    [InlineData("cursor://u@x/cb")]
    [InlineData("cursor://x/cb?code=1")]
    [InlineData("http://rp.test/cb")]
    public void A19_nor_does_it_register_a_scheme_that_means_something_already(string uri) =>
        Assert.Contains(FaultsOf("mcp", uri), f => f.Reason == Reason.RedirectUriNotAcceptable);

    [Fact, Trait("Spec", "RFC 8252 §8.1")]
    public void Nobody_goes_without_PKCE_at_a_scheme_that_others_may_take()
    {
        var faults = new List<ConfigurationFault>();
        using var document = JsonDocument.Parse(
            """{"client_id":"c","type":"mcp","token_endpoint_auth_method":"client_secret_post","require_pkce":false,"redirect_uris":["cursor://x/cb"]}"""
        );
        Assert.Null(ClientDocument.Parse(document.RootElement.Clone(), "c", onLoopback: false, faults));
        Assert.Contains(faults, f => f.Path.EndsWith("require_pkce", StringComparison.Ordinal));
    }

    [Fact, Trait("Spec", "OAuth 2.1 §2.3.1")]
    public void Registered_and_requested_are_compared_as_strings()
    {
        Assert.True(RedirectUris.Matches("http://localhost/cb", "http://localhost:7/cb"));
        Assert.False(RedirectUris.Matches("http://127.0.0.1/cb", "http://localhost/cb"));
        Assert.False(RedirectUris.Matches("https://127.0.0.1/cb", "https://127.0.0.1:7/cb"));
    }

    private static List<ConfigurationFault> FaultsOf(string type, string uri, string? postLogout = null)
    {
        var uris = JsonSerializer.Serialize(new[] { uri });
        var logout = JsonSerializer.Serialize(postLogout is null ? [] : new[] { postLogout });
        using var document = JsonDocument.Parse(
            $$"""{"client_id":"c","type":"{{type}}","redirect_uris":{{uris}},"post_logout_redirect_uris":{{logout}}}"""
        );
        var faults = new List<ConfigurationFault>();
        ClientDocument.Parse(document.RootElement.Clone(), "c", onLoopback: false, faults);
        return faults;
    }
}
