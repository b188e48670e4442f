using System.Text.Json;
using Microsoft.Playwright;

namespace Ostiary.Program.Tests.Chromium;

/// <summary>The end of a session, as the sample app and a browser notice it: everything real, everything over TLS, the app on another site than the server.</summary>
[Trait("Speed", "Slow")]
public sealed class LogoutTests(SystemChromium chromium) : IClassFixture<SystemChromium>
{
    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.5")]
    [Trait("Spec", "Back-Channel Logout §2.7")]
    public async Task A_session_that_the_operator_ends_is_over_in_the_sample_app()
    {
        await using var town = await NotesTown.StartAsync(chromium.Authority, Logouts.Backchannel);
        await using var context = await chromium.NewAsync(scripts: false);
        var page = await context.NewPageAsync();
        await SignInAsync(town, page);

        var session = (await Cli.Program.RunAsync("session", "list", "--data", town.Data, "-o", "id")).Output.Trim();
        var ended = await Cli.Program.RunAsync("session", "end", session, "--data", town.Data);
        Assert.Equal(0, ended.Exit);

        Assert.Equal("told", await OutcomeAsync(town, session));
        var shown = await Cli.Program.RunAsync("session", "get", session, "--data", town.Data, "-o", "table");
        Assert.Contains("notes-web told", shown.Output, StringComparison.Ordinal);
        Assert.Equal(0, town.Sessions.Count);
        await page.ReloadAsync();
        await page.GetByText("You are not signed in.").WaitForAsync();
        Assert.Contains(town.Hops, hop => hop is { Name: "back-channel logout", Status: 200 });
    }

    [Theory, InlineData(true), InlineData(false)]
    [Trait("Spec", "Session Management §3.2")]
    public async Task On_one_site_the_frame_says_unchanged_until_somebody_signs_out(bool tls) // L29
    {
        await using var town = await NotesTown.StartAsync(tls ? chromium.Authority : null, issuerHost: "127.0.0.1");
        await using var context = await chromium.NewAsync(scripts: true);
        var page = await context.NewPageAsync();
        var question = "notes-web " + await SessionStateAsync(town, page);

        await using var app = await WatchingApp.OpenAsync(page, town);
        Assert.Equal("unchanged", await app.AskAsync(question));
        Assert.Equal("changed", await app.AskAsync(question.Replace("notes-web", "other-web", StringComparison.Ordinal)));
        Assert.Equal("error", await app.AskAsync("notes-web"));
        Assert.Equal("error", await app.AskAsync(question + " more"));
        Assert.Equal("none", await app.AskFromElsewhereAsync(question));
        Assert.Equal("unchanged", await app.AskAsync(question));
        Assert.Empty(app.Complaints);

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByText("You are not signed in.").WaitForAsync();
        Assert.Equal("changed", await app.AskAsync(question));
    }

    [Fact]
    [Trait("Spec", "Session Management §3.2")]
    public async Task Where_the_browser_keeps_cookies_from_frames_of_other_sites_the_frame_says_that_it_cannot_tell()
    {
        await using var town = await NotesTown.StartAsync(chromium.Authority);
        await using var context = await chromium.NewAsync(scripts: true);
        var page = await context.NewPageAsync();
        var question = "notes-web " + await SessionStateAsync(town, page);

        await using var app = await WatchingApp.OpenAsync(page, town);

        Assert.Equal("error", await app.AskAsync(question));
        var cookie = Assert.Single(await context.CookiesAsync([town.Issuer]), cookie => cookie.Name == "__Host-ostiary_state");
        Assert.Equal((false, true, SameSiteAttribute.None), (cookie.HttpOnly, cookie.Secure, cookie.SameSite));
    }

    [Fact]
    [Trait("Spec", "Session Management §3.2")]
    public async Task A_flood_of_questions_costs_no_request_and_stops_nobody() // L29
    {
        await using var town = await NotesTown.StartAsync(null, issuerHost: "127.0.0.1");
        await using var context = await chromium.NewAsync(scripts: true);
        var page = await context.NewPageAsync();
        var question = "notes-web " + await SessionStateAsync(town, page);
        await using var app = await WatchingApp.OpenAsync(page, town);
        var requests = 0;
        context.Request += (_, _) => Interlocked.Increment(ref requests);

        await app.FloodAsync(question, 100_000);

        Assert.Equal("unchanged", await app.AskAsync(question));
        Assert.Equal(0, requests);
    }

    [Theory, InlineData(true), InlineData(false)]
    [Trait("Spec", "Front-Channel Logout §2")]
    [Trait("Spec", "Front-Channel Logout §3")]
    public async Task The_browser_loads_the_apps_page_and_then_returns_to_it(bool scripts) // L28
    {
        await using var town = await NotesTown.StartAsync(chromium.Authority, Logouts.Frontchannel);
        await using var context = await chromium.NewAsync(scripts);
        var watched = await WatchedPage.OpenAsync(context);
        await SignInAsync(town, watched.Page);
        var session = (await Cli.Program.RunAsync("session", "list", "--data", town.Data, "-o", "id")).Output.Trim();

        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await watched.Page.GetByText("You are not signed in.").WaitForAsync();

        Assert.Equal(town.App + "/", watched.Page.Url);
        var expected = $"GET {town.App}/style.css?iss={Uri.EscapeDataString(town.Issuer)}&sid={session} ";
        Assert.Single(watched.Asked, asked => asked.StartsWith(expected, StringComparison.Ordinal));
        Assert.Empty(watched.Complaints);
    }

    [Fact]
    [Trait("Spec", "Front-Channel Logout §3")]
    public async Task An_app_that_never_answers_keeps_nobody_on_the_page() // L28
    {
        await using var town = await NotesTown.StartAsync(chromium.Authority, Logouts.Frontchannel);
        await using var context = await chromium.NewAsync(scripts: true);
        var page = await context.NewPageAsync();
        await SignInAsync(town, page);
        await page.RouteAsync("**/style.css?iss=*", _ => { });

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByText("You are not signed in.").WaitForAsync();

        Assert.Equal(town.App + "/", page.Url);
    }

    private static async Task SignInAsync(NotesTown town, IPage page)
    {
        await page.GotoAsync(town.App);
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await page.FillAsync("#username", NotesTown.Username);
        await page.FillAsync("#password", town.Password);
        await page.ClickAsync("main button[type=submit]");
        await page.ClickAsync("button[value=allow]");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Notes of Alice Example" }).WaitForAsync();
    }

    /// <summary>Signs in and returns what the app was given to watch the session with.</summary>
    private static async Task<string> SessionStateAsync(NotesTown town, IPage page)
    {
        var answered = page.WaitForRequestAsync(request => request.Url.Contains("session_state=", StringComparison.Ordinal));
        await SignInAsync(town, page);
        var url = (await answered).Url;
        return url[(url.IndexOf("session_state=", StringComparison.Ordinal) + "session_state=".Length)..].Split('&')[0];
    }

    /// <summary>What became of the one app of an ended session, once it is settled.</summary>
    private static async Task<string?> OutcomeAsync(NotesTown town, string session)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var shown = await Cli.Program.RunAsync("session", "get", session, "--data", town.Data, "-o", "json");
            using var json = JsonDocument.Parse(shown.Output);
            var state = Assert.Single(json.RootElement.GetProperty("logout").EnumerateArray()).GetProperty("state").GetString();
            if (state != "waiting")
                return state;
            await Task.Delay(100, patience.Token);
        }
    }
}
