using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ostiary.Server.Configuration;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.EndSession;

/// <summary>Clients that hear of a logout through the browser that it happens in.</summary>
public sealed partial class FrontchannelLogoutTests : IAsyncLifetime
{
    private const string Front = "http://127.0.0.1:1/front?tenant=a&x=1";
    private const string ReturnTo = TestServer.Callback + "/out";
    private TestServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.AddClientAsync(
            $$"""{"client_id":"desk","type":"web","client_name":"Desk & Co","redirect_uris":["CB"],"post_logout_redirect_uris":["{{ReturnTo}}"],"consent":"none","frontchannel_logout_uri":"{{Front}}","frontchannel_logout_session_required":true}""",
            TestServer.WebSecret
        );
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    [Trait("Spec", "Front-Channel Logout §2")]
    [Trait("Spec", "Front-Channel Logout §3")]
    public async Task The_page_after_a_logout_shows_the_clients_page_in_a_frame() // L28
    {
        using var browser = _server.NewBrowser();
        var idToken = await SignInAsync(browser, "desk");

        var response = await browser.GetAsync("/end_session?id_token_hint=" + idToken);

        var html = await response.Content.ReadAsStringAsync(Ct);
        var sid = LogoutPeer.Part(idToken, 1).GetProperty("sid").GetString();
        Assert.Equal($"{Front}&iss={Uri.EscapeDataString(_server.Issuer)}&sid={sid}", Assert.Single(FramesOf(html)));
        Assert.Contains("sandbox=\"allow-scripts allow-same-origin\" referrerpolicy=\"no-referrer\"", html, StringComparison.Ordinal);
        Assert.EndsWith("; frame-src http://127.0.0.1:1", PolicyOf(response), StringComparison.Ordinal);
        Assert.Contains("sign out yourself: Desk &amp; Co.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("http-equiv", html, StringComparison.Ordinal);
        Assert.Equal("shown", await StateAsync(sid!, "desk"));
    }

    [Fact]
    [Trait("Spec", "Front-Channel Logout §3")]
    public async Task With_an_address_to_return_to_the_page_goes_on_when_the_frames_were_there()
    {
        using var browser = _server.NewBrowser();
        var idToken = await SignInAsync(browser, "desk");

        var response = await browser.GetAsync(
            $"/end_session?id_token_hint={idToken}&post_logout_redirect_uri={Uri.EscapeDataString(ReturnTo)}&state=a%22b"
        );

        var html = await response.Content.ReadAsStringAsync(Ct);
        Assert.Equal((HttpStatusCode.OK, null), (response.StatusCode, response.Headers.Location));
        Assert.Single(FramesOf(html));
        Assert.Contains(
            $"""<noscript><meta http-equiv="refresh" content="5;url={ReturnTo}?state=a%22b"></noscript>""",
            html,
            StringComparison.Ordinal
        );
        Assert.Contains($"""id="onward" href="{ReturnTo}?state=a%22b">""", html, StringComparison.Ordinal);
        Assert.Matches("<script src=\"/assets/signed-out\\.[0-9a-f]{16}\\.js\" data-patience=\"5\" defer></script>", html);
    }

    [Fact]
    public async Task Without_such_clients_nothing_is_framed_and_nobody_waits()
    {
        using var browser = _server.NewBrowser();
        var idToken = await SignInAsync(browser, "web");

        var response = await browser.GetAsync($"/end_session?id_token_hint={idToken}&post_logout_redirect_uri={Uri.EscapeDataString(ReturnTo)}");

        Assert.Equal((HttpStatusCode.SeeOther, ReturnTo), (response.StatusCode, response.Headers.Location?.OriginalString));
    }

    [Theory]
    [InlineData("end")]
    [InlineData("end-all")]
    public async Task Signing_out_on_the_account_page_shows_the_frames_too(string form)
    {
        using var browser = _server.NewBrowser();
        var sid = LogoutPeer.Part(await SignInAsync(browser, "desk"), 1).GetProperty("sid").GetString()!;
        var account = await (await browser.GetAsync("/account")).Content.ReadAsStringAsync(Ct);

        var response = await browser.PostAsync("/account/sessions/" + form, ("csrf", Browser.Field(account, "csrf")!), ("session", sid));

        Assert.Single(FramesOf(await response.Content.ReadAsStringAsync(Ct)));
        Assert.Equal("shown", await StateAsync(sid, "desk"));
    }

    [Fact]
    public async Task A_session_that_ends_without_its_browser_leaves_them_untold_and_that_is_seen()
    {
        using var browser = _server.NewBrowser();
        var sid = LogoutPeer.Part(await SignInAsync(browser, "desk"), 1).GetProperty("sid").GetString()!;
        await SignInAsync(browser, "web");

        await _server.AdministerAsync("POST", $"/sessions/{sid}/end");

        Assert.Equal("not-shown", await StateAsync(sid, "desk"));
        Assert.Equal("no-address", await StateAsync(sid, "web"));
    }

    [Fact]
    public async Task A_client_that_is_disabled_is_not_framed()
    {
        using var browser = _server.NewBrowser();
        var idToken = await SignInAsync(browser, "desk");
        await _server.AdministerAsync("POST", "/clients/desk/disable");

        var response = await browser.GetAsync("/end_session?id_token_hint=" + idToken);

        Assert.Empty(FramesOf(await response.Content.ReadAsStringAsync(Ct)));
        Assert.DoesNotContain("frame-src", PolicyOf(response), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "Front-Channel Logout §3")]
    public async Task Metadata_and_registration_say_so()
    {
        using var http = _server.NewHttp();
        using var metadata = JsonDocument.Parse(await http.GetStringAsync(new Uri("/.well-known/openid-configuration", UriKind.Relative), Ct));
        Assert.True(metadata.RootElement.GetProperty("frontchannel_logout_supported").GetBoolean());
        Assert.True(metadata.RootElement.GetProperty("frontchannel_logout_session_supported").GetBoolean());
        var client = await _server.AdministerAsync("GET", "/clients/desk");
        Assert.Equal(Front, client.GetProperty("frontchannel_logout_uri").GetString());
        Assert.True(client.GetProperty("frontchannel_logout_session_required").GetBoolean());
    }

    [Theory]
    [Trait("Spec", "Front-Channel Logout §2")]
    [InlineData("\"frontchannel_logout_uri\":\"https://b.test/out\"")]
    [InlineData("\"frontchannel_logout_uri\":\"https://a.test:8443/out\"")]
    [InlineData("\"frontchannel_logout_uri\":\"http://a.test/out\"")]
    [InlineData("\"frontchannel_logout_uri\":\"https://a.test/out#x\"")]
    [InlineData("\"frontchannel_logout_uri\":\"javascript:alert(1)\"")]
    [InlineData("\"frontchannel_logout_uri\":\"https://a.test@b.test/out\"")]
    [InlineData("\"frontchannel_logout_uri\":\"/out\"")]
    [InlineData("\"frontchannel_logout_session_required\":true")]
    public void Settings_that_cannot_work_are_refused(string setting) // L28
    {
        using var json = JsonDocument.Parse($$"""{"client_id":"a","type":"web","redirect_uris":["https://a.test/cb"],{{setting}}}""");
        var faults = new List<ConfigurationFault>();
        Assert.Null(ClientDocument.Parse(json.RootElement, "client", onLoopback: false, faults));
        Assert.StartsWith("client.frontchannel_logout_", Assert.Single(faults).Path, StringComparison.Ordinal);
    }

    internal static IReadOnlyList<string> FramesOf(string html) => [.. Frame().Matches(html).Select(m => WebUtility.HtmlDecode(m.Groups[1].Value))];

    private static string PolicyOf(HttpResponseMessage response) => Assert.Single(response.Headers.GetValues("Content-Security-Policy"));

    private async Task<string> SignInAsync(Browser browser, string client)
    {
        using var rp = new TokenClient(_server, client);
        return (await rp.SignInAsync(browser))["id_token"]!;
    }

    private async Task<string?> StateAsync(string session, string client)
    {
        var ended = await _server.AdministerAsync("GET", "/sessions/" + session);
        var outcome = ended.GetProperty("logout").EnumerateArray().Single(o => o.GetProperty("client_id").GetString() == client);
        return outcome.GetProperty("state").GetString();
    }

    [GeneratedRegex("<iframe src=\"([^\"]*)\"")]
    private static partial Regex Frame();
}
