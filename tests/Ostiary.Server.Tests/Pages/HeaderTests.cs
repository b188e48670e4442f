using Ostiary.Server.Pages;

namespace Ostiary.Server.Tests.Pages;

public sealed class HeaderTests
{
    private const string Strict = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'";

    [Theory]
    [InlineData(null, "")]
    [InlineData("https://rp.test", " https://rp.test")]
    [InlineData("http://127.0.0.1:5001", " http://127.0.0.1:5001")]
    [InlineData("http://[::1]:5001", " http:")]
    [InlineData("com.example.app:", " com.example.app:")]
    [InlineData("https://rp.test; script-src *", "")]
    [InlineData("https://rp.test, x", "")]
    [InlineData("*", "")]
    [InlineData("https://rp.test\r\nX: y", "")]
    public void Lets_forms_lead_only_to_the_target(string? target, string source) =>
        Assert.Equal($"{Strict}{source}; frame-ancestors 'none'; base-uri 'none'", SecurityHeaders.Policy(target));

    [Fact]
    [Trait("Spec", "RFC 9700 §4.16")]
    [Trait("Spec", "RFC 9700 §4.2.4")]
    public async Task Sends_the_same_strict_headers_with_every_page() // A46, A47, A48, A49
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add();
        using var browser = await host.SignedInAsync();
        string[] paths = ["/login?flow=handle-1", "/consent?flow=handle-1", "/account", "/errors/OST1012", "/login?flow=unknown", "/errors/none"];
        foreach (var path in paths)
        {
            var answer = await browser.GetAsync(path, ("Origin", "https://evil.test"));
            Assert.Equal("DENY", Assert.Single(answer.Headers.GetValues("X-Frame-Options")));
            Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
            Assert.Equal("no-store", Assert.Single(answer.Headers.GetValues("Cache-Control")));
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
            Assert.StartsWith(Strict, Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
            Assert.StartsWith("flow_", Assert.Single(answer.Headers.GetValues("Ostiary-Flow")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Serves_assets_for_ever_under_their_content()
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var html = await browser.PageAsync("/login");
        var path = html.Split("rel=\"stylesheet\" href=\"")[1].Split('"')[0];
        var answer = await browser.GetAsync(path);
        Assert.Equal("public, max-age=31536000, immutable", answer.Headers.GetValues("Cache-Control").Single());
        Assert.Equal("text/css; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Contains("light-dark(", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(304, (int)(await browser.GetAsync(path, ("If-None-Match", answer.Headers.ETag!.ToString()))).StatusCode);
        var compressed = await browser.GetAsync(path, ("Accept-Encoding", "gzip, br"));
        Assert.Equal("gzip", compressed.Content.Headers.ContentEncoding.Single());
        Assert.InRange(compressed.Content.Headers.ContentLength!.Value, 1, 3 * 1024);
        Assert.Equal(404, (int)(await browser.GetAsync("/assets/en.json")).StatusCode);
        Assert.Equal(404, (int)(await browser.GetAsync("/assets/ostiary.css")).StatusCode);
    }

    [Fact]
    public async Task Says_on_every_page_that_it_is_a_development_server()
    {
        await using var host = await PageHost.StartAsync(development: true);
        using var browser = host.NewBrowser();
        Assert.Contains("class=\"banner\"", await browser.PageAsync("/login"), StringComparison.Ordinal);
    }
}
