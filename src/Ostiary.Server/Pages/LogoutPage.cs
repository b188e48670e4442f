using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.EndSession;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Pages;

/// <summary>The question before a logout, and the page after it. What a logout request means is decided at <c>/end_session</c>.</summary>
internal sealed class LogoutPage(PageContext pages)
{
    private const string Form = "logout";

    /// <summary>Seconds that the apps of a session have to load their frames, before the browser goes on.</summary>
    private const int Patience = 5;

    /// <summary>Asks. The form goes to the path of the end-session endpoint and carries the request's parameters along. RP-Initiated Logout §2</summary>
    /// <param name="app">The name of the app that asks, if it is known.</param>
    /// <param name="formTarget">Where the answer may redirect to, see <see cref="RedirectUris.PolicySource"/>.</param>
    public Task ConfirmAsync(
        HttpContext http,
        Session? session,
        string? app,
        string? formTarget,
        IReadOnlyList<KeyValuePair<string, string>> parameters,
        IReadOnlyList<string>? uiLocales = null
    )
    {
        var texts = Catalogue.For(uiLocales ?? [], http.Request.Headers.AcceptLanguage);
        var server = PageWriter.DisplayName(pages.Issuer);
        var body = Html.Of(
            $"""
            <h1>{texts["logout.title", server]}</h1>
            <p class="lead">{(app is null ? Html.Empty : Html.Of($"{texts["logout.asked-by", DisplayText.Clean(app)]} "))}{texts[
                "logout.text",
                server
            ]}</p>
            <form method="post" action="{pages.PathOf("/end_session")}">
            {pages.Tokens.Field(http, session, Form)}
            {parameters.Select(FormPostPage.Hidden)}
            <button class="primary block" type="submit" name="decision" value="logout">{texts["logout.submit"]}</button>
            </form>
            """
        );
        return PageWriter.WriteAsync(http, pages.Issuer, texts, new Page(texts["logout.title", server], body) { FormTarget = formTarget });
    }

    /// <summary>Whether a posted form is the answer to <see cref="ConfirmAsync"/>; records the refusal where it is not.</summary>
    public Reason? Refuse(HttpContext http, FormParameters form, Session? session)
    {
        var facts = new FormFacts
        {
            IsOurs = pages.Tokens.IsOurs(http, form, session, Form),
            AnswerIsClear = PageContext.Single(form, "decision") == "logout",
        };
        var verdict = PageRules.Logout.Judge(new(Form), facts, pages.Issuer.Now);
        if (!verdict.Allowed)
            pages.Record(http, verdict, session);
        return verdict.Refused;
    }

    /// <summary>Says that it is done and who was told, shows the frames of the session's clients, and goes on to the app where its address is registered.</summary>
    public Task LoggedOutAsync(HttpContext http, AfterLogout after, IReadOnlyList<string>? uiLocales = null)
    {
        var texts = Catalogue.For(uiLocales ?? [], http.Request.Headers.AcceptLanguage);
        var next = after.Onward is null
            ? Html.Of($"""<a class="button block" href="{pages.PathOf("/login")}">{texts["logout.again"]}</a>""")
            : Html.Of($"""<a class="button primary block" id="onward" href="{after.Onward}">{texts["logout.onward"]}</a>""");
        var body = Html.Of(
            $"""
            <h1>{texts["logout.done.title"]}</h1>
            <p class="lead">{texts["logout.done.text", PageWriter.DisplayName(pages.Issuer)]}</p>
            {Told(texts, after.Outcomes)}
            {next}
            {after.Frames.Select(Frame)}
            """
        );
        var page = new Page(texts["logout.done.title"], body)
        {
            FrameOrigins = [.. after.Frames.Select(frame => frame.Origin)],
            Script = after.Onward is null ? Html.Empty : GoOn(after.Onward),
        };
        return PageWriter.WriteAsync(http, pages.Issuer, texts, page);
    }

    /// <summary>It runs with the client's own cookies and may do nothing to the page around it.</summary>
    private static Html Frame(LogoutFrame frame) =>
        Html.Of($"""<iframe src="{frame.Url}" hidden sandbox="allow-scripts allow-same-origin" referrerpolicy="no-referrer"></iframe>""");

    /// <summary>
    /// A script goes on when the frames are loaded, and does not wait for those that never are. Where none runs the browser goes on by itself, but its clock starts only
    /// when all of them are loaded; there is the link.
    /// </summary>
    private Html GoOn(string target) =>
        Html.Of(
            $"""
            <noscript><meta http-equiv="refresh" content="{Patience};url={target}"></noscript>
            <script src="{pages.Issuer.Url.Path}{Assets.PathOf("signed-out.js")}" data-patience="{Patience}" defer></script>
            """
        );

    /// <summary>What is done first, and what is left to the person last.</summary>
    private static readonly string[] InOrder = ["logout.apps.told", "logout.apps.shown", "logout.apps.waiting", "logout.apps.untold"];

    private IEnumerable<Html> Told(Catalogue texts, IReadOnlyList<LogoutOutcome> outcomes)
    {
        foreach (var group in outcomes.GroupBy(TextOf).OrderBy(group => Array.IndexOf(InOrder, group.Key)))
        {
            var names = group.Select(o => DisplayText.Clean(pages.Issuer.Configuration.Current.Client(o.ClientId)?.Name ?? o.ClientId));
            yield return Html.Of($"""<p class="{group.Key}">{texts[group.Key, string.Join(", ", names)]}</p>""");
        }
    }

    private static string TextOf(LogoutOutcome outcome) =>
        outcome.Notice?.State switch
        {
            LogoutNoticeState.Told => "logout.apps.told",
            LogoutNoticeState.Waiting => "logout.apps.waiting",
            LogoutNoticeState.Shown => "logout.apps.shown",
            _ => "logout.apps.untold",
        };
}

/// <summary>What there is to say and to do when a session has ended in this browser.</summary>
internal sealed record AfterLogout
{
    /// <summary>The apps of the session, and which of them were told.</summary>
    public IReadOnlyList<LogoutOutcome> Outcomes { get; init; } = [];
    public IReadOnlyList<LogoutFrame> Frames { get; init; } = [];

    /// <summary>Where the app wants the browser; null: it stays here.</summary>
    public string? Onward { get; init; }
}
