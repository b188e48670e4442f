using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;

namespace Ostiary.Server.Pages;

/// <summary><c>response_mode=form_post</c>: a form that a script sends at once, and a button sends where no script runs. OAuth Form Post §2</summary>
public static class FormPostPage
{
    public static Task WriteAsync(
        HttpContext http,
        Issuer issuer,
        string redirectUri,
        IReadOnlyList<KeyValuePair<string, string>> parameters,
        IReadOnlyList<string>? uiLocales = null
    )
    {
        var texts = Catalogue.For(uiLocales ?? [], http.Request.Headers.AcceptLanguage);
        var uri = new Uri(redirectUri);
        var title = texts["form-post.title", uri.Host.Length > 0 ? uri.IdnHost : uri.Scheme];
        var body = Html.Of(
            $"""
            <h1>{title}</h1>
            <p class="lead">{texts["form-post.text"]}</p>
            <form method="post" action="{redirectUri}">
            {parameters.Select(Hidden)}
            <button class="primary block" type="submit">{texts["form-post.submit"]}</button>
            </form>
            """
        );
        var page = new Page(title, body)
        {
            FormTarget = RedirectUris.PolicySource(redirectUri),
            Script = Html.Of($"""<script src="{issuer.Url.Path}{Assets.PathOf("form-post.js")}" defer></script>"""),
        };
        return PageWriter.WriteAsync(http, issuer, texts, page);
    }

    internal static Html Hidden(KeyValuePair<string, string> parameter) =>
        Html.Of($"""<input type="hidden" name="{parameter.Key}" value="{parameter.Value}">""");
}
