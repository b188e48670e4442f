using System.Text.Json;
using Microsoft.Playwright;
using Ostiary.Program.Tests.Chromium;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>Apache with Debian's <c>libapache2-mod-auth-openidc</c> signs people in against the real program and hears of logouts on the back channel.</summary>
[Trait("Speed", "Slow")]
public sealed class ApacheTests(SystemChromium chromium) : IClassFixture<SystemChromium>
{
    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.5")]
    public async Task A_session_that_is_ended_at_the_server_is_over_in_Apache()
    {
        await using var served = await ServedApache.StartAsync(chromium.Authority);
        await using var context = await chromium.NewAsync(scripts: false);
        var page = await context.NewPageAsync();
        await SignInAsync(served, page);
        await page.ReloadAsync();
        await IsShownAsync(served, page, ServedApache.Text);

        var session = (await Cli.Program.RunAsync("session", "list", "--data", served.Data, "-o", "id")).Output.Trim();
        Assert.Equal(0, (await Cli.Program.RunAsync("session", "end", session, "--data", served.Data)).Exit);

        Assert.Equal("told", await OutcomeAsync(served, session));
        await page.GotoAsync(served.App + "/text.txt");
        Assert.StartsWith(served.Issuer + "/login", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RP-Initiated Logout §2")]
    public async Task Who_signs_out_of_Apache_is_signed_out_of_the_server()
    {
        await using var served = await ServedApache.StartAsync(chromium.Authority);
        await using var context = await chromium.NewAsync(scripts: false);
        var page = await context.NewPageAsync();
        await SignInAsync(served, page);

        await page.GotoAsync($"{served.App}/oidc?logout={Uri.EscapeDataString(served.App + "/bye.txt")}");

        await IsShownAsync(served, page, ServedApache.Farewell);
        await page.GotoAsync(served.Issuer + "/account");
        Assert.StartsWith(served.Issuer + "/login", page.Url, StringComparison.Ordinal);
    }

    private static async Task SignInAsync(ServedApache served, IPage page)
    {
        await page.GotoAsync(served.App + "/text.txt");
        Assert.True(page.Url.StartsWith(served.Issuer + "/login", StringComparison.Ordinal), page.Url + " " + served.Errors);
        await page.FillAsync("#username", "alice");
        await page.FillAsync("#password", served.Password);
        await page.ClickAsync("main button[type=submit]");
        await IsShownAsync(served, page, ServedApache.Text);
    }

    private static async Task IsShownAsync(ServedApache served, IPage page, string text)
    {
        var shown = await page.Locator("body").InnerTextAsync();
        Assert.True(shown.Contains(text, StringComparison.Ordinal), $"{page.Url}: {shown}\n{served.Errors}");
        Assert.StartsWith(served.App, page.Url, StringComparison.Ordinal);
    }

    private static async Task<string?> OutcomeAsync(ServedApache served, string session)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var shown = await Cli.Program.RunAsync("session", "get", session, "--data", served.Data, "-o", "json");
            using var json = JsonDocument.Parse(shown.Output);
            var outcome = Assert.Single(json.RootElement.GetProperty("logout").EnumerateArray());
            if (outcome.GetProperty("state").GetString() is not "waiting")
                return outcome.GetProperty("state").GetString();
            Assert.False(outcome.TryGetProperty("code", out var code), $"{code}: {served.Errors}");
            await Task.Delay(100, patience.Token);
        }
    }
}
