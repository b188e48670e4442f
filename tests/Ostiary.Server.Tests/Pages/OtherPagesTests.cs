using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.EndSession;
using Ostiary.Server.Http;
using Ostiary.Server.Pages;

namespace Ostiary.Server.Tests.Pages;

public sealed class OtherPagesTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Reason.ClientUnknown, 400, "is not registered with this server", "You were not signed in to the app")]
    [InlineData(Reason.RedirectUriMismatch, 400, "an address that it has not registered", "You were not signed in to the app")]
    [InlineData(Reason.LogoutRedirectMismatch, 400, "an address that it has not registered", "You were not sent on to the app")]
    [InlineData(Reason.FormForged, 403, "did not come from a page of this server", "Nothing was changed")]
    [InlineData(Reason.StorageFull, 503, "could not be answered", "Nothing was changed")]
    [InlineData(Reason.TokenUnknown, 400, "could not be answered", "Nothing was changed")]
    public async Task Explains_a_refusal_to_people_and_to_developers(Reason reason, int status, string happened, string undone)
    {
        await using var host = await PageHost.StartAsync(map: (app, h) => app.MapGet("/fail", Fail(h, reason)));
        using var browser = host.NewBrowser();
        var answer = await browser.GetAsync("/fail?error_description=%3Cscript%3E");
        var html = await answer.Content.ReadAsStringAsync(Ct);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Null(answer.Headers.Location);
        Assert.Contains(happened, html, StringComparison.Ordinal);
        Assert.Contains(undone, html, StringComparison.Ordinal);
        Assert.Contains(Assert.Single(answer.Headers.GetValues(Flow.Header)), html, StringComparison.Ordinal);
        Assert.Contains($"href=\"/errors/{Refusal.CodeOf(reason)}\"", html, StringComparison.Ordinal);
        Assert.Contains(Refusal.NameOf(reason), html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal); // A68

        static RequestDelegate Fail(PageHost host, Reason reason) => http => ErrorPage.WriteAsync(http, host.Issuer, reason);
    }

    [Fact]
    public async Task Explains_it_in_German_too()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var answer = await browser.GetAsync("/login?flow=x", ("Accept-Language", "de-CH, en;q=0.5"));
        Assert.Equal("de", answer.Content.Headers.ContentLanguage.Single());
        Assert.Contains("Diese Anmeldung ist vorbei", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Has_a_page_for_every_code_and_for_no_other()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        foreach (var reason in Enum.GetValues<Reason>())
        {
            var html = await browser.PageAsync("/errors/" + Refusal.CodeOf(reason));
            Assert.Contains(Refusal.NameOf(reason), html, StringComparison.Ordinal);
        }
        foreach (var code in new[] { "OST0000", "ost1012", "OST1012x", "OST-101", "1012", "%00", "..%2f", new string('x', 2000) })
            Assert.InRange((int)(await browser.GetAsync("/errors/" + code)).StatusCode, 400, 404);
    }

    [Fact]
    [Trait("Spec", "OAuth Form Post §2")]
    public async Task Posts_an_answer_with_a_real_button_and_no_inline_script()
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        host.Interactions.AnswersByFormPost = true;
        using var browser = await host.SignedInAsync();
        var csrf = await browser.CsrfAsync("/consent?flow=handle-1");
        var answer = await browser.PostAsync("/consent?flow=handle-1", [("csrf", csrf), ("decision", "allow")]);
        var html = await answer.Content.ReadAsStringAsync(Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("<form method=\"post\" action=\"https://billing.example/callback\">", html, StringComparison.Ordinal);
        Assert.Contains("name=\"state\" value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\"", html, StringComparison.Ordinal);
        Assert.Contains("<button class=\"primary block\" type=\"submit\">Continue</button>", html, StringComparison.Ordinal);
        Assert.Matches("<script src=\"/assets/form-post\\.[0-9a-f]{16}\\.js\" defer></script>", html);
        Assert.Contains(
            "form-action 'self' https://billing.example;",
            answer.Headers.GetValues("Content-Security-Policy").Single(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Spec", "RP-Initiated Logout §2")]
    public async Task Asks_before_a_logout_and_takes_only_its_own_form() // L25
    {
        await using var host = await PageHost.StartAsync(map: MapLogout);
        using var browser = await host.SignedInAsync();
        var html = await browser.PageAsync("/end_session");
        Assert.Contains("Sign out of Acme?", html, StringComparison.Ordinal);
        Assert.Contains("name=\"state\" value=\"a&quot;b\"", html, StringComparison.Ordinal);
        Assert.Equal("FormForged", await PostAsync([("decision", "logout")]));
        Assert.Equal("LogoutNotConfirmed", await PostAsync([("csrf", Browser.CsrfOf(html))]));
        Assert.Equal("", await PostAsync([("csrf", Browser.CsrfOf(html)), ("decision", "logout")]));
        Assert.Contains("You are signed out", await browser.PageAsync("/logged-out"), StringComparison.Ordinal);

        async Task<string> PostAsync((string, string)[] fields) =>
            await (await browser.PostAsync("/end_session", fields)).Content.ReadAsStringAsync(Ct);
    }

    /// <summary>Every kind of outcome; apps that the server does not know are shown by their ids.</summary>
    private static AfterLogout AfterLogoutOf(string app)
    {
        LogoutOutcome Outcome(string name, LogoutNoticeState? state) =>
            new(
                $"{app} {name}",
                state is null
                    ? null
                    : new LogoutNotice
                    {
                        SessionId = "s",
                        ClientId = name,
                        Subject = "alice",
                        CreatedAt = default,
                        DueAt = default,
                        KeptUntil = default,
                        State = state.Value,
                    }
            );
        return new AfterLogout
        {
            Outcomes =
            [
                Outcome("Web", LogoutNoticeState.Told),
                Outcome("Archive", LogoutNoticeState.Told),
                Outcome("Desk", LogoutNoticeState.Shown),
                Outcome("Phone", LogoutNoticeState.Waiting),
                Outcome("Old", null),
            ],
        };
    }

    internal static void MapLogout(IEndpointRouteBuilder app, PageHost host)
    {
        var page = new LogoutPage(host.Context);
        app.MapGet(
            "/end_session",
            (RequestDelegate)(
                async http =>
                    await page.ConfirmAsync(http, await host.Sessions.CurrentAsync(http, default), "Billing Web", null, [new("state", "a\"b")])
            )
        );
        app.MapPost(
            "/end_session",
            (RequestDelegate)(
                async http =>
                {
                    var (form, _) = await RequestReader.ReadFormAsync(http);
                    await http.Response.WriteAsync(page.Refuse(http, form, await host.Sessions.CurrentAsync(http, default)).ToString() ?? "", Ct);
                }
            )
        );
        app.MapGet("/logged-out", (RequestDelegate)(http => page.LoggedOutAsync(http, AfterLogoutOf("Billing"))));
    }
}
