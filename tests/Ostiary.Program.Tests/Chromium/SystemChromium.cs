using System.Security.Cryptography;
using Microsoft.Playwright;
using Ostiary.Cli.Demo;

namespace Ostiary.Program.Tests.Chromium;

/// <summary>The system's Chromium, and a certificate authority that lives as long as it. The browser believes the one certificate from it and no other.</summary>
public sealed class SystemChromium : IAsyncLifetime
{
    /// <summary>Long: it only tells a page that never comes from one that a busy machine is slow to show.</summary>
    private const float Patience = 60_000;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ostiary-chromium-");
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    internal DemoAuthority Authority { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Authority = DemoAuthority.Create(_directory.FullName, TimeProvider.System.GetUtcNow());
        var key = Convert.ToBase64String(SHA256.HashData(Authority.Server.PublicKey.ExportSubjectPublicKeyInfo()));
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = "/usr/bin/chromium",
                Args = ["--no-sandbox", "--disable-dev-shm-usage", "--headless=new", "--ignore-certificate-errors-spki-list=" + key],
                Timeout = Patience,
            }
        );
    }

    /// <summary>A fresh browser profile.</summary>
    public async Task<IBrowserContext> NewAsync(bool scripts)
    {
        var context = await _browser!.NewContextAsync(new() { JavaScriptEnabled = scripts, Locale = "en-GB" });
        context.SetDefaultTimeout(Patience);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.CloseAsync();
        _playwright?.Dispose();
        Authority.Dispose();
        _directory.Delete(recursive: true);
    }
}
