using System.Globalization;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Errors;

namespace Ostiary.Server.Pages;

/// <summary><c>/errors/OST1012</c>: what a code means, from the embedded page of the code, or from its row where there is none.</summary>
internal sealed class ErrorCodePage(Issuer issuer)
{
    public Task ShowAsync(HttpContext http)
    {
        var texts = Catalogue.For([], http.Request.Headers.AcceptLanguage);
        if (!TryParse(http.Request.RouteValues["code"] as string, out var reason))
        {
            var unknown = Html.Of($"<h1>{texts["error.page.unknown"]}</h1><p class=\"lead\">{texts["error.page.unknown.text"]}</p>");
            var notFound = new Page(texts["error.page.unknown"], unknown) { Status = StatusCodes.Status404NotFound };
            return PageWriter.WriteAsync(http, issuer, texts, notFound);
        }
        var code = Refusal.CodeOf(reason);
        var body = ErrorPages.Markdown(reason) is { } markdown
            ? Html.Of($"""<article class="prose" lang="en">{Markdown.Render(markdown)}</article>""")
            : FromRow(texts, reason, code);
        return PageWriter.WriteAsync(http, issuer, texts, new Page($"{code} {Refusal.NameOf(reason)}", body) { Wide = true });
    }

    private static Html FromRow(Catalogue texts, Reason reason, string code)
    {
        var refusal = Refusal.For(reason);
        var spec = refusal.Spec.Length == 0 ? Html.Empty : Html.Of($"<dt>{texts["error.spec"]}</dt><dd>{refusal.Spec}</dd>");
        var wire = refusal.Error.Length == 0 ? Html.Empty : Html.Of($"<dt>{texts["error.wire"]}</dt><dd><code>{refusal.Error}</code></dd>");
        var status = refusal.Status < 200 ? Html.Empty : Html.Of($"<dt>{texts["error.page.status"]}</dt><dd>{refusal.Status}</dd>");
        return Html.Of(
            $"""
            <h1>{code} <code>{Refusal.NameOf(reason)}</code></h1>
            <p class="lead" lang="en">{refusal.Text}</p>
            <dl>{status}{wire}{spec}</dl>
            """
        );
    }

    private static bool TryParse(string? code, out Reason reason)
    {
        reason = default;
        if (code is not { Length: 7 } || !code.StartsWith("OST", StringComparison.Ordinal))
            return false;
        if (!int.TryParse(code.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        reason = (Reason)number;
        return Enum.IsDefined(reason);
    }
}
