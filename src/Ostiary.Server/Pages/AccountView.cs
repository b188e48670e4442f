using Ostiary.Server.Configuration;
using Ostiary.Server.Interaction;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Pages;

internal sealed record AccountView(
    Catalogue Texts,
    string Path,
    Html Csrf,
    string Person,
    string CurrentSession,
    IReadOnlyList<Session> Sessions,
    IReadOnlyList<ConnectedApp> Apps,
    DateTimeOffset Now
)
{
    public Html Render() =>
        Html.Of(
            $"""
            <div class="top"><div><h1>{Texts["account.title"]}</h1>
            <p class="lead">{Texts.Html("consent.signed-in-as", Html.Of($"<strong>{Person}</strong>"))}</p></div>
            {SignOut(CurrentSession, Texts["account.this"])}
            </div>
            <section aria-labelledby="apps">
            <h2 id="apps">{Texts["account.apps"]}</h2>
            {AppList}
            </section>
            <section aria-labelledby="sessions">
            <h2 id="sessions">{Texts["account.sessions"]}</h2>
            <p class="hint">{Texts["account.sessions.hint"]}</p>
            <ul class="plain rows">
            {Sessions.Select(Row)}
            </ul>
            <form method="post" action="{Path}/sessions/end-all">
            {Csrf}
            <button class="small" type="submit">{Texts["account.sign-out-everywhere"]}</button>
            </form>
            </section>
            """
        );

    private Html AppList =>
        Apps.Count == 0
            ? Html.Of($"""<p class="hint">{Texts["account.apps.none"]}</p>""")
            : Html.Of(
                $"""
                <p class="hint">{Texts["account.revoke.hint"]}</p>
                <ul class="plain rows">
                {Apps.Select(Row)}
                </ul>
                """
            );

    private Html Row(ConnectedApp app) =>
        Html.Of(
            $"""
            <li><div class="tile" aria-hidden="true">{ConsentView.Initial(app.Name)}</div>
            <div><strong>{app.Name}</strong><span class="hint">{Use(app)}</span>
            <ul>{app.Scopes.Select(Line)}</ul></div>
            <form method="post" action="{Path}/apps/revoke">
            {Csrf}
            <input type="hidden" name="client" value="{app.ClientId}">
            <button class="small" type="submit" aria-label="{Texts["account.revoke.of", app.Name]}">{Texts["account.revoke"]}</button>
            </form></li>
            """
        );

    private Html Use(ConnectedApp app) =>
        app.UsedAt is { } used
            ? Texts.Html("account.apps.used", RelativeTime.Ago(Texts, used, Now))
            : Texts.Html("account.apps.remembered", RelativeTime.Ago(Texts, app.Since, Now));

    private Html Line((string Name, string? Sentence) scope) =>
        Html.Of($"<li>{ConsentView.Sentence(Texts, new ScopeLine(scope.Name, scope.Sentence, null, Required: true))}</li>");

    private Html Row(Session session)
    {
        var isThis = session.Id == CurrentSession;
        var device = DisplayText.NameOr(session.Device, Texts["account.device.unknown"]);
        return Html.Of(
            $"""
            <li><div class="tile" aria-hidden="true">{ConsentView.Initial(device)}</div>
            <div><strong>{device}{(isThis ? Html.Of($"""<span class="badge">{Texts["account.this"]}</span>""") : Html.Empty)}</strong>
            <span class="hint">{Texts.Html("account.seen", RelativeTime.Ago(Texts, session.SeenAt, Now))}{Network(session)}</span></div>
            {(isThis ? Html.Empty : SignOut(session.Id, device))}</li>
            """
        );
    }

    private Html Network(Session session) => session.Network is { } network ? Html.Of($" · {Texts["account.network", network]}") : Html.Empty;

    private Html SignOut(string session, string device) =>
        Html.Of(
            $"""
            <form method="post" action="{Path}/sessions/end">
            {Csrf}
            <input type="hidden" name="session" value="{session}">
            <button class="small" type="submit" aria-label="{Texts["account.sign-out.of", device]}">{Texts["account.sign-out"]}</button>
            </form>
            """
        );
}
