using Microsoft.Playwright;

namespace Ostiary.Server.Tests.Pages;

/// <summary>The system's Chromium, once per test class.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox", "--disable-dev-shm-usage", "--headless=new"] }
        );
    }

    /// <summary>A fresh browser profile.</summary>
    public Task<IBrowserContext> NewAsync(int width = 1280, ColorScheme scheme = ColorScheme.Light, bool scripts = false, string locale = "en-GB") =>
        _browser!.NewContextAsync(
            new()
            {
                ViewportSize = new() { Width = width, Height = width < 600 ? 640 : 800 },
                ColorScheme = scheme,
                JavaScriptEnabled = scripts,
                Locale = locale,
            }
        );

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.CloseAsync();
        _playwright?.Dispose();
    }
}
