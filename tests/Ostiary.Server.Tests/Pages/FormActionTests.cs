using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Ostiary.Protocol;

namespace Ostiary.Server.Tests.Pages;

/// <summary>Browsers apply form-action to every redirect that follows a form: with the real headers, an answer must still reach the app, at another origin.</summary>
[Trait("Speed", "Slow"), Collection(InChromium.Name)]
public sealed class FormActionTests(Chromium chromium)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reaches_the_app_by_redirect(bool scripts) // L31
    {
        await using var app = await App.StartAsync();
        await using var host = await StartAsync(app.RedirectUri);
        await using var context = await chromium.NewAsync(scripts: scripts);
        var page = await ConsentAsync(host, context);
        await page.ClickAsync("button[value=allow]");
        await page.ReachesAsync(app.RedirectUri + "?code=the-code");
        Assert.Equal(["GET ?code=the-code "], app.Seen);
    }

    [Fact]
    public async Task Reaches_the_app_from_the_sign_in_form_through_our_own_next_step() // L31
    {
        await using var app = await App.StartAsync();
        await using var host = await PageHost.StartAsync(
            map: (routes, _) => routes.MapGet("/authorize/continue", (RequestDelegate)(http => SeeOther(http, app.RedirectUri + "?code=the-code")))
        );
        host.Interactions.Add(p => p with { FormTarget = RedirectUris.PolicySource(app.RedirectUri) });
        await using var context = await chromium.NewAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(host.Address + "login?flow=handle-1");
        await page.FillAsync("#username", "alice");
        await page.FillAsync("#password", PageHost.Password);
        await page.ClickAsync("button");
        await page.ReachesAsync(app.RedirectUri + "?code=the-code");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reaches_the_app_by_form_post(bool scripts) // L31
    {
        await using var app = await App.StartAsync();
        await using var host = await StartAsync(app.RedirectUri);
        host.Interactions.AnswersByFormPost = true;
        await using var context = await chromium.NewAsync(scripts: scripts);
        var page = await ConsentAsync(host, context);
        await page.ClickAsync("button[value=allow]");
        if (!scripts)
            await page.ClickAsync("main button");
        await page.ReachesAsync(app.RedirectUri);
        var seen = Assert.Single(app.Seen);
        Assert.StartsWith("POST  code=the-code&state=", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reaches_an_app_on_an_IPv6_loopback_address() // L31
    {
        await using var app = await App.StartAsync("[::1]");
        await using var host = await StartAsync(app.RedirectUri);
        await using var context = await chromium.NewAsync();
        var page = await ConsentAsync(host, context);
        await page.ClickAsync("button[value=allow]");
        await page.ReachesAsync(app.RedirectUri + "?code=the-code");
    }

    [Theory]
    [InlineData("com.example.app:", false)]
    [InlineData("com.example.other:", true)]
    public async Task Hands_a_private_use_scheme_to_the_system(string formTarget, bool blocked) // L31
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.RedirectUri = "com.example.app:/callback";
        host.Interactions.Add(p => p with { FormTarget = formTarget });
        await using var context = await chromium.NewAsync();
        var page = await ConsentAsync(host, context);
        Assert.Equal(blocked, await IsBlockedAsync(page, "com.example.app:"));
    }

    [Fact]
    public async Task Is_blocked_where_the_target_is_another_one() // L31
    {
        await using var app = await App.StartAsync();
        await using var host = await PageHost.StartAsync();
        host.Interactions.RedirectUri = app.RedirectUri;
        host.Interactions.Add();
        await using var context = await chromium.NewAsync();
        var page = await ConsentAsync(host, context);
        Assert.True(await IsBlockedAsync(page, app.RedirectUri));
        Assert.Empty(app.Seen);
    }

    /// <summary>Whether the policy stopped the answer: Chromium says so in the console, and otherwise asks for the address.</summary>
    private static async Task<bool> IsBlockedAsync(IPage page, string start)
    {
        var outcome = new TaskCompletionSource<bool>();
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("form-action", StringComparison.Ordinal))
                outcome.TrySetResult(true);
        };
        page.RequestFailed += (_, request) =>
        {
            if (request.Url.StartsWith(start, StringComparison.Ordinal) && request.Failure != "net::ERR_BLOCKED_BY_CSP")
                outcome.TrySetResult(false);
        };
        await page.ClickAsync("button[value=allow]");
        return await outcome.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    private static async Task<PageHost> StartAsync(string redirectUri)
    {
        var host = await PageHost.StartAsync();
        host.Interactions.RedirectUri = redirectUri;
        host.Interactions.Add(p => p with { FormTarget = RedirectUris.PolicySource(redirectUri) });
        return host;
    }

    private static async Task<IPage> ConsentAsync(PageHost host, IBrowserContext context)
    {
        var page = await context.NewPageAsync();
        await LooksTests.SignInAsync(host, page, PageHost.Password);
        await page.GotoAsync(host.Address + "consent?flow=handle-1");
        return page;
    }

    private static Task SeeOther(HttpContext http, string location)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = location;
        return Task.CompletedTask;
    }

    /// <summary>An app at an origin of its own.</summary>
    private sealed class App(WebApplication app, string redirectUri, ConcurrentQueue<string> seen) : IAsyncDisposable
    {
        public string RedirectUri => redirectUri;
        public IReadOnlyList<string> Seen => [.. seen];

        public static async Task<App> StartAsync(string host = "127.0.0.1")
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls($"http://{host}:0");
            var app = builder.Build();
            var seen = new ConcurrentQueue<string>();
            app.Map(
                "/callback",
                (RequestDelegate)(
                    async http =>
                    {
                        using var body = new StreamReader(http.Request.Body);
                        seen.Enqueue($"{http.Request.Method} {http.Request.QueryString} {await body.ReadToEndAsync()}");
                        await http.Response.WriteAsync("<!doctype html><title>app</title>arrived");
                    }
                )
            );
            await app.StartAsync();
            return new(app, app.Urls.Single() + "/callback", seen);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
