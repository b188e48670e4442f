using Ostiary.Cli.Explanations;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Errors;

namespace Ostiary.Program.Tests.Cli;

public sealed class ExplainTests
{
    private static readonly string[] Forbidden = ["invalid parameter", "something went wrong", "oops", "please"];

    [Fact]
    public void Every_reason_has_a_page_of_its_code_and_name_with_one_next_step()
    {
        foreach (var reason in Enum.GetValues<Reason>())
        {
            var page = ErrorPages.Markdown(reason);
            Assert.NotNull(page);
            Assert.StartsWith($"# {Refusal.CodeOf(reason)} {Refusal.NameOf(reason)}\n", page, StringComparison.Ordinal);
            Assert.Contains("\n## What happened\n", page, StringComparison.Ordinal);
            Assert.Contains("\n## Usual causes\n\n- ", page, StringComparison.Ordinal);
            Assert.False(string.IsNullOrWhiteSpace(ErrorPages.NextStep(reason)), page);
            if (Refusal.For(reason).Spec is { Length: > 0 } spec)
                Assert.EndsWith($"\nSpec: {spec}\n", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_page_is_without_a_reason()
    {
        var pages = typeof(ErrorPages).Assembly.GetManifestResourceNames().Where(n => n.StartsWith("errors/", StringComparison.Ordinal));

        Assert.Equal(Enum.GetValues<Reason>().Select(r => $"errors/{Refusal.CodeOf(r)}.md").Order(), pages.Order());
    }

    [Fact]
    public void No_text_for_people_has_a_word_that_says_nothing()
    {
        foreach (var reason in Enum.GetValues<Reason>())
        foreach (var text in new[] { ErrorPages.Markdown(reason)!, Refusal.For(reason).Text })
        foreach (var word in Forbidden)
            Assert.DoesNotContain(word, text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Every_term_is_explained_once_and_whole()
    {
        var terms = Term.All();

        Assert.True(terms.Count >= 30);
        Assert.Equal(terms.Count, terms.Select(t => t.Name).Distinct().Count());
        Assert.All(terms, t => Assert.All(new[] { t.Kind, t.Meaning, t.SetBy, t.Mistake, t.Section }, text => Assert.NotEqual("", text)));
    }

    [Theory]
    [InlineData("OST1012")]
    [InlineData("ost1012")]
    [InlineData("1012")]
    [InlineData("redirect-uri-mismatch")]
    public async Task Finds_a_code_however_it_is_typed(string what)
    {
        var run = await Program.RunAsync("explain", what);

        Assert.Equal(0, run.Exit);
        Assert.StartsWith("OST1012 redirect-uri-mismatch\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("invalid_request", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explains_claims_and_parameters()
    {
        var run = await Program.RunAsync("explain", "code_challenge");

        Assert.Contains("RFC 7636", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_every_code_and_term()
    {
        var run = await Program.RunAsync("explain");

        Assert.Equal(Enum.GetValues<Reason>().Length + Term.All().Count, run.Lines.Length);
    }
}
