using Ostiary.Server.Configuration;
using Ostiary.Server.Pages;

namespace Ostiary.Server.Tests.Pages;

public sealed class HtmlTests
{
    [Fact]
    public void Encodes_every_value_that_is_not_markup() // L30
    {
        var hostile = "\"><script>alert('x')</script>&";
        var html = Html.Of($"<p title=\"{hostile}\">{hostile}{Html.Of($"<b>{1}</b>")}</p>").ToString();
        Assert.Equal(
            "<p title=\"&quot;&gt;&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;\">&quot;&gt;&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;<b>1</b></p>",
            html
        );
    }

    [Theory] // A64
    [InlineData("Billing Web", "Billing Web")]
    [InlineData("\u202Egnp.exe", "gnp.exe")]
    [InlineData("a\u2066b\u200Bc\u0000d\ne\tf", "abcd e f")]
    [InlineData("  wide   spaces ", "wide spaces")]
    [InlineData("\uFEFF\u200F\u061C", "")]
    [InlineData("Zürich ✓ 東京", "Zürich ✓ 東京")]
    [InlineData(null, "")]
    public void Cleans_names_that_others_chose(string? name, string clean) => Assert.Equal(clean, DisplayText.Clean(name));

    [Fact]
    public void Cuts_long_names() => Assert.Equal(81, DisplayText.Clean(new string('x', 10_000)).Length); // A64

    [Theory] // L30
    [InlineData("https://app.example/privacy", "https://app.example/privacy")]
    [InlineData("javascript:alert(1)", null)]
    [InlineData("data:text/html,x", null)]
    [InlineData("//app.example", null)]
    [InlineData("https://user@app.example/", null)]
    [InlineData(null, null)]
    public void Links_only_to_the_web(string? uri, string? link) => Assert.Equal(link, DisplayText.Link(uri));

    [Fact]
    public void Renders_the_markdown_of_the_code_pages()
    {
        var html = Markdown
            .Render("# Title `x`\n\nOne\ntwo <b>.\n\n- a\n- b **c**\n  more\n\n1. one\n\n## Next\n\n```\n<x>\n```\nrest ` ** end")
            .ToString();
        Assert.Contains("<h1>Title <code>x</code></h1>", html, StringComparison.Ordinal);
        Assert.Contains("<p>One two &lt;b&gt;.</p>", html, StringComparison.Ordinal);
        Assert.Contains("<li>b <strong>c</strong> more</li>", html, StringComparison.Ordinal);
        Assert.Contains("<ol><li>one</li>", html, StringComparison.Ordinal);
        Assert.Contains("<h2>Next</h2>", html, StringComparison.Ordinal);
        Assert.Contains("&lt;x&gt;", html, StringComparison.Ordinal);
        Assert.Contains("rest ` ** end", html, StringComparison.Ordinal);
    }
}
