using System.Net;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Tests.Pages;

public sealed class ConsentPageTests
{
    private const string Path = "/consent?flow=handle-1";

    [Fact]
    [Trait("Spec", "OIDC Core §3.1.2.4")]
    public async Task Says_who_asks_for_what_and_where_it_leads()
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        using var browser = await host.SignedInAsync();
        var html = await browser.PageAsync(Path);
        Assert.Contains("Billing Web wants to access your account", html, StringComparison.Ordinal);
        Assert.Contains("Signed in as <strong>alice</strong>", html, StringComparison.Ordinal);
        Assert.Contains("href=\"/login?flow=handle-1\"", html, StringComparison.Ordinal);
        Assert.Contains("See your e-mail address <code>email</code>", html, StringComparison.Ordinal);
        Assert.Contains("name=\"scope\" value=\"invoices.read\" checked", html, StringComparison.Ordinal);
        Assert.Contains("also when you are away", html, StringComparison.Ordinal);
        Assert.Contains("<strong>billing.example</strong>", html, StringComparison.Ordinal);
        Assert.Contains("Registered by the operator of Acme", html, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"scope\" value=\"openid\"", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("allow", true)]
    [InlineData("deny", false)]
    public async Task Hands_the_answer_with_the_optional_scopes_that_were_left_on(string decision, bool allow)
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        using var browser = await host.SignedInAsync();
        var csrf = await browser.CsrfAsync(Path);
        var answer = await browser.PostAsync(Path, [("csrf", csrf), ("decision", decision), ("scope", "invoices.read"), ("scope", "offline_access")]);
        Assert.Equal("https://billing.example/callback?code=the-code", answer.Headers.Location!.OriginalString);
        var told = Assert.Single(host.Interactions.Answers);
        Assert.Equal(("handle-1", "usr_alice", allow), (told.Handle, told.Session.Subject, told.Allow));
        Assert.Equal(["invoices.read", "offline_access"], told.Scopes);
    }

    [Fact]
    public async Task Takes_no_scope_that_was_not_asked_for() // A66
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        using var browser = await host.SignedInAsync();
        var csrf = await browser.CsrfAsync(Path);
        await browser.PostAsync(
            Path,
            [
                ("csrf", csrf),
                ("decision", "allow"),
                ("scope", "admin"),
                ("scope", "openid"),
                ("client_id", "notes"),
                ("redirect_uri", "https://evil.test"),
            ]
        );
        Assert.Empty(Assert.Single(host.Interactions.Answers).Scopes);
    }

    [Fact]
    [Trait("Spec", "RFC 6819 §4.4.1.8")]
    public async Task Refuses_answers_that_did_not_come_from_its_page() // A65
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        host.Interactions.Add(handle: "handle-2");
        using var browser = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        var own = await browser.CsrfAsync(Path);
        var otherInteraction = await browser.CsrfAsync("/consent?flow=handle-2");
        var otherPage = await browser.CsrfAsync("/account");
        foreach (var csrf in new[] { "", "x", otherInteraction, otherPage, await bob.CsrfAsync("/account") })
            Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostAsync(Path, [("csrf", csrf), ("decision", "allow")])).StatusCode);
        var crossSite = await browser.PostAsync(Path, [("csrf", own), ("decision", "allow")], ("Sec-Fetch-Site", "cross-site"));
        Assert.Equal(HttpStatusCode.Forbidden, crossSite.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(Path + "&decision=allow&csrf=" + own)).StatusCode);
        Assert.Empty(host.Interactions.Answers);
        Assert.Equal(6, host.Log.All.Count(r => r.Act == "consent.form" && r.Refused == Reason.FormForged));
    }

    [Theory]
    [InlineData()]
    [InlineData("maybe")]
    [InlineData("allow", "deny")]
    [InlineData("Allow")]
    public async Task Refuses_an_unclear_answer(params string[] decisions)
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        using var browser = await host.SignedInAsync();
        var csrf = await browser.CsrfAsync(Path);
        var answer = await browser.PostAsync(Path, [("csrf", csrf), .. decisions.Select(d => ("decision", d))]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(host.Interactions.Answers);
    }

    [Fact]
    public async Task Asks_who_it_is_first()
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        using var browser = host.NewBrowser();
        Assert.Equal("/login?flow=handle-1", (await browser.GetAsync(Path)).Headers.Location!.OriginalString);
        Assert.Equal("/login?flow=handle-1", (await browser.PostAsync(Path, [("decision", "allow")])).Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync("/consent")).StatusCode);
    }

    [Fact]
    public async Task Shows_hostile_apps_as_text_and_says_that_nobody_verified_them() // A64, L30
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add(p =>
            p with
            {
                App = new(
                    "x",
                    "\u202E<b>Acme\u0000 Bank</b>" + new string('y', 10_000),
                    "evil.test",
                    false,
                    "javascript:alert(1)",
                    "https://evil.test/x.png",
                    "data:text/html,x",
                    null
                ),
                Scopes = [new("a", "<script>alert(3)</script>\u202E", null, false), new("weird.scope", null, null, true)],
                FormTarget = "https://evil.test; script-src 'unsafe-inline'",
            }
        );
        using var browser = await host.SignedInAsync();
        var answer = await browser.GetAsync(Path);
        var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.InRange(html.Length, 0, 8000);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("javascript:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("data:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("x.png", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', html);
        Assert.Contains("<strong>evil.test</strong>", html, StringComparison.Ordinal);
        Assert.Contains("Not verified", html, StringComparison.Ordinal);
        Assert.Contains("A permission that has no description <code>weird.scope</code>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lets_the_answer_lead_to_the_app_and_nowhere_else() // L31
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        using var browser = await host.SignedInAsync();
        var policy = Assert.Single((await browser.GetAsync(Path)).Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("form-action 'self' https://billing.example;", policy, StringComparison.Ordinal);
    }
}
