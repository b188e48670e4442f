using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.EndSession;
using Ostiary.Server.Grants;
using Ostiary.Server.Http;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Pages;

/// <summary><c>/account</c>: where somebody is signed in, which apps they let in, and how to end both.</summary>
internal sealed class AccountPage(PageContext pages, LogoutPage logout, LogoutNotices notices)
{
    private const string Form = "account";
    private const int MaxSessions = 100;
    private const int MaxGrants = 500;
    private readonly FrontchannelLogout _frontchannel = new(pages.Issuer);
    private IStores Stores => pages.Issuer.Stores;

    public async Task ShowAsync(HttpContext http)
    {
        var session = await pages.Sessions.CurrentAsync(http, http.RequestAborted);
        if (session is null)
        {
            await PageContext.SeeOther(http, pages.PathOf("/login"));
            return;
        }
        var texts = PageContext.TextsFor(http, prompt: null);
        var view = new AccountView(
            texts,
            pages.PathOf("/account"),
            pages.Tokens.Field(http, session, Form),
            DisplayText.Clean(pages.Issuer.Configuration.Current.User(session.Subject)?.Username),
            session.Id,
            await LiveSessionsAsync(session, http.RequestAborted),
            await AppsAsync(session.Subject, http.RequestAborted),
            pages.Issuer.Now
        );
        await PageWriter.WriteAsync(http, pages.Issuer, texts, new Page(texts["account.title"], view.Render()) { Wide = true });
    }

    /// <summary>Ends one session of the person, this one or another.</summary>
    public async Task EndSessionAsync(HttpContext http)
    {
        var (session, form, facts) = await ReadAsync(http);
        if (form is null)
            return;
        var wanted = PageContext.Single(form, "session");
        var target = session is null || wanted is not { Length: <= 64 } ? null : await Stores.Sessions.FindAsync(wanted, http.RequestAborted);
        facts = facts with { ItemIsTheirs = target is not null && target.Subject == session!.Subject };
        var verdict = PageRules.EndSession.Judge(new(Form), facts, pages.Issuer.Now);
        if (verdict.Allowed && target!.Id == session!.Id)
            await pages.Sessions.EndAsync(http, session, http.RequestAborted);
        else if (verdict.Allowed)
            await pages.Sessions.EndAsync(target!, http.RequestAborted);
        pages.Record(http, verdict, session, item: "session", change: "session ended");
        if (verdict.Refused is { } reason)
            await RefuseAsync(http, reason);
        else if (target!.Id == session!.Id)
            await GoneAsync(http, session, "/account");
        else
            await PageContext.SeeOther(http, pages.PathOf("/account"));
    }

    /// <summary>Ends all sessions of the person, this one too.</summary>
    public async Task EndAllSessionsAsync(HttpContext http)
    {
        var (session, form, facts) = await ReadAsync(http);
        if (form is null)
            return;
        var verdict = PageRules.EndAllSessions.Judge(new(Form), facts, pages.Issuer.Now);
        if (verdict.Allowed)
            await pages.Sessions.EndAllAsync(http, session!, http.RequestAborted);
        pages.Record(http, verdict, session, change: "all sessions ended");
        await (verdict.Refused is { } reason ? RefuseAsync(http, reason) : GoneAsync(http, session!, "/login"));
    }

    /// <summary>On to the next page, unless apps of the session have to be told by this browser first.</summary>
    private async Task GoneAsync(HttpContext http, Session session, string next)
    {
        var frames = await _frontchannel.FramesAsync(session.Id, session.Subject, CancellationToken.None);
        if (frames.Count == 0)
        {
            await PageContext.SeeOther(http, pages.PathOf(next));
            return;
        }
        // The feed would have them written too, but not before this page says who is told.
        await notices.WriteAsync(session.Id, CancellationToken.None);
        var outcomes = await LogoutNotices.OutcomesAsync(Stores, session.Id, http.RequestAborted);
        await logout.LoggedOutAsync(http, new AfterLogout { Frames = frames, Outcomes = outcomes });
    }

