using System.Net;
using Ostiary.Protocol;
using Ostiary.Server.Grants;
using Ostiary.Server.Tests.Pages;

namespace Ostiary.Server.Tests.Sessions;

public sealed class BrowserSessionsTests
{
    private const string SessionCookie = "ostiary_session";
    private const string BrowserCookie = "ostiary_browser";

    [Fact]
    public async Task Gives_a_new_secret_at_every_sign_in_and_the_old_one_is_dead() // L01
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var first = browser.Cookies[SessionCookie];
        host.Interactions.Add();
        await browser.SignInAsync("alice", PageHost.Password, "/login?flow=handle-1");
        var second = browser.Cookies[SessionCookie];
        Assert.Equal(first.Split('.')[0], second.Split('.')[0]);
        Assert.NotEqual(first.Split('.')[1], second.Split('.')[1]);
        browser.Cookies[SessionCookie] = first;
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task Does_not_adopt_a_session_that_somebody_else_put_into_the_browser() // L01
    {
        await using var host = await PageHost.StartAsync();
        using var attacker = await host.SignedInAsync("bob");
        using var victim = host.NewBrowser();
        victim.Cookies[SessionCookie] = attacker.Cookies[SessionCookie];
        host.Interactions.Add();
        await victim.SignInAsync("alice", PageHost.Password, "/login?flow=handle-1");
        Assert.NotEqual(attacker.Cookies[SessionCookie], victim.Cookies[SessionCookie]);
        Assert.Equal(HttpStatusCode.SeeOther, (await attacker.GetAsync("/account")).StatusCode);
        Assert.Contains("alice", await victim.PageAsync("/account"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keeps_the_browser_cookie_over_sign_in_and_sign_out()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        await browser.GetAsync("/login");
        var before = browser.Cookies[BrowserCookie];
        await browser.SignInAsync("alice", PageHost.Password);
        await SignOutAsync(browser);
        Assert.Equal(before, browser.Cookies[BrowserCookie]);
        Assert.DoesNotContain(SessionCookie, browser.Cookies.Keys);
    }

    [Fact]
    public async Task Sets_cookies_with_the_host_prefix_and_all_flags_under_https() // L03
    {
        await using var host = await PageHost.StartAsync("https://as.test");
        using var browser = host.NewBrowser();
        var page = await browser.GetAsync("/login");
        var csrf = Browser.CsrfOf(await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var answer = await browser.PostAsync("/login", [("username", "alice"), ("password", PageHost.Password), ("csrf", csrf)]);
        var device = Assert.Single(page.Headers.GetValues("Set-Cookie"));
        Assert.Matches("^__Host-ostiary_browser=[A-Za-z0-9_-]{43}; max-age=34560000; path=/; secure; samesite=lax; httponly$", device);
        var session = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Matches(@"^__Host-ostiary_session=[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}; path=/; secure; samesite=lax; httponly$", session);
    }

    [Fact]
    public async Task Sets_cookies_without_prefix_and_Secure_on_plain_loopback() // L03
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var page = await browser.GetAsync("/login");
        Assert.Matches(
            "^ostiary_browser=[A-Za-z0-9_-]{43}; max-age=34560000; path=/; samesite=lax; httponly$",
            Assert.Single(page.Headers.GetValues("Set-Cookie"))
        );
    }

    [Fact]
    public async Task Treats_two_cookies_of_the_same_name_as_none() // L04
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        using var tossed = host.NewBrowser();
        var ours = $"{SessionCookie}={browser.Cookies[SessionCookie]}";
        Assert.Equal(HttpStatusCode.OK, (await tossed.GetAsync("/account", ("Cookie", ours))).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await tossed.GetAsync("/account", ("Cookie", $"{ours}; {SessionCookie}=x"))).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await tossed.GetAsync("/account", ("Cookie", $"{ours}; {ours}"))).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData(".")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA=.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("%00%ff%zz")]
    [InlineData("\"quoted\"")]
    [InlineData("long")]
    public async Task Ignores_garbage_in_its_cookies(string value) // L05
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        value = value == "long" ? new string('A', 12_000) : value;
        var answer = await browser.GetAsync("/account", ("Cookie", $"{SessionCookie}={value}; {BrowserCookie}={value}"));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var login = await browser.GetAsync("/login", ("Cookie", $"{SessionCookie}={value}; {BrowserCookie}={value}"));
        Assert.Equal(HttpStatusCode.OK, login.StatusCode);
        Assert.Contains(BrowserCookie, browser.Cookies.Keys);
    }

    [Fact]
    public async Task Refuses_the_right_id_with_another_secret()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        using var other = await host.SignedInAsync();
        browser.Cookies[SessionCookie] = browser.Cookies[SessionCookie].Split('.')[0] + "." + other.Cookies[SessionCookie].Split('.')[1];
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task Keeps_only_hashes_of_what_the_cookie_holds()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var parts = browser.Cookies[SessionCookie].Split('.');
        var stored = await host.Stores.Sessions.FindAsync(parts[0], TestContext.Current.CancellationToken);
        Assert.NotNull(stored);
        Assert.DoesNotContain(parts[1], stored.ToString(), StringComparison.Ordinal);
        Assert.Equal("127.0.0.0/24", stored.Network);
        Assert.Equal(["pwd"], stored.Amr);
    }

    [Fact]
    public async Task Ends_a_session_that_was_idle_too_long_and_one_that_is_too_old()
    {
        await using var host = await PageHost.StartAsync();
        using var idle = await host.SignedInAsync();
        using var busy = await host.SignedInAsync();
        for (var minutes = 0; minutes < 130; minutes += 10)
        {
            host.Time.Advance(TimeSpan.FromMinutes(10));
            Assert.Equal(HttpStatusCode.OK, (await busy.GetAsync("/account")).StatusCode);
        }
        Assert.Equal(HttpStatusCode.SeeOther, (await idle.GetAsync("/account")).StatusCode);
        host.Time.Advance(TimeSpan.FromHours(10));
        Assert.Equal(HttpStatusCode.SeeOther, (await busy.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task Marks_activity_at_most_once_a_minute()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var id = browser.Cookies[SessionCookie].Split('.')[0];
        var start = host.Time.Now;
        host.Time.Advance(TimeSpan.FromSeconds(59));
        await browser.GetAsync("/account");
        Assert.Equal(start, (await host.Stores.Sessions.FindAsync(id, TestContext.Current.CancellationToken))!.SeenAt);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await browser.GetAsync("/account");
        Assert.Equal(host.Time.Now, (await host.Stores.Sessions.FindAsync(id, TestContext.Current.CancellationToken))!.SeenAt);
    }

    [Fact]
    public async Task Ends_at_once_when_the_account_is_disabled_or_gone() // L06
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var settings = host.Configuration.Current.Settings;
        host.Configuration.Current = PageHost.FakeConfiguration.Of(settings, PageHost.FakeConfiguration.Alice with { Disabled = true });
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync("/account")).StatusCode);
        host.Configuration.Current = PageHost.FakeConfiguration.Of(settings, PageHost.FakeConfiguration.Bob);
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync("/account")).StatusCode);
    }

    [Fact]
    [Trait("Spec", "OIDC Core §11")]
    public async Task Ends_the_grants_of_the_session_but_not_those_that_outlive_it()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var session = browser.Cookies[SessionCookie].Split('.')[0];
        var bound = await AddGrantAsync(host, session, offline: false);
        var offline = await AddGrantAsync(host, session, offline: true);
        await SignOutAsync(browser);
        var ct = TestContext.Current.CancellationToken;
        Assert.Equal(GrantEnd.LoggedOut, (await host.Stores.Grants.FindAsync(bound, ct))!.End);
        Assert.Equal(GrantStatus.Active, (await host.Stores.Grants.FindAsync(offline, ct))!.Status);
    }

    internal static async Task<GrantId> AddGrantAsync(
        PageHost host,
        string? session,
        bool offline,
        string client = "billing-web",
        string subject = "usr_alice"
    )
    {
        var id = GrantId.Read(Entropy.Bytes(GrantId.Size));
        var scope = ScopeSet.Of(["openid", "invoices.read"]);
        var grant = new Grant
        {
            Id = id,
            ClientId = client,
            Status = GrantStatus.Active,
            CreatedAt = host.Time.Now,
            ExpiresAt = host.Time.Now.AddDays(30),
            Generation = 1,
            Request = new GrantRequest { Scope = scope, Flow = "flow_x" },
            Approval = new Approval
            {
                Subject = subject,
                Scope = scope,
                AuthenticatedAt = host.Time.Now,
                SessionId = session,
                Refreshable = true,
                Offline = offline,
            },
        };
        Assert.True(await host.Stores.Grants.TryCreateAsync(grant, CancellationToken.None));
        return id;
    }

    private static async Task SignOutAsync(Browser browser)
    {
        var csrf = await browser.CsrfAsync("/account");
        var session = browser.Cookies[SessionCookie].Split('.')[0];
        var answer = await browser.PostAsync("/account/sessions/end", [("csrf", csrf), ("session", session)]);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
    }
}
