using Microsoft.Playwright;

namespace Ostiary.Server.Tests.Pages;

/// <summary>Browser tests run one after the other and share one Chromium: several at once are too much for a small machine.</summary>
[CollectionDefinition(Name)]
public sealed class InChromium : ICollectionFixture<Chromium>
{
    public const string Name = "Chromium";
}

/// <summary>The system's Chromium.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>Long: it only tells a page that never comes from one that a busy machine is slow to show.</summary>
    private const float Patience = 60_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = "/usr/bin/chromium",
                Args = ["--no-sandbox", "--disable-dev-shm-usage", "--headless=new"],
                Timeout = Patience,
            }
        );
    }

    /// <summary>A fresh browser profile.</summary>
    public async Task<IBrowserContext> NewAsync(
        int width = 1280,
        ColorScheme scheme = ColorScheme.Light,
        bool scripts = false,
        string locale = "en-GB"
    )
    {
        var context = await _browser!.NewContextAsync(
            new()
            {
                ViewportSize = new() { Width = width, Height = width < 600 ? 640 : 800 },
                ColorScheme = scheme,
                JavaScriptEnabled = scripts,
                Locale = locale,
            }
        );
        context.SetDefaultTimeout(Patience);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.CloseAsync();
        _playwright?.Dispose();
    }
}

internal static class Arrivals
{
    /// <summary>Waits until the page is at an address that ends so; what it shows may still be on its way. Playwright's own wait also wants an event of the document, and misses one that came first.</summary>
    public static async Task ReachesAsync(this IPage page, string end)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!page.Url.EndsWith(end, StringComparison.Ordinal))
            await Task.Delay(10, patience.Token);
    }
}
