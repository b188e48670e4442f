using System.Net;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Tests.Sessions;

namespace Ostiary.Server.Tests.Pages;

public sealed class AccountPageTests
{
    private const string SessionCookie = "ostiary_session";
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lists_the_sessions_of_the_person_alone()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var csrf = await browser.CsrfAsync("/login");
        await browser.PostAsync(
            "/login",
            [("username", "alice"), ("password", PageHost.Password), ("csrf", csrf)],
            ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        );
        using var second = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        host.Time.Advance(TimeSpan.FromMinutes(5));
        var html = await second.PageAsync("/account");
        Assert.Contains("Firefox on Linux", html, StringComparison.Ordinal);
        Assert.Contains("5 minutes ago", html, StringComparison.Ordinal);
        Assert.Contains("Network 127.0.0.0/24", html, StringComparison.Ordinal);
        Assert.Contains(browser.Cookies[SessionCookie].Split('.')[0], html, StringComparison.Ordinal);
        Assert.DoesNotContain(browser.Cookies[SessionCookie].Split('.')[1], html, StringComparison.Ordinal);
        Assert.DoesNotContain(bob.Cookies[SessionCookie].Split('.')[0], html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signs_another_browser_out()
    {
        await using var host = await PageHost.StartAsync();
        using var lost = await host.SignedInAsync();
        using var browser = await host.SignedInAsync();
        var answer = await EndAsync(browser, lost.Cookies[SessionCookie].Split('.')[0]);
        Assert.Equal("/account", answer.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.SeeOther, (await lost.GetAsync("/account")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/account")).StatusCode);
        Assert.Contains(host.Log.All, r => r is { Act: "account.sign-out", Refused: null, Subject: "usr_alice" });
    }

    [Fact]
    public async Task Ends_no_session_of_somebody_else() // L37
    {
        await using var host = await PageHost.StartAsync();
        using var bob = await host.SignedInAsync("bob");
        using var browser = await host.SignedInAsync();
        foreach (var id in new[] { bob.Cookies[SessionCookie].Split('.')[0], "unknown", "", new string('x', 5000), "../x" })
            Assert.Equal(HttpStatusCode.NotFound, (await EndAsync(browser, id)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await bob.GetAsync("/account")).StatusCode);
        Assert.Equal(Reason.SessionNotFound, host.Log.All[^1].Refused);
    }

    [Theory]
    [InlineData("/account/sessions/end")]
    [InlineData("/account/sessions/end-all")]
    [InlineData("/account/apps/revoke")]
    public async Task Sends_a_form_whose_session_is_over_to_the_sign_in(string path)
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var csrf = await browser.CsrfAsync("/account");
        browser.Cookies.Remove(SessionCookie);

        var answer = await browser.PostAsync(path, [("csrf", csrf), ("client", "billing-web")]);

        Assert.Equal((HttpStatusCode.SeeOther, "/login"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        Assert.Equal(Reason.NotSignedIn, host.Log.All[^1].Refused);
    }

    [Fact]
    public async Task Signs_out_everywhere_with_the_grants_of_all_sessions() // L06
    {
        await using var host = await PageHost.StartAsync();
        using var other = await host.SignedInAsync();
        using var browser = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        var grant = await BrowserSessionsTests.AddGrantAsync(host, other.Cookies[SessionCookie].Split('.')[0], offline: false);
        var answer = await browser.PostAsync("/account/sessions/end-all", [("csrf", await browser.CsrfAsync("/account"))]);
        Assert.Equal("/login", answer.Headers.Location!.OriginalString);
        Assert.DoesNotContain(SessionCookie, browser.Cookies.Keys);
        Assert.Equal(HttpStatusCode.SeeOther, (await other.GetAsync("/account")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await bob.GetAsync("/account")).StatusCode);
        Assert.Equal(GrantEnd.LoggedOut, (await host.Stores.Grants.FindAsync(grant, Ct))!.End);
    }

    [Theory]
    [InlineData("/account/sessions/end")]
    [InlineData("/account/sessions/end-all")]
    public async Task Does_not_call_apps_untold_that_the_server_tells_by_itself(string path)
    {
        await using var host = await PageHost.StartAsync(); // Nobody reads its change feed.
        var present = host.Configuration.Current;
        host.Configuration.Current = PageHost.FakeConfiguration.Of(
            present.Settings,
            [.. present.UsersBySubject.Values],
            [
                present.Clients["notes"] with
                {
                    FrontchannelLogoutUri = "https://notes.test/out",
                },
                present.Clients["billing-web"] with
                {
                    BackchannelLogoutUri = "https://billing.test/out",
                },
            ]
        );
        using var browser = await host.SignedInAsync();
        var session = browser.Cookies[SessionCookie].Split('.')[0];
        await BrowserSessionsTests.AddGrantAsync(host, session, offline: false, client: "notes");
        await BrowserSessionsTests.AddGrantAsync(host, session, offline: false);

        var answer = await browser.PostAsync(path, [("csrf", await browser.CsrfAsync("/account")), ("session", session)]);

        var html = await answer.Content.ReadAsStringAsync(Ct);
        Assert.Contains("Not reached yet; we keep trying: Billing Web.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Could not be told", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revokes_an_app_with_its_grants_and_its_consent()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var mine = await BrowserSessionsTests.AddGrantAsync(host, null, offline: true);
        var otherApp = await BrowserSessionsTests.AddGrantAsync(host, null, offline: true, client: "notes");
        var bobs = await BrowserSessionsTests.AddGrantAsync(host, null, offline: true, subject: "usr_bob");
        await host.Stores.Consents.TryPutAsync(new Consent("usr_alice", "billing-web", ScopeSet.Of(["openid"]), host.Time.Now), null, Ct);
        var html = await browser.PageAsync("/account");
        Assert.Contains("Billing Web", html, StringComparison.Ordinal);
        Assert.Contains("Read your invoices", html, StringComparison.Ordinal);

        var answer = await browser.PostAsync("/account/apps/revoke", [("csrf", Browser.CsrfOf(html)), ("client", "billing-web")]);
        Assert.Equal("/account", answer.Headers.Location!.OriginalString);
        Assert.Equal(GrantEnd.RevokedByUser, (await host.Stores.Grants.FindAsync(mine, Ct))!.End);
        Assert.Equal(GrantStatus.Active, (await host.Stores.Grants.FindAsync(otherApp, Ct))!.Status);
        Assert.Equal(GrantStatus.Active, (await host.Stores.Grants.FindAsync(bobs, Ct))!.Status);
        Assert.Null(await host.Stores.Consents.FindAsync("usr_alice", "billing-web", Ct));
        Assert.DoesNotContain("Billing Web", await browser.PageAsync("/account"), StringComparison.Ordinal);
        var record = host.Log.All.Last(r => r.Act == "account.revoke");
        Assert.Equal((null, "usr_alice", "ended: revoked-by-user"), (record.Refused, record.Subject, record.Change));
    }

    [Fact]
    public async Task Shows_apps_that_are_only_remembered()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        Assert.Contains("No app has access", await browser.PageAsync("/account"), StringComparison.Ordinal);
        await host.Stores.Consents.TryPutAsync(new Consent("usr_alice", "gone-client", ScopeSet.Of(["email"]), host.Time.Now), null, Ct);
        var html = await browser.PageAsync("/account");
        Assert.Contains("gone-client", html, StringComparison.Ordinal);
        Assert.Contains("not in use at present", html, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Spec", "RFC 6819 §4.4.1.8")]
    [InlineData("/account/sessions/end")]
    [InlineData("/account/sessions/end-all")]
    [InlineData("/account/apps/revoke")]
    public async Task Changes_nothing_without_its_own_form(string path)
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        using var stranger = host.NewBrowser();
        var grant = await BrowserSessionsTests.AddGrantAsync(host, null, offline: true);
        var session = browser.Cookies[SessionCookie].Split('.')[0];
        var csrf = await browser.CsrfAsync("/account");
        (string, string)[] fields = [("session", session), ("client", "billing-web")];
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostAsync(path, fields)).StatusCode);
        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await browser.PostAsync(path, [.. fields, ("csrf", csrf)], ("Origin", "https://evil.test"))).StatusCode
        );
        Assert.Equal("/login", (await stranger.PostAsync(path, [.. fields, ("csrf", csrf)])).Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await browser.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/account")).StatusCode);
        Assert.Equal(GrantStatus.Active, (await host.Stores.Grants.FindAsync(grant, Ct))!.Status);
    }

    private static async Task<HttpResponseMessage> EndAsync(Browser browser, string session) =>
        await browser.PostAsync("/account/sessions/end", [("csrf", await browser.CsrfAsync("/account")), ("session", session)]);
}
