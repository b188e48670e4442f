using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.EndSession;
using Ostiary.Server.Stores;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.EndSession;

public sealed class BackchannelLogoutTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [Trait("Spec", "Back-Channel Logout §2.4")]
    [Trait("Spec", "Back-Channel Logout §2.5")]
    [Trait("Spec", "Back-Channel Logout §2.6")]
    [InlineData("RS256")]
    [InlineData("ES256")]
    [InlineData("HS256")]
    public async Task A_logout_tells_the_client_and_the_page_says_so(string algorithm) // K30
    {
        await using var rp = new LogoutPeer();
        await using var server = await rp.StartServerAsync($",\"id_token_signed_response_alg\":\"{algorithm}\"");
        using var browser = server.NewBrowser();
        var idToken = await SignInAsync(server, browser);

        var page = await (await browser.GetAsync("/end_session?id_token_hint=" + idToken)).Content.ReadAsStringAsync(Ct);

        var (token, header, claims) = await rp.TokenAsync(1);
        var of = LogoutPeer.Part(idToken, 1);
        Assert.Equal(("logout+jwt", algorithm), (header.GetProperty("typ").GetString(), header.GetProperty("alg").GetString()));
        Assert.Equal(
            ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"],
            claims.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal)
        );
        foreach (var same in new[] { "iss", "sub", "aud", "sid" })
            Assert.Equal(of.GetProperty(same).GetString(), claims.GetProperty(same).GetString());
        Assert.Equal("""{"http://schemas.openid.net/event/backchannel-logout":{}}""", claims.GetProperty("events").GetRawText());
        var now = server.Time.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal((now, now + 120), (claims.GetProperty("iat").GetInt64(), claims.GetProperty("exp").GetInt64()));
        if (algorithm != "HS256")
            Assert.True(
                Jws.TryVerify(
                    token,
                    server.Server.Endpoints.Keys.Verification,
                    new() { Algorithms = [algorithm], Types = ["logout+jwt"] },
                    out _,
                    out _
                )
            );
        Assert.Contains("Content-Type: application/x-www-form-urlencoded", rp.Asked, StringComparison.Ordinal);
        Assert.Contains("Signed out, too: Billing.", page, StringComparison.Ordinal);
        await (await browser.GetAsync("/end_session?id_token_hint=" + token)).ShouldBePageAsync("OST1080");
    }

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.5")]
    [Trait("Spec", "Back-Channel Logout §2.8")]
    public async Task A_client_that_refuses_is_tried_again_and_seen_meanwhile()
    {
        await using var rp = new LogoutPeer { Status = "400 Bad Request" };
        await using var server = await rp.StartServerAsync();
        using var browser = server.NewBrowser();
        var idToken = await SignInAsync(server, browser);
        var session = LogoutPeer.Part(idToken, 1).GetProperty("sid").GetString()!;

        var page = await (await browser.GetAsync("/end_session?id_token_hint=" + idToken)).Content.ReadAsStringAsync(Ct);

        Assert.Contains("Not reached yet; we keep trying: Billing.", page, StringComparison.Ordinal);
        var waiting = await LogoutPeer.OutcomeAsync(server, session, "waiting", 1);
        Assert.Equal("OST7007", waiting.GetProperty("code").GetString());
        Assert.True(await server.RefusedWithAsync(Reason.FetchStatusWrong));
        server.Time.Advance(TimeSpan.FromSeconds(5));
        await LogoutPeer.OutcomeAsync(server, session, "waiting", 2);
        rp.Status = "204 No Content";
        server.Time.Advance(TimeSpan.FromSeconds(10));
        await LogoutPeer.OutcomeAsync(server, session, "told", 3);
        var ids = new HashSet<string?>();
        for (var sent = 1; sent <= 3; sent++)
            ids.Add((await rp.TokenAsync(sent)).Claims.GetProperty("jti").GetString());
        Assert.Equal(3, ids.Count);
    }

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.8")]
    public async Task After_a_day_it_is_given_up_and_that_is_seen() // L27
    {
        await using var rp = new LogoutPeer { Status = "500 No" };
        await using var server = await rp.StartServerAsync();
        using var browser = server.NewBrowser();
        var idToken = await SignInAsync(server, browser);
        var session = LogoutPeer.Part(idToken, 1).GetProperty("sid").GetString()!;
        await browser.GetAsync("/end_session?id_token_hint=" + idToken);
        await LogoutPeer.OutcomeAsync(server, session, "waiting", 1);

        server.Time.Advance(LogoutNotices.GiveUpAfter);

        await LogoutPeer.OutcomeAsync(server, session, "failed", 2);
        Assert.Single(rp.Bodies);
        Assert.Empty(await server.Server.Issuer.Stores.LogoutNotices.DueAsync(server.Time.GetUtcNow().AddYears(1), 10, Ct));
    }

    [Theory]
    [Trait("Spec", "Back-Channel Logout §2.5")]
    [InlineData("operator")]
    [InlineData("disabled")]
    [InlineData("password")]
    [InlineData("deleted")]
    [InlineData("account")]
    [InlineData("everywhere")]
    [InlineData("replaced")]
    [InlineData("fell")]
    public async Task Whatever_ends_a_session_reaches_its_clients(string end)
    {
        await using var rp = new LogoutPeer();
        await using var server = await rp.StartServerAsync();
        using var browser = server.NewBrowser();
        var claims = LogoutPeer.Part(await SignInAsync(server, browser), 1);
        var session = claims.GetProperty("sid").GetString()!;

        if (end == "operator")
            await server.AdministerAsync("POST", $"/sessions/{session}/end");
        else if (end == "disabled")
            await server.AdministerAsync("POST", "/users/alice/disable");
        else if (end == "password")
            await server.AdministerAsync("PUT", "/users/alice/password", """{"password":"another long password of alice"}""");
        else if (end == "deleted")
            await server.AdministerAsync("DELETE", "/users/alice");
        else if (end is "account" or "everywhere")
        {
            var account = await (await browser.GetAsync("/account")).Content.ReadAsStringAsync(Ct);
            var path = end == "account" ? "/account/sessions/end" : "/account/sessions/end-all";
            await browser.PostAsync(path, ("csrf", Browser.Field(account, "csrf")!), ("session", session));
        }
        else if (end == "replaced")
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            using var web = new TokenClient(server, "web");
            await web.SignInAsync(browser, user: "bob", more: "&prompt=select_account");
        }
        else // A node that fell right after it had ended the session.
            await server.Server.Issuer.Stores.Sessions.TryEndAsync(session, server.Time.GetUtcNow(), Ct);

        Assert.Equal(session, (await rp.TokenAsync(1)).Claims.GetProperty("sid").GetString());
        await LogoutPeer.OutcomeAsync(server, session, "told", 1);
    }

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.5")]
    public async Task An_end_that_is_heard_of_again_tells_nobody_twice()
    {
        await using var rp = new LogoutPeer();
        await using var server = await rp.StartServerAsync();
        using var browser = server.NewBrowser();
        var idToken = await SignInAsync(server, browser);
        var session = LogoutPeer.Part(idToken, 1).GetProperty("sid").GetString()!;
        await browser.GetAsync("/end_session?id_token_hint=" + idToken);
        await LogoutPeer.OutcomeAsync(server, session, "told", 1);

        // As a node does that starts and reads the feed from its beginning.
        await server.Server.Endpoints.LogoutNotices.WriteAsync(session, Ct);

        Assert.Empty(await server.Server.Issuer.Stores.LogoutNotices.DueAsync(server.Time.GetUtcNow().AddYears(1), 10, Ct));
        Assert.Single(rp.Bodies);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_that_only_runs_out_tells_nobody(bool idle)
    {
        await using var rp = new LogoutPeer();
        await using var server = await rp.StartServerAsync();
        using var browser = server.NewBrowser();
        var session = LogoutPeer.Part(await SignInAsync(server, browser), 1).GetProperty("sid").GetString()!;
        var settings = server.Server.Issuer.Configuration.Current.Settings;

        server.Time.Advance(idle ? settings.SessionIdle : settings.SessionLifetime);

        await (await browser.GetAsync("/account")).Content.ReadAsStringAsync(Ct);
        await server.Server.Endpoints.LogoutNotices.CatchUpAsync(Ct);
        Assert.Empty(await server.Server.Issuer.Stores.LogoutNotices.OfSessionAsync(session, Ct));
        Assert.False((await server.AdministerAsync("GET", "/sessions/" + session)).TryGetProperty("logout", out _));
    }

    [Fact]
    public async Task Who_has_no_address_is_named_as_not_told()
    {
        await using var rp = new LogoutPeer();
        await using var server = await rp.StartServerAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");
        var idToken = (await web.SignInAsync(browser))["id_token"]!;

        var page = await (await browser.GetAsync("/end_session?id_token_hint=" + idToken)).Content.ReadAsStringAsync(Ct);

        Assert.Contains("Could not be told; sign out there yourself: Web.", page, StringComparison.Ordinal);
        Assert.Empty(rp.Bodies);
    }

    [Theory]
    [Trait("Spec", "Back-Channel Logout §2.2")]
    [InlineData("""{"client_id":"a","type":"web","redirect_uris":["https://a.test/cb"],"backchannel_logout_uri":"http://a.test/out"}""")]
    [InlineData("""{"client_id":"a","type":"web","redirect_uris":["https://a.test/cb"],"backchannel_logout_uri":"https://a.test/out#x"}""")]
    [InlineData("""{"client_id":"a","type":"web","redirect_uris":["https://a.test/cb"],"backchannel_logout_uri":"/out"}""")]
    [InlineData("""{"client_id":"a","type":"web","redirect_uris":["https://a.test/cb"],"backchannel_logout_session_required":true}""")]
    [InlineData("""{"client_id":"a","type":"service","scope":"read","backchannel_logout_uri":"https://a.test/out"}""")]
    public void Settings_that_cannot_work_are_refused(string client)
    {
        using var json = JsonDocument.Parse(client);
        var faults = new List<ConfigurationFault>();
        Assert.Null(ClientDocument.Parse(json.RootElement, "client", onLoopback: false, faults));
        Assert.StartsWith("client.backchannel_logout_", Assert.Single(faults).Path, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.1")]
    public async Task Metadata_and_registration_say_so()
    {
        await using var rp = new LogoutPeer();
        await using var server = await rp.StartServerAsync();
        using var http = server.NewHttp();
        using var metadata = JsonDocument.Parse(await http.GetStringAsync(new Uri("/.well-known/openid-configuration", UriKind.Relative), Ct));
        Assert.True(metadata.RootElement.GetProperty("backchannel_logout_supported").GetBoolean());
        Assert.True(metadata.RootElement.GetProperty("backchannel_logout_session_supported").GetBoolean());
        var client = await server.AdministerAsync("GET", "/clients/rp");
        Assert.Equal(rp.Url, client.GetProperty("backchannel_logout_uri").GetString());
        Assert.True(client.GetProperty("backchannel_logout_session_required").GetBoolean());
    }

    [Fact]
    public void Pauses_grow_up_to_an_hour()
    {
        Assert.Equal([5, 10, 20, 40], Enumerable.Range(1, 4).Select(tries => (int)LogoutDelivery.PauseAfter(tries).TotalSeconds));
        Assert.All(Enumerable.Range(10, 90), tries => Assert.InRange(LogoutDelivery.PauseAfter(tries).TotalMinutes, 42, 60));
    }

    private static async Task<string> SignInAsync(TestServer server, Browser browser)
    {
        using var rp = new TokenClient(server, "rp");
        return (await rp.SignInAsync(browser))["id_token"]!;
    }
}