    /// <summary>Takes an app's access away: its grants end, and it has to ask again.</summary>
    public async Task RevokeAsync(HttpContext http)
    {
        var (session, form, facts) = await ReadAsync(http);
        if (form is null)
            return;
        var client = PageContext.Single(form, "client");
        var verdict = PageRules.Revoke.Judge(new(Form), facts with { ItemIsTheirs = client is not null }, pages.Issuer.Now);
        if (verdict.Allowed)
        {
            await Stores.Consents.TryRemoveAsync(session!.Subject, client!, http.RequestAborted);
            await Stores.Grants.EndOfSubjectAsync(session.Subject, client, GrantEnd.RevokedByUser, pages.Issuer.Now, CancellationToken.None);
        }
        pages.Record(http, verdict, session, client is { Length: <= 256 } ? client : null, change: "ended: revoked-by-user");
        await (verdict.Refused is { } reason ? RefuseAsync(http, reason) : PageContext.SeeOther(http, pages.PathOf("/account")));
    }

    private async ValueTask<(Session? Session, FormParameters? Form, FormFacts Facts)> ReadAsync(HttpContext http)
    {
        var (form, unreadable) = await RequestReader.ReadFormAsync(http);
        if ((unreadable ?? (form.Repeated is null ? null : Reason.ParameterRepeated)) is { } reason)
        {
            await pages.RefuseAsync(http, "page.open", reason);
            return (null, null, new());
        }
        var session = await pages.Sessions.CurrentAsync(http, http.RequestAborted);
        return (session, form, new FormFacts { IsSignedIn = session is not null, IsOurs = pages.Tokens.IsOurs(http, form, session, Form) });
    }

    private Task RefuseAsync(HttpContext http, Reason reason) =>
        reason == Reason.NotSignedIn ? PageContext.SeeOther(http, pages.PathOf("/login")) : ErrorPage.WriteAsync(http, pages.Issuer, reason);

    private async ValueTask<IReadOnlyList<Session>> LiveSessionsAsync(Session current, CancellationToken ct)
    {
        var all = await Stores.Directory.SessionsAsync(current.Subject, cursor: null, MaxSessions, ct);
        var now = pages.Issuer.Now;
        var idle = pages.Issuer.Configuration.Current.Settings.SessionIdle;
        return [current, .. all.Items.Where(s => s.Id != current.Id && s.IsLive(now) && now < s.SeenAt + idle).OrderByDescending(s => s.SeenAt)];
    }

    private async ValueTask<IReadOnlyList<ConnectedApp>> AppsAsync(string subject, CancellationToken ct)
    {
        var configuration = pages.Issuer.Configuration.Current;
        var grants = await Stores.Directory.GrantsAsync(new GrantQuery(Subject: subject, LiveOnly: true, Limit: MaxGrants), ct);
        var consents = await Stores.Directory.ConsentsAsync(subject, ct);
        var apps = new List<ConnectedApp>();
        foreach (var clientId in grants.Items.Select(g => g.ClientId).Concat(consents.Select(c => c.ClientId)).Distinct(StringComparer.Ordinal))
        {
            var live = grants.Items.Where(g => g.ClientId == clientId && g.Approval is not null).ToList();
            var consent = consents.FirstOrDefault(c => c.ClientId == clientId);
            if (live.Count == 0 && consent is null)
                continue;
            var scope = live.Aggregate(consent?.Scope ?? ScopeSet.None, (all, grant) => all.Union(grant.Approval!.Scope));
            apps.Add(
                new ConnectedApp(
                    clientId,
                    DisplayText.NameOr(configuration.Client(clientId)?.Name, clientId),
                    [.. scope.Tokens.Select(s => (s, configuration.ApiOfScope(s)?.Scopes.First(d => d.Name == s).Description))],
                    Since: live.Select(g => g.CreatedAt).Append(consent?.GrantedAt ?? DateTimeOffset.MaxValue).Min(),
                    UsedAt: live.Count == 0 ? null : live.Max(g => g.UsedAt ?? g.RotatedAt ?? g.CreatedAt)
                )
            );
        }
        return [.. apps.OrderBy(a => a.Name, StringComparer.Ordinal)];
    }
}

/// <summary>An app that has access, or that was allowed to have it without asking again.</summary>
/// <param name="UsedAt">Null: nothing of it is in force at present.</param>
internal sealed record ConnectedApp(
    string ClientId,
    string Name,
    IReadOnlyList<(string Name, string? Sentence)> Scopes,
    DateTimeOffset Since,
    DateTimeOffset? UsedAt
);
