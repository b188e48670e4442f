using System.Text.Json;
using Ostiary.Server.CheckSession;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.CheckSession;

/// <summary>What clients are given to watch a session with, and the page that answers them. The page's script is tested in a browser.</summary>
public sealed class SessionStateTests : IAsyncLifetime
{
    private const string Origin = "http://127.0.0.1:1";
    private TestServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("Spec", "Session Management §2")]
    [Trait("Spec", "Session Management §3.2")]
    public async Task An_answer_has_a_state_that_fits_the_browsers_session_and_no_other()
    {
        using var browser = new StateBrowser(_server);
        var first = await browser.AuthorizeAsync("web");
        Assert.Matches("^[\\w-]{43}\\.[\\w-]{22}$", first);
        Assert.True(browser.Judges("web", Origin, first));
        Assert.False(browser.Judges("web2", Origin, first));
        Assert.False(browser.Judges("web", "http://127.0.0.1:2", first));

        var second = await browser.AuthorizeAsync("web");
        Assert.NotEqual(first, second);
        Assert.True(browser.Judges("web", Origin, first) && browser.Judges("web", Origin, second));

        _server.Time.Advance(TimeSpan.FromSeconds(1));
        await browser.AuthorizeAsync("web", "&prompt=login");
        Assert.False(browser.Judges("web", Origin, second));
    }

    [Fact]
    [Trait("Spec", "Session Management §3.2")]
    public async Task A_logout_takes_the_state_from_the_browser()
    {
        using var browser = new StateBrowser(_server);
        var state = await browser.AuthorizeAsync("web");
        await browser.SignOutAsync();
        Assert.Null(browser.State);
        Assert.False(browser.Judges("web", Origin, state));
    }

    [Fact]
    public async Task A_session_that_was_ended_elsewhere_loses_its_state_when_the_browser_comes_by()
    {
        using var browser = new StateBrowser(_server);
        var state = await browser.AuthorizeAsync("web");
        await _server.AdministerAsync("POST", "/users/alice/disable");
        Assert.True(browser.Judges("web", Origin, state));

        await browser.GetAsync("/account");

        Assert.Null(browser.State);
    }

    [Fact]
    public async Task Who_does_not_sign_people_in_with_openid_gets_none_and_neither_does_the_browser()
    {
        using var browser = new StateBrowser(_server);
        Assert.Null(await browser.AuthorizeAsync("web", scope: "read"));
        Assert.Null(browser.State);
        Assert.Null(SessionState.OriginOf("com.example.app:/cb"));
    }

    [Fact]
    [Trait("Spec", "Session Management §3.3")]
    public async Task The_frame_is_a_page_of_one_script_that_anybody_may_frame_and_that_knows_nobody()
    {
        using var http = _server.NewHttp();
        using var metadata = JsonDocument.Parse(await http.GetStringAsync(new Uri("/.well-known/openid-configuration", UriKind.Relative), Ct));
        using var response = await http.GetAsync(new Uri(metadata.RootElement.GetProperty("check_session_iframe").GetString()!), Ct);
        var html = await response.Content.ReadAsStringAsync(Ct);

        var script = html[(html.IndexOf("<script>", StringComparison.Ordinal) + 8)..html.IndexOf("</script>", StringComparison.Ordinal)];
        var hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(script)));
        Assert.Equal(
            $"default-src 'none'; script-src 'sha256-{hash}'; form-action 'none'; base-uri 'none'",
            Assert.Single(response.Headers.GetValues("Content-Security-Policy"))
        );
        Assert.Contains("data-cookie=\"ostiary_state\"", html, StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("X-Frame-Options"));
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.Equal(TimeSpan.FromHours(1), response.Headers.CacheControl?.MaxAge);
    }
}
