using Ostiary.Protocol.Reasons;
using Ostiary.Server.Pages;

namespace Ostiary.Server.Tests.Pages;

public sealed class CatalogueTests
{
    [Fact]
    public void Has_the_same_keys_and_placeholders_in_every_language()
    {
        var english = Catalogue.All[0];
        foreach (var other in Catalogue.All)
        {
            Assert.Equal(english.Keys.Order(StringComparer.Ordinal), other.Keys.Order(StringComparer.Ordinal));
            foreach (var key in english.Keys)
                Assert.Equal(english[key].Contains("{0}", StringComparison.Ordinal), other[key].Contains("{0}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Has_no_text_that_says_invalid_or_oops()
    {
        string[] forbidden = ["invalid", "oops", "something went wrong", "please"];
        foreach (var key in Catalogue.All[0].Keys)
            Assert.DoesNotContain(forbidden, word => Catalogue.All[0][key].Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Has_a_sentence_for_every_reason_that_a_page_can_show()
    {
        foreach (var reason in Enum.GetValues<Reason>().Where(r => (int)r < 2000))
            Assert.All(Catalogue.All, texts => Assert.True(texts.Has("error." + Refusal.CodeOf(reason)), $"{texts.Language} {reason}"));
    }

    [Theory]
    [Trait("Spec", "OIDC Core §3.1.2.1")]
    [InlineData("de-CH fr", "en", "de")]
    [InlineData("fr de", "en", "de")]
    [InlineData("fr", "de;q=0.5, en;q=0.4", "de")]
    [InlineData("", "en-GB, de;q=0.9", "en")]
    [InlineData("", "fr, de;q=0", "en")]
    [InlineData("", null, "en")]
    [InlineData("../../etc/passwd %00 <script>", "*;q=x,,;;", "en")] // A61
    public void Chooses_the_language_from_a_fixed_list(string uiLocales, string? acceptLanguage, string language) =>
        Assert.Equal(language, Catalogue.For(uiLocales.Split(' '), acceptLanguage).Language);

    [Fact]
    public void Counts()
    {
        var texts = Catalogue.All[0];
        Assert.Equal("one minute ago", texts.Count("time.minutes", 1));
        Assert.Equal("2 minutes ago", texts.Count("time.minutes", 2));
    }
}
