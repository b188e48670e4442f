using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Consents;
using Ostiary.Server.DeviceAuthorization;
using Ostiary.Server.Grants;
using Ostiary.Server.Pages;
using Ostiary.Server.Tests.Sessions;

namespace Ostiary.Server.Tests.Pages;

/// <summary>How the pages look and read: every page in light and dark, small and large, without scripts; checked by axe-core. The pictures are kept for people.</summary>
[Trait("Speed", "Slow"), Collection(InChromium.Name)]
public sealed class LooksTests(Chromium chromium)
{
    private static readonly string Root = FindRoot();

    [Theory]
    [InlineData("login")]
    [InlineData("login-failed")]
    [InlineData("login-continue")]
    [InlineData("consent")]
    [InlineData("consent-german")]
    [InlineData("consent-hostile")]
    [InlineData("account")]
    [InlineData("logout")]
    [InlineData("logged-out")]
    [InlineData("error")]
    [InlineData("code")]
    [InlineData("form-post")]
    [InlineData("device")]
    [InlineData("device-wrong")]
    [InlineData("device-confirm")]
    [InlineData("device-done")]
    public async Task Looks_right_everywhere(string scene)
    {
        await using var host = await StartAsync(scene);
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        foreach (var width in new[] { 320, 1280 })
        {
            await using var context = await chromium.NewAsync(width, scheme, locale: scene == "consent-german" ? "de-CH" : "en-GB");
            var page = await ShowAsync(host, context, scene);
            Directory.CreateDirectory(Path.Combine(Root, "artifacts/screenshots"));
            var file = Path.Combine(Root, "artifacts/screenshots", $"{scene}-{scheme}-{width}.png".ToLowerInvariant());
            await page.ScreenshotAsync(new() { Path = file, FullPage = true });
            var overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            Assert.Equal(0, overflow);
        }
    }

