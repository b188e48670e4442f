using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Pages;

/// <summary>A page: its title, its content, and where its forms may lead.</summary>
internal sealed record Page(string Title, Html Body)
{
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>The form-action source besides <c>'self'</c>: where the answer to a form of this page may redirect to.</summary>
    public string? FormTarget { get; init; }

    /// <summary>The origins of the pages that it shows in frames.</summary>
    public IReadOnlyList<string> FrameOrigins { get; init; } = [];

    public bool Wide { get; init; }

    public Html Script { get; init; }
}

/// <summary>Writes pages: one frame, one set of headers.</summary>
internal static class PageWriter
{
    public static Task WriteAsync(HttpContext http, Issuer issuer, Catalogue texts, Page page)
    {
        var html = Encoding.UTF8.GetBytes(Frame(issuer, texts, page).ToString());
        http.Response.StatusCode = page.Status;
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = html.Length;
        SecurityHeaders.Set(http.Response.Headers, page.FormTarget, page.FrameOrigins);
        http.Response.Headers.ContentLanguage = texts.Language;
        return http.Response.Body.WriteAsync(html, http.RequestAborted).AsTask();
    }

    public static string DisplayName(Issuer issuer) =>
        DisplayText.NameOr(issuer.Configuration.Current.Settings.DisplayName, new Uri(issuer.Url.Origin).Host);

    private static Html Frame(Issuer issuer, Catalogue texts, Page page)
    {
        var name = DisplayName(issuer);
        var root = issuer.Url.Path;
        var banner = issuer.Development ? Html.Of($"""<aside class="banner">{texts["banner.development"]}</aside>""") : Html.Empty;
        return Html.Of(
            $"""
            <!doctype html>
            <html lang="{texts.Language}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{page.Title} · {name}</title>
            <link rel="icon" href="{root}{Assets.PathOf("icon.svg")}" type="image/svg+xml">
            <link rel="stylesheet" href="{root}{Assets.PathOf("ostiary.css")}">
            {page.Script}
            </head>
            <body>
            {banner}
            <div class="page{(page.Wide ? " wide" : "")}">
            <header class="brand">{Icons.Door}<span>{name}</span></header>
            <main>
            {page.Body}
            </main>
            </div>
            </body>
            </html>
            """
        );
    }
}

internal static class Icons
{
    public static readonly Html Door = Html.Of(
        $"""<svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linejoin="round" stroke-linecap="round" aria-hidden="true"><path d="M7 28V14a9 9 0 0 1 18 0v14M3.5 28h25"/><circle cx="19.5" cy="19" r="1.4" fill="currentColor" stroke="none"/></svg>"""
    );

    public static readonly Html Tick = Html.Of(
        $"""<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m4.5 10.5 3.5 3.5 7.5-8"/></svg>"""
    );
}
