using System.Text;
using Ostiary.Server.Configuration;
using Ostiary.Server.Interaction;

namespace Ostiary.Server.Pages;

internal sealed record ConsentView(
    Catalogue Texts,
    InteractionPrompt Prompt,
    string Action,
    string OtherAccount,
    Html Csrf,
    string Person,
    string Server
)
{
    private const int MaxSentence = 200;

    public string Title => Texts["consent.title", App];

    private string App => DisplayText.NameOr(Prompt.App.Name, Prompt.App.ClientId);

    public Html Render() =>
        Html.Of(
            $"""
            <div class="app"><div class="tile" aria-hidden="true">{Initial(App)}</div><h1>{Title}</h1></div>
            <div class="who"><span>{Texts.Html("consent.signed-in-as", Html.Of($"<strong>{Person}</strong>"))}</span>
            <a href="{OtherAccount}">{Texts["consent.not-you"]}</a></div>
            {Unverified}
            {Local}
            <form method="post" action="{Action}">
            {Csrf}
            <h2 id="wants">{Texts["consent.wants", App]}</h2>
            <ul class="plain scopes" aria-labelledby="wants">
            {Prompt.Scopes.Select(scope => Line(Texts, scope))}
            </ul>
            {OptionalHint}
            <dl>
            {Publisher}
            {KnownBy}
            <dt>{Texts["consent.returns-to"]}</dt><dd><strong>{DisplayText.Clean(Prompt.App.ReturnsTo, 253)}</strong></dd>
            </dl>
            {Links}
            <div class="pair">
            <button type="submit" name="decision" value="allow">{Texts["consent.allow"]}</button>
            <button type="submit" name="decision" value="deny">{Texts["consent.deny"]}</button>
            </div>
            </form>
            <footer>{Texts["consent.later"]}</footer>
            """
        );

    public static Html Initial(string name) =>
        Html.Text(name.EnumerateRunes().Select(Rune.ToUpperInvariant).FirstOrDefault(new Rune('?')).ToString());

    /// <summary>The sentence for people, with the raw name only beside it.</summary>
    public static string Sentence(Catalogue texts, ScopeLine scope)
    {
        if (DisplayText.Clean(scope.Sentence, MaxSentence) is { Length: > 0 } sentence)
            return sentence;
        var key = scope.CatalogueKey ?? scope.Name;
        var full = key.StartsWith("scope.", StringComparison.Ordinal) ? key : "scope." + key;
        return texts[texts.Has(full) ? full : "scope.unknown"];
    }

    private Html Unverified => Prompt.App.Verified ? Html.Empty : Html.Of($"""<p class="note">{Texts["consent.unverified"]}</p>""");

    private Html Local => Prompt.App.IsLocal ? Html.Of($"""<p class="note">{Texts["consent.local"]}</p>""") : Html.Empty;

    private Html KnownBy =>
        Prompt.App.KnownBy is { } host
            ? Html.Of($"<dt>{Texts["consent.known-by"]}</dt><dd><strong>{DisplayText.Clean(host, 253)}</strong></dd>")
            : Html.Empty;

    private Html Publisher =>
        Prompt.App.Verified ? Html.Of($"""<dt>{Texts["consent.publisher"]}</dt><dd>{Texts["consent.verified", Server]}</dd>""") : Html.Empty;

    private Html OptionalHint =>
        Prompt.Scopes.All(s => s.Required) ? Html.Empty : Html.Of($"""<p class="hint">{Texts["consent.optional.hint"]}</p>""");

    /// <summary>One permission: with a box where it can be left out.</summary>
    public static Html Line(Catalogue texts, ScopeLine scope)
    {
        var text = Html.Of($"<span>{Sentence(texts, scope)} <code>{DisplayText.Clean(scope.Name, 100)}</code></span>");
        return scope.Required
            ? Html.Of($"""<li><div>{Icons.Tick}{text}<span class="tag">{texts["consent.required"]}</span></div></li>""")
            : Html.Of(
                $"""<li><label><input type="checkbox" name="scope" value="{scope.Name}" checked>{text}<span class="tag">{texts["consent.optional"]}</span></label></li>"""
            );
    }

    private Html Links
    {
        get
        {
            Html[] links =
            [
                Link(Prompt.App.Uri, "consent.website"),
                Link(Prompt.App.PolicyUri, "consent.privacy"),
                Link(Prompt.App.TosUri, "consent.terms"),
            ];
            return links.All(l => l.IsEmpty) ? Html.Empty : Html.Of($"""<div class="links">{links}</div>""");
        }
    }

    private Html Link(string? uri, string text) =>
        DisplayText.Link(uri) is { } href ? Html.Of($"""<a href="{href}" target="_blank" rel="noopener noreferrer">{Texts[text]}</a>""") : Html.Empty;
}