    [Theory]
    [InlineData("login")]
    [InlineData("login-failed")]
    [InlineData("login-continue")]
    [InlineData("consent")]
    [InlineData("consent-hostile")]
    [InlineData("account")]
    [InlineData("logout")]
    [InlineData("logged-out")]
    [InlineData("error")]
    [InlineData("code")]
    public async Task Has_no_accessibility_violations(string scene)
    {
        var axe = await File.ReadAllTextAsync(
            Path.Combine(Root, "tests/foreign/node_modules/axe-core/axe.min.js"),
            TestContext.Current.CancellationToken
        );
        await using var host = await StartAsync(scene);
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        foreach (var width in new[] { 320, 1280 })
        {
            await using var context = await chromium.NewAsync(width, scheme, scripts: true);
            var violations = new List<string>();
            context.Console += (_, message) =>
            {
                if (message.Type == "error" && message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                    violations.Add(message.Text);
            };
            var page = await ShowAsync(host, context, scene);
            await page.EvaluateAsync(axe + ";0");
            var found = await page.EvaluateAsync<string>(
                """
                async () => {
                  for (const details of document.querySelectorAll("details")) details.open = true;
                  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
                  const result = await axe.run({ runOnly: tags });
                  return result.violations.map(v => v.id + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join(" | ")).join("\n");
                }
                """
            );
            Assert.Equal("", found);
            Assert.Empty(violations);
        }
    }

    [Fact]
    public async Task Can_be_used_with_the_keyboard_alone()
    {
        await using var host = await StartAsync("login");
        await using var context = await chromium.NewAsync(320);
        var page = await context.NewPageAsync();
        await page.GotoAsync(host.Address + "login");
        Assert.Equal("username", await page.EvaluateAsync<string>("document.activeElement.id"));
        await page.Keyboard.TypeAsync("alice");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync(PageHost.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.ReachesAsync("/account");
        Assert.Equal("Your account", await page.Locator("h1").InnerTextAsync());
    }

    [Fact]
    public async Task Has_targets_of_44_pixels()
    {
        foreach (var scene in new[] { "login-continue", "consent", "account", "error" })
        {
            await using var host = await StartAsync(scene);
            await using var context = await chromium.NewAsync(320);
            var page = await ShowAsync(host, context, scene);
            var small = await page.EvaluateAsync<string>(
                """
                [...document.querySelectorAll("button, a, summary, input:not([type=hidden]):not([type=checkbox]), label:has(input)")]
                  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44 && !e.closest("p"))
                  .map(e => e.outerHTML).join("\n")
                """
            );
            Assert.Equal("", small);
        }
    }

    private static async Task<PageHost> StartAsync(string scene)
    {
        var host = await PageHost.StartAsync(
            development: scene == "login-failed",
            map: (app, host) =>
            {
                OtherPagesTests.MapLogout(app, host);
                app.MapGet("/fail", (RequestDelegate)(http => ErrorPage.WriteAsync(http, host.Issuer, Reason.RedirectUriMismatch)));
                (string, string)[] fields = [("code", "c"), ("state", "s")];
                app.MapGet(
                    "/post",
                    (RequestDelegate)(
                        http =>
                            FormPostPage.WriteAsync(
                                http,
                                host.Issuer,
                                "https://billing.example/cb",
                                [.. fields.Select(f => KeyValuePair.Create(f.Item1, f.Item2))]
                            )
                    )
                );
            }
        );
        return host;
    }

    private static async Task<IPage> ShowAsync(PageHost host, IBrowserContext context, string scene)
    {
        var handle = scene + Entropy.Text(6);
        host.Interactions.Add(
            p =>
                scene switch
                {
                    "login-continue" => p with { MayContinueSession = true },
                    "consent-hostile" => p with
                    {
                        App = new("x", new string('W', 300), new string('w', 200) + ".example", false, null, null, null, null),
                        Scopes = [.. p.Scopes, new(new string('s', 90), new string('M', 300), null, false)],
                    },
                    _ => p,
                },
            handle
        );
        var page = await context.NewPageAsync();
        if (scene is "login-continue" or "consent" or "consent-german" or "consent-hostile" or "account" or "logout" || IsOfDevice(scene))
            await SignInAsync(host, page, PageHost.Password);
        if (scene == "account")
            await FillAccountAsync(host);
        var path = scene switch
        {
            "login" or "login-failed" or "login-continue" => "/login?flow=" + handle,
            "consent" or "consent-german" or "consent-hostile" => "/consent?flow=" + handle,
            "logout" => "/end_session",
            "error" => "/fail",
            "code" => "/errors/OST1012",
            "form-post" => "/post",
            _ when IsOfDevice(scene) => "/device?user_code=" + await DeviceAsync(host, known: scene != "device-wrong"),
            _ => "/" + scene,
        };
        await page.GotoAsync(host.Address + path[1..]);
        if (scene == "login-failed")
        {
            await page.FillAsync("#username", "alice");
            await page.FillAsync("#password", "wrong");
            await page.ClickAsync("button");
            await page.WaitForSelectorAsync("[role=alert]");
        }
        if (scene == "error")
            await page.ClickAsync("summary");
        if (IsOfDevice(scene) && scene != "device")
            await page.ClickAsync("main button");
        if (scene == "device-done")
            await page.ClickAsync("button[value=allow]");
        return page;
    }

    private static bool IsOfDevice(string scene) => scene.StartsWith("device", StringComparison.Ordinal);

    /// <summary>The code that a device shows which waits, or one that nobody shows.</summary>
    private static async Task<string> DeviceAsync(PageHost host, bool known)
    {
        var (code, id) = new UserCodes(host.Issuer.Master).New();
        var grant = new Grant
        {
            Id = id,
            ClientId = "tv",
            Status = GrantStatus.Requested,
            CreatedAt = host.Time.Now.AddMinutes(-1),
            ExpiresAt = host.Time.Now.AddMinutes(9),
            Request = new GrantRequest
            {
                Scope = ScopeSet.Of(["openid", "invoices.read"]),
                ForDevice = true,
                Network = "203.0.113.0/24",
                Flow = "flow_x",
            },
        };
        if (known)
            await host.Stores.Grants.TryCreateAsync(grant, CancellationToken.None);
        return UserCodes.Shown(code);
    }

    internal static async Task SignInAsync(PageHost host, IPage page, string password)
    {
        await page.GotoAsync(host.Address + "login");
        await page.FillAsync("#username", "alice");
        await page.FillAsync("#password", password);
        await page.ClickAsync("button");
        await page.ReachesAsync("/account");
    }

    private static async Task FillAccountAsync(PageHost host)
    {
        await BrowserSessionsTests.AddGrantAsync(host, null, offline: true);
        await host.Stores.Consents.TryPutAsync(
            new Consent("usr_alice", "notes", ScopeSet.Of(["email", "offline_access"]), host.Time.Now.AddDays(-40)),
            null,
            CancellationToken.None
        );
        using var phone = host.NewBrowser(from: "127.7.7.7");
        var csrf = await phone.CsrfAsync("/login");
        await phone.PostAsync(
            "/login",
            [("username", "alice"), ("password", PageHost.Password), ("csrf", csrf)],
            ("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1")
        );
    }

    internal static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Ostiary.slnx")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The repository was not found.");
    }
}
