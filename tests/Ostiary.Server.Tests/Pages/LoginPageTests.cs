using System.Net;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Users;

namespace Ostiary.Server.Tests.Pages;

public sealed class LoginPageTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Spec", "RFC 9700 §4.12")]
    public async Task Sends_a_signed_in_browser_on_by_303() // A45
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        using var browser = host.NewBrowser();
        var answer = await browser.SignInAsync("alice", PageHost.Password, "/login?flow=handle-1");
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.EndsWith("/authorize/continue?flow=handle-1&chosen=True", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("no-store", Assert.Single(answer.Headers.GetValues("Cache-Control")));
        var record = host.Log.All.Last(r => r.Act == "login.password");
        Assert.Null(record.Refused);
        Assert.Equal(("usr_alice", "billing-web", "flow_reference1", "signed-in"), (record.Subject, record.ClientId, record.Flow, record.Change));
    }

    [Fact]
    [Trait("Spec", "RFC 8176 §2")]
    public async Task Notes_that_a_password_was_used()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var id = browser.Cookies["ostiary_session"].Split('.')[0];
        Assert.Equal(["pwd"], (await host.Stores.Sessions.FindAsync(id, Ct))!.Amr);
    }

    [Theory]
    [InlineData("alice", "wrong", Reason.CredentialsWrong)]
    [InlineData("nobody", PageHost.Password, Reason.CredentialsWrong)]
    [InlineData("nopassword", PageHost.Password, Reason.CredentialsWrong)]
    [InlineData("disabled", "wrong", Reason.CredentialsWrong)]
    [InlineData("disabled", PageHost.Password, Reason.AccountDisabled)]
    public async Task Answers_alike_whatever_was_wrong(string username, string password, Reason recorded) // L07
    {
        await using var host = await PageHost.StartAsync();
        using var reference = host.NewBrowser();
        using var browser = host.NewBrowser();
        var expected = await reference.SignInAsync("alice", "wrong too");
        var answer = await browser.SignInAsync(username, password);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(expected.Headers.Select(h => h.Key), answer.Headers.Select(h => h.Key));
        Assert.Equal(expected.Headers.GetValues("Content-Security-Policy"), answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal(Neutral(await expected.Content.ReadAsStringAsync(Ct), "alice"), Neutral(await answer.Content.ReadAsStringAsync(Ct), username));
        Assert.Equal(["ostiary_browser"], browser.Cookies.Keys);
        Assert.Equal(recorded, host.Log.All[^1].Refused);

        static string Neutral(string html, string name) =>
            html.Replace(Browser.CsrfOf(html), "", StringComparison.Ordinal).Replace($"value=\"{name}\"", "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hashes_for_nobody_as_for_somebody() // L07
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var csrf = await browser.CsrfAsync("/login");

        // The processor time of this process and not the clock: a busy machine stretches only the latter.
        var before = Environment.CpuUsage.TotalTime;
        await browser.PostAsync("/login", [("username", "nobody"), ("password", "wrong"), ("csrf", csrf)]);
        var unknown = Environment.CpuUsage.TotalTime - before;

        Assert.True(unknown > TimeSpan.FromMilliseconds(8), $"{unknown.TotalMilliseconds} ms is no password hash");
    }

    [Fact]
    public async Task Says_what_is_wrong_where_screen_readers_find_it_and_keeps_the_name()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var answer = await browser.SignInAsync("alice\"><i>", "wrong");
        var html = await answer.Content.ReadAsStringAsync(Ct);
        Assert.Contains("role=\"alert\" id=\"problem\"", html, StringComparison.Ordinal);
        Assert.Contains("aria-describedby=\"problem\"", html, StringComparison.Ordinal);
        Assert.Contains("value=\"alice&quot;&gt;&lt;i&gt;\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong\"", html, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RFC 6819 §4.4.1.8")]
    public async Task Refuses_forms_that_did_not_come_from_its_page() // L02
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        using var attacker = host.NewBrowser();
        var own = await browser.CsrfAsync("/login");
        var foreign = await attacker.CsrfAsync("/login");
        await RefusedAsync([("username", "alice"), ("password", PageHost.Password)]);
        await RefusedAsync([("username", "alice"), ("password", PageHost.Password), ("csrf", foreign)]);
        await RefusedAsync([("username", "alice"), ("password", PageHost.Password), ("csrf", own + "x")]);
        await RefusedAsync([("username", "alice"), ("password", PageHost.Password), ("csrf", own)], ("Origin", "https://evil.test"));
        await RefusedAsync([("username", "alice"), ("password", PageHost.Password), ("csrf", own)], ("Sec-Fetch-Site", "cross-site"));
        await RefusedAsync([("username", "alice"), ("password", PageHost.Password), ("csrf", own)], ("Sec-Fetch-Site", "same-site"));
        host.Time.Advance(TimeSpan.FromHours(4));
        await RefusedAsync([("username", "alice"), ("password", PageHost.Password), ("csrf", own)]);
        Assert.All(host.Log.All, r => Assert.Equal((Reason.FormForged, 0), (r.Refused, r.Passed)));

        async Task RefusedAsync((string, string)[] fields, params (string, string)[] headers)
        {
            var answer = await browser.PostAsync("/login", fields, headers);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.DoesNotContain("ostiary_session", browser.Cookies.Keys);
        }
    }

    [Fact]
    [Trait("Spec", "RFC 6819 §5.1.4.2.3")]
    public async Task Makes_who_guesses_wait_and_nobody_else() // L10
    {
        await using var host = await PageHost.StartAsync();
        using var owner = await host.SignedInAsync();
        using var browser = host.NewBrowser();
        for (var i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.SignInAsync("alice", "wrong")).StatusCode);

        var answer = await browser.SignInAsync("alice", PageHost.Password);

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(30), answer.Headers.RetryAfter!.Delta);
        Assert.Equal(Reason.TooManyAttempts, host.Log.All[^1].Refused);
        Assert.DoesNotContain("ostiary_session", browser.Cookies.Keys);
        Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync("/account")).StatusCode);
        host.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SignInAsync("alice", PageHost.Password)).StatusCode);
    }

    [Fact]
    public async Task Takes_forms_that_browsers_send_for_its_own_page()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var csrf = await browser.CsrfAsync("/login");
        host.Time.Advance(TimeSpan.FromHours(2));
        var answer = await browser.PostAsync(
            "/login",
            [("username", "alice"), ("password", PageHost.Password), ("csrf", csrf)],
            ("Origin", "null"),
            ("Sec-Fetch-Site", "same-origin")
        );
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal("/account", answer.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("ALICE")]
    [InlineData("alice@example.com")]
    [InlineData(" Alice@EXAMPLE.com ")]
    public async Task Knows_an_account_by_all_its_names(string name)
    {
        await using var host = await PageHost.StartAsync();
        using var browser = await host.SignedInAsync(name);
        Assert.Contains("alice", await browser.PageAsync("/account"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("аlice")]
    [InlineData("alıce")]
    [InlineData("ＡＬＩＣＥ")]
    public async Task Takes_no_look_alike_for_an_account(string name) // L19
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SignInAsync(name, PageHost.Password)).StatusCode);
    }

    [Fact]
    [Trait("Spec", "RFC 6819 §5.1.4.2.3")]
    public async Task Slows_guessing_down_under_one_count_for_all_names_of_an_account() // L08, L10
    {
        await using var host = await PageHost.StartAsync();
        string[] names = ["alice", "ALICE", "alice@example.com"];
        using var owner = await host.SignedInAsync();
        using var attacker = host.NewBrowser();
        for (var i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await attacker.SignInAsync(names[i % 3], "wrong")).StatusCode);
        foreach (var name in names)
        {
            var refused = await attacker.SignInAsync(name, PageHost.Password);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Equal("30", Assert.Single(refused.Headers.GetValues("Retry-After")));
            Assert.Contains("wait 30 seconds", await refused.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        }
        host.Interactions.Add();
        Assert.Equal(HttpStatusCode.SeeOther, (await owner.SignInAsync("alice", PageHost.Password, "/login?flow=handle-1")).StatusCode);
        using var elsewhere = host.NewBrowser(from: "127.9.9.9");
        Assert.Equal(HttpStatusCode.SeeOther, (await elsewhere.SignInAsync("alice", PageHost.Password)).StatusCode);
    }

    [Fact]
    public async Task Refuses_with_503_when_the_password_queue_is_full() // L18
    {
        var passwords = new Passwords(threads: 0, waiting: 1);
        await using var host = await PageHost.StartAsync(passwords: passwords);
        Assert.NotNull(passwords.TryCheck(null, "waits", CancellationToken.None));
        using var browser = host.NewBrowser();
        for (var i = 0; i < 15; i++) // A full queue is nobody's failure: it does not count for the throttle.
        {
            var answer = await browser.SignInAsync("alice", PageHost.Password);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Contains("Try again in a few seconds", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
            Assert.Equal(Reason.PasswordQueueFull, host.Log.All[^1].Refused);
        }
    }

    [Fact]
    public async Task Keeps_a_stronger_hash_when_there_is_one()
    {
        Assert.SkipUnless(PasswordHash.Algorithm == "argon2id", "libargon2 is not installed");
        await using var host = await PageHost.StartAsync();
        var old = PasswordHash.CreatePbkdf2(PageHost.Password);
        host.Configuration.Current = PageHost.FakeConfiguration.Of(new(), PageHost.FakeConfiguration.Alice with { PasswordHash = old });
        using var browser = await host.SignedInAsync();
        var update = Assert.Single(host.PasswordUpdates.All);
        Assert.Equal(("usr_alice", old), (update.Subject, update.Old));
        Assert.True(PasswordHash.Verify(update.New, PageHost.Password));
    }

    [Fact]
    [Trait("Spec", "OIDC Core §3.1.2.3")]
    public async Task Continues_a_session_with_one_click_only_where_the_request_lets_it()
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add(p => p with { MayContinueSession = true }, "may");
        host.Interactions.Add(handle: "fresh");
        using var browser = await host.SignedInAsync();
        var html = await browser.PageAsync("/login?flow=may");
        Assert.Contains("Continue as alice", html, StringComparison.Ordinal);
        var answer = await browser.PostAsync("/login?flow=may", [("csrf", Browser.CsrfOf(html)), ("decision", "continue")]);
        Assert.EndsWith("/authorize/continue?flow=may&chosen=True", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);

        var fresh = await browser.PageAsync("/login?flow=fresh");
        Assert.DoesNotContain("Continue as", fresh, StringComparison.Ordinal);
        var refused = await browser.PostAsync("/login?flow=fresh", [("csrf", Browser.CsrfOf(fresh)), ("decision", "continue")]);
        Assert.Equal("/login?flow=fresh", refused.Headers.Location!.OriginalString);
        Assert.Equal(Reason.LoginRequired, host.Log.All[^1].Refused);
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §3.1")]
    public async Task Shows_unknown_foreign_and_repeated_interactions_as_errors()
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        using var owner = host.NewBrowser();
        using var other = host.NewBrowser();
        await owner.PageAsync("/login?flow=handle-1");
        Assert.Equal(HttpStatusCode.BadRequest, (await other.GetAsync("/login?flow=handle-1")).StatusCode);
        Assert.Equal(Reason.InteractionOfAnotherBrowser, host.Log.All[^1].Refused);
        Assert.Equal(HttpStatusCode.BadRequest, (await owner.GetAsync("/login?flow=nothing")).StatusCode);
        Assert.Equal(Reason.InteractionUnknown, host.Log.All[^1].Refused);
        Assert.Equal(HttpStatusCode.BadRequest, (await owner.GetAsync("/login?flow=handle-1&flow=handle-2")).StatusCode);
        Assert.Equal(Reason.ParameterRepeated, host.Log.All[^1].Refused);
        Assert.Equal(HttpStatusCode.BadRequest, (await owner.GetAsync("/login?flow=" + new string('x', 4000))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await owner.GetAsync("/login?flow=%00")).StatusCode);
    }

    [Fact]
    public async Task Signs_nobody_in_where_the_decision_cannot_be_recorded()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var csrf = await browser.CsrfAsync("/login");
        host.Log.IsBroken = true;
        var answer = await browser.PostAsync("/login", [("username", "alice"), ("password", PageHost.Password), ("csrf", csrf)]);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        Assert.False(answer.Headers.Contains("Location"));
    }
}
