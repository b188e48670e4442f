using System.Net;

namespace Ostiary.Server.Tests.Pages;

/// <summary>What anybody can send to the sign-in page: it answers with a page, and shows nothing of it but as text.</summary>
public sealed class LoginInputTests
{
    [Theory]
    [InlineData("username=alice&password=%00&csrf=x", 400)]
    [InlineData("username=%ff&password=x", 400)]
    [InlineData("username=%zz", 400)]
    [InlineData("username=a&username=b&password=x", 400)]
    [InlineData("", 403)]
    [InlineData("decision=continue", 403)]
    public async Task Answers_malformed_forms_with_a_page(string body, int status)
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var answer = await browser.SendAsync(
            new(HttpMethod.Post, "/login") { Content = new StringContent(body, null, "application/x-www-form-urlencoded") }
        );
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json")]
    public async Task Answers_other_bodies_with_a_page(string type)
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var content = new ByteArrayContent("username=alice"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SendAsync(new(HttpMethod.Post, "/login") { Content = content })).StatusCode);
    }

    [Fact]
    public async Task Refuses_a_password_of_a_megabyte_before_it_is_hashed() // L17
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var csrf = await browser.CsrfAsync("/login");
        var huge = await browser.PostAsync("/login", [("username", "alice"), ("password", new string('a', 1 << 20)), ("csrf", csrf)]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, huge.StatusCode);
        var large = await browser.PostAsync("/login", [("username", "alice"), ("password", new string('a', 1025)), ("csrf", csrf)]);
        Assert.Equal(HttpStatusCode.BadRequest, large.StatusCode);
    }

    [Theory]
    [InlineData("?returnUrl=//evil.test")] // L23
    [InlineData("?returnUrl=https:evil.test&redirect_uri=https://evil.test")]
    [InlineData("?error=x&error_description=%3Cscript%3Ealert(1)%3C/script%3E&error_hint=boo")] // A68
    public async Task Neither_follows_nor_shows_what_an_address_says(string query)
    {
        await using var host = await PageHost.StartAsync();
        using var browser = host.NewBrowser();
        var html = await browser.PageAsync("/login" + query);
        Assert.DoesNotContain("evil", html, StringComparison.Ordinal);
        Assert.DoesNotContain("alert(", html, StringComparison.Ordinal);
        Assert.DoesNotContain("boo", html, StringComparison.Ordinal);
        var answer = await browser.PostAsync(
            "/login" + query,
            [("username", "alice"), ("password", PageHost.Password), ("csrf", Browser.CsrfOf(html)), ("returnUrl", "//evil.test")]
        );
        Assert.Equal("/account", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Shows_a_hostile_hint_as_text() // A61
    {
        await using var host = await PageHost.StartAsync();
        host.Interactions.Add(p =>
            p with
            {
                LoginHint = "\"><script>alert(1)</script>\u202E" + new string('x', 1000),
                App = p.App with { Name = "<img src=x onerror=alert(2)>" },
                UiLocales = ["../../etc", "de"],
            }
        );
        using var browser = host.NewBrowser();
        var html = await browser.PageAsync("/login?flow=handle-1");
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', html);
        Assert.Contains("<html lang=\"de\">", html, StringComparison.Ordinal);
    }
}
