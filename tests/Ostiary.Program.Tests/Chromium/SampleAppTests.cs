using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Ostiary.Program.Tests.Chromium;

/// <summary>Somebody uses the sample app with a real browser, against the real program.</summary>
[Trait("Speed", "Slow")]
public sealed partial class SampleAppTests(SystemChromium chromium) : IClassFixture<SystemChromium>
{
    [Theory, InlineData(false, true), InlineData(false, false), InlineData(true, true), InlineData(true, false)]
    [Trait("Spec", "RP-Initiated Logout §2")]
    public async Task Somebody_signs_in_takes_notes_is_renewed_and_signs_out(bool tls, bool scripts)
    {
        await using var town = await NotesTown.StartAsync(tls ? chromium.Authority : null);
        await using var context = await chromium.NewAsync(scripts);
        var watched = await WatchedPage.OpenAsync(context);
        var page = watched.Page;

        await page.GotoAsync(town.App);
        await SignInAsync(town, page);
        await page.ClickAsync("button[value=allow]");
        await ArrivedAsync(town, page);
        await NothingIsInTheBrowserAsync(town, context, watched, tls);

        await AddAsync(page, "buy milk");
        await AddAsync(page, "<b>bold</b> & \"quoted\"");
        Assert.Equal(["buy milk", "<b>bold</b> & \"quoted\""], await page.Locator("li").AllInnerTextsAsync());

        town.AppClock.Advance(TimeSpan.FromMinutes(3));
        await page.ReloadAsync();
        Assert.Equal(2, await page.Locator("li").CountAsync());
        Assert.Contains(town.Hops, hop => hop is { Name: "refresh", Status: 200 });
        await NothingIsInTheBrowserAsync(town, context, watched, tls);

        await SignOutAsync(town, page);
        Assert.Empty(await SessionCookiesAsync(town, context));
        Assert.Equal(0, town.Sessions.Count);
        await page.GotoAsync(town.Issuer + "/account");
        Assert.StartsWith(town.Issuer + "/login", page.Url, StringComparison.Ordinal);

        await page.GotoAsync(town.App);
        await SignInAsync(town, page);
        await page.ClickAsync("button[value=allow]");
        await ArrivedAsync(town, page);
        Assert.Equal(2, await page.Locator("li").CountAsync());
        Assert.All(town.Hops.SelectMany(hop => hop.Rules), rule => Assert.True(rule.Passed, rule.Text));
        Assert.Empty(watched.Complaints);
        NoSecretWasAskedFor(town, watched);
    }

    [Theory, InlineData(false, true), InlineData(true, false)]
    [Trait("Spec", "RFC 6749 §4.1.2.1")]
    public async Task Somebody_who_declines_is_told_so_by_the_app_and_may_try_again(bool tls, bool scripts)
    {
        await using var town = await NotesTown.StartAsync(tls ? chromium.Authority : null);
        await using var context = await chromium.NewAsync(scripts);
        var watched = await WatchedPage.OpenAsync(context);
        var page = watched.Page;
        await page.GotoAsync(town.App);
        await SignInAsync(town, page);

        await page.ClickAsync("button[value=deny]");
        await page.GetByRole(AriaRole.Heading, new() { Name = "You are not signed in" }).WaitForAsync();

        Assert.StartsWith(town.App + "/signin/callback?", page.Url, StringComparison.Ordinal);
        Assert.Matches("OST[0-9]{4} [a-z-]+", await page.Locator("small").InnerTextAsync());
        Assert.Empty(await SessionCookiesAsync(town, context));
        Assert.Empty(watched.Complaints);

        // Signed in already, so only the question is asked again.
        await page.GetByRole(AriaRole.Link, new() { Name = "Try again" }).ClickAsync();
        await page.ClickAsync("button[value=allow]");
        await ArrivedAsync(town, page);
        Assert.Equal("No notes yet.", await page.Locator("main > p").InnerTextAsync());
        Assert.Empty(watched.Complaints);
    }

    private static async Task ArrivedAsync(NotesTown town, IPage page)
    {
        await page.GetByRole(AriaRole.Heading, new() { Name = "Notes of Alice Example" }).WaitForAsync();
        Assert.Equal(town.App + "/", page.Url);
    }

    private static async Task SignInAsync(NotesTown town, IPage page)
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await page.FillAsync("#username", NotesTown.Username);
        await page.FillAsync("#password", town.Password);
        await page.ClickAsync("main button[type=submit]");
    }

    private static async Task AddAsync(IPage page, string note)
    {
        var notes = await page.Locator("li").CountAsync();
        await page.FillAsync("#text", note);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add" }).ClickAsync();
        await page.Locator("li").Nth(notes).WaitForAsync();
    }

    /// <summary>The form ends at the issuer, so the app's policy must name the issuer in form-action: browsers ask it of redirects too.</summary>
    private static async Task SignOutAsync(NotesTown town, IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByText("You are not signed in.").WaitForAsync();
        Assert.Equal(town.App + "/", page.Url);
    }

    private static async Task NothingIsInTheBrowserAsync(NotesTown town, IBrowserContext context, WatchedPage watched, bool tls)
    {
        var cookie = Assert.Single(await SessionCookiesAsync(town, context));
        Assert.Equal(tls ? "__Host-ostiary" : "ostiary", cookie.Name);
        Assert.Equal(("127.0.0.1", "/", true, tls), (cookie.Domain, cookie.Path, cookie.HttpOnly, cookie.Secure));
        Assert.Equal(SameSiteAttribute.Lax, cookie.SameSite);
        Assert.Single(await context.CookiesAsync([town.App]));

        var policy = await watched.LastHeaderAsync(town.App + "/", "content-security-policy");
        Assert.Contains($"form-action 'self' {town.Issuer};", policy, StringComparison.Ordinal);

        var everything = await watched.ReadableAsync() + await context.StorageStateAsync(new() { IndexedDB = true });
        Assert.DoesNotMatch(TokenPattern(), everything);
        foreach (var secret in town.Secrets.Concat(town.Sessions.IdTokens))
            Assert.DoesNotContain(secret, everything, StringComparison.Ordinal);
        Assert.Equal(
            """[{},{},""]""",
            await watched.Page.EvaluateAsync<string>("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        );
    }

    /// <summary>Only the code travels with the browser, to the callback, and an ID token as the hint of the sign-out, to its issuer.</summary>
    private static void NoSecretWasAskedFor(NotesTown town, WatchedPage watched)
    {
        foreach (var asked in watched.Asked)
        {
            foreach (var secret in town.Secrets)
                Assert.DoesNotContain(secret, asked, StringComparison.Ordinal);
            if (asked.StartsWith($"GET {town.Issuer}/end_session?", StringComparison.Ordinal))
                Assert.Contains("id_token_hint=", asked, StringComparison.Ordinal);
            else if (asked.StartsWith($"GET {town.App}/signin/callback?code=", StringComparison.Ordinal))
                Assert.DoesNotContain("eyJ", asked, StringComparison.Ordinal);
            else
                Assert.DoesNotMatch(TokenPattern(), asked);
        }
    }

    private static async Task<IReadOnlyList<BrowserContextCookiesResult>> SessionCookiesAsync(NotesTown town, IBrowserContext context) =>
        [.. (await context.CookiesAsync([town.App])).Where(cookie => !cookie.Name.Contains("-sign", StringComparison.Ordinal))];

    [GeneratedRegex("ost_(rt|ac|at|cs)_|eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+")]
    private static partial Regex TokenPattern();
}
