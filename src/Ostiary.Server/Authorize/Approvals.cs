using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.CheckSession;
using Ostiary.Server.Claims;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Consents;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;
using Ostiary.Server.Http;
using Ostiary.Server.Interaction;
using Ostiary.Server.Pages;
using Ostiary.Server.Sessions;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Authorize;

/// <summary>Takes a validated request to its answer: asks through the pages what must be asked, and approves or declines. The pages' counterpart.</summary>
public sealed class Approvals : IInteractions
{
    private readonly Issuer _issuer;
    private readonly BrowserSessions _sessions;
    private readonly GrantCredentials _credentials;
    private readonly AuthorizeResponse _response;

    public Approvals(Issuer issuer, BrowserSessions sessions, GrantCredentials credentials)
    {
        (_issuer, _sessions, _credentials) = (issuer, sessions, credentials);
        _response = new AuthorizeResponse(issuer);
    }

    internal sealed record WaitingFacts(Grant? Grant, Client? Client, string Browser);

    /// <summary>What must hold before a waiting request may be shown, continued or answered.</summary>
    // csharpier-ignore
    internal static readonly RuleList<string, WaitingFacts> Waiting = new("authorize.interaction")
    {
        { "the sign-in is waiting here",        Reason.InteractionUnknown,          "RFC 6749 §4.1.1", (r, f, now) => f.Grant is { Status: GrantStatus.Requested } && now < f.Grant.ExpiresAt },
        { "it was started in this browser",     Reason.InteractionOfAnotherBrowser, "RFC 9700 §4.7",   (r, f, now) => f.Grant!.Request.Browser == f.Browser },
        { "its client is still enabled",        Reason.ClientDisabled,              "RFC 6749 §4.1.2.1", (r, f, now) => f.Client is { Disabled: false } },
        { "its redirect URI is still registered", Reason.RedirectUriMismatch,       "RFC 9700 §2.1",   (r, f, now) => f.Client!.RedirectUris.Any(u => RedirectUris.Matches(u, f.Grant!.Request.RedirectUri!)) },
    };

    /// <summary>All of that held, and another sign-in of the same pushed or signed request was first.</summary>
    private static Verdict Used => new(Waiting.Name, Waiting.Count, Reason.RequestUriUsed);

    internal async ValueTask<Need> NeedAsync(
        Grant grant,
        Client client,
        Session? session,
        string? hintedSubject,
        bool accountChosen,
        Snapshot snapshot,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        var consent = session is null ? null : await _issuer.Stores.Consents.FindAsync(session.Subject, client.Id, ct);
        var facts = new NeedFacts(client, session, consent, snapshot, grant.CreatedAt, hintedSubject, accountChosen);
        return InteractionNeeds.Of(grant.Request, grant.Request.Scope, facts, now);
    }

    /// <summary>GET /authorize/continue: after a page, on with the request.</summary>
    public async Task ContinueAsync(HttpContext http)
    {
        var now = _issuer.Now;
        var snapshot = _issuer.Configuration.Current;
        var malformed = RequestReader.ReadQuery(http, out var query);
        var (grant, client, verdict) = await LoadAsync(malformed is null ? query["flow"] : null, _sessions.BrowserOf(http), http.RequestAborted);
        if (verdict.Refused is { } reason)
        {
            await RefuseAsync(http, verdict, grant, reason);
            return;
        }
        Flow.Set(http, grant!.Request.Flow);
        var session = await _sessions.CurrentAsync(http, http.RequestAborted);
        var accountChosen = query["account"] == "chosen";
        var need = await NeedAsync(grant, client!, session, grant.Request.HintedSubject, accountChosen, snapshot, now, http.RequestAborted);
        if (need != Need.Nothing)
            SendToPage(http, grant.Id, need);
        else
            await ApproveAsync(http, grant, client!, session!, grant.Request.Scope, "authorize.approve");
    }

    /// <summary>Approves a request that needs nobody to be asked: one write, straight to Approved.</summary>
    internal async Task ApproveNewAsync(HttpContext http, Grant grant, Client client, Session session, Snapshot snapshot, DateTimeOffset now)
    {
        if (!await TryUseUpAsync(grant, now, http.RequestAborted))
        {
            await RefuseAsync(http, Used, grant, Reason.RequestUriUsed);
            return;
        }
        var approved = grant with
        {
            Status = GrantStatus.Approved,
            Approval = ApprovalOf(client, session, grant.Request.Scope),
            ExpiresAt = now + snapshot.Settings.CodeLifetime,
        };
        await _issuer.Stores.Grants.TryCreateAsync(approved, http.RequestAborted);
        Record(http, grant, session, "authorize.approve", "approved", null);
        await _response.CodeAsync(http, RedirectOf(grant), _credentials.Code(grant.Id), StateFor(http, grant, session));
    }

    internal void SendToPage(HttpContext http, GrantId id, Need need)
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = _issuer.Url.At(need == Need.Consent ? "/consent?flow=" : "/login?flow=") + id;
    }

    public string ContinueAt(string handle, bool accountChosen) =>
        _issuer.Url.At("/authorize/continue?flow=") + Uri.EscapeDataString(handle) + (accountChosen ? "&account=chosen" : "");

    public async ValueTask<(InteractionPrompt? Prompt, Reason? Refused)> OpenAsync(string handle, string browser, CancellationToken ct)
    {
        var (grant, client, verdict) = await LoadAsync(handle, browser, ct);
        return verdict.Refused is { } reason ? (null, reason) : (PromptText.Of(grant!, client!, _issuer.Configuration.Current), null);
    }

    public async Task AnswerAsync(HttpContext http, string handle, Session session, bool allow, IReadOnlyList<string> optionalScopes)
    {
        var (grant, client, verdict) = await LoadAsync(handle, _sessions.BrowserOf(http), http.RequestAborted);
        if (verdict.Refused is { } reason)
        {
            await RefuseAsync(http, verdict, grant, reason);
            return;
        }
        Flow.Set(http, grant!.Request.Flow);
        var snapshot = _issuer.Configuration.Current;
        var need = await NeedAsync(
            grant,
            client!,
            session,
            grant.Request.HintedSubject,
            accountChosen: true,
            snapshot,
            _issuer.Now,
            http.RequestAborted
        );
        if (need is Need.Login)
            SendToPage(http, grant.Id, need);
        else if (!allow)
            await DeclineAsync(http, grant, session);
        else
            await AllowAsync(http, grant, client!, session, PromptText.Granted(grant.Request.Scope, optionalScopes, snapshot));
    }

    private async Task AllowAsync(HttpContext http, Grant grant, Client client, Session session, ScopeSet scope)
    {
        await RememberAsync(session.Subject, client.Id, scope.Union(ClaimsRequest.Of(grant.Request).ScopeFor(client)), http.RequestAborted);
        await ApproveAsync(http, grant, client, session, scope, "authorize.consent");
    }

    /// <summary>Beside what was allowed before. Who allows something else in another window at the same time is not forgotten.</summary>
    private async ValueTask RememberAsync(string subject, string clientId, ScopeSet allowed, CancellationToken ct)
    {
        var consents = _issuer.Stores.Consents;
        Consent? known;
        do
        {
            known = await consents.FindAsync(subject, clientId, ct);
        } while (!await consents.TryPutAsync(new(subject, clientId, known?.Scope.Union(allowed) ?? allowed, _issuer.Now), known, ct));
    }

    private async Task DeclineAsync(HttpContext http, Grant grant, Session session)
    {
        await TryUseUpAsync(grant, _issuer.Now, http.RequestAborted);
        await _issuer.Stores.Grants.TryEndAsync(grant.Id, GrantEnd.Denied, _issuer.Now, http.RequestAborted);
        Record(http, grant, session, "authorize.consent", "ended: denied", Reason.AccessDenied);
        await _response.ErrorAsync(http, RedirectOf(grant), Reason.AccessDenied);
    }

    private async Task ApproveAsync(HttpContext http, Grant grant, Client client, Session session, ScopeSet scope, string act)
    {
        var now = _issuer.Now;
        if (!await TryUseUpAsync(grant, now, http.RequestAborted))
        {
            await RefuseAsync(http, Used, grant, Reason.RequestUriUsed);
            return;
        }
        var codeExpiresAt = now + _issuer.Configuration.Current.Settings.CodeLifetime; // RFC 6749 §4.1.2
        // The consent may be kept already: both or neither, also where the browser has gone.
        if (!await _issuer.Stores.Grants.TryApproveAsync(grant.Id, ApprovalOf(client, session, scope), codeExpiresAt, now, CancellationToken.None))
        {
            await RefuseAsync(http, new Verdict(Waiting.Name, 0, Reason.InteractionUnknown), grant, Reason.InteractionUnknown);
            return;
        }
        Record(http, grant, session, act, "approved", null);
        await _response.CodeAsync(http, RedirectOf(grant), _credentials.Code(grant.Id), StateFor(http, grant, session));
    }

    /// <summary>Session Management §2</summary>
    private string? StateFor(HttpContext http, Grant grant, Session session) =>
        grant.Request.Scope.Contains(ScopeSet.OpenId) && SessionState.OriginOf(grant.Request.RedirectUri!) is { } origin
            ? SessionState.New(grant.ClientId, origin, _sessions.StateOf(http, session))
            : null;

    /// <summary>
    /// A pushed or signed request is answered once, whoever brings it in however many browsers; until then its page may be loaded again. RFC 9126 §4
    /// </summary>
    private async ValueTask<bool> TryUseUpAsync(Grant grant, DateTimeOffset now, CancellationToken ct)
    {
        if (grant.Request.OnceKey is not { } key)
            return true;
        var until = now + RequestObject.Reach + RequestObject.Skew + _issuer.Configuration.Current.Settings.InteractionLifetime;
        return await _issuer.Stores.OneTime.TryAddOnceAsync(key, until, now, ct);
    }

    internal static Approval ApprovalOf(Client client, Session session, ScopeSet scope)
    {
        var mayRefresh = client.May("refresh_token");
        return new Approval
        {
            Subject = session.Subject,
            Scope = mayRefresh ? scope : scope.Without(ScopeSet.OfflineAccess),
            AuthenticatedAt = session.AuthenticatedAt,
            SessionId = session.Id,
            Acr = session.Acr ?? Acr.Password,
            Amr = session.Amr,
            Refreshable = mayRefresh,
            Offline = mayRefresh && scope.Contains(ScopeSet.OfflineAccess), // OIDC Core §11
        };
    }

    private async ValueTask<(Grant? Grant, Client? Client, Verdict Verdict)> LoadAsync(string? handle, string browser, CancellationToken ct)
    {
        var grant = GrantId.TryParse(handle, out var id) ? await _issuer.Stores.Grants.FindAsync(id, ct) : null;
        var client = grant is null ? null : _issuer.Configuration.Current.Client(grant.ClientId);
        return (grant, client, Waiting.Judge("", new(grant, client, browser), _issuer.Now));
    }

    private Task RefuseAsync(HttpContext http, Verdict verdict, Grant? grant, Reason reason)
    {
        var record = DecisionRecord.Of(verdict, _issuer.Now, grant?.Request.Flow ?? Flow.Of(http));
        _issuer.Log.Record(record with { ClientId = grant?.ClientId, GrantId = grant?.Id.ToString(), Network = Network.Of(http) });
        return ErrorPage.WriteAsync(http, _issuer, reason);
    }

    private void Record(HttpContext http, Grant grant, Session session, string act, string change, Reason? refused) =>
        _issuer.Log.Record(
            new DecisionRecord
            {
                At = _issuer.Now,
                Flow = grant.Request.Flow,
                Act = act,
                Refused = refused,
                ClientId = grant.ClientId,
                GrantId = grant.Id.ToString(),
                Subject = session.Subject,
                SessionId = session.Id,
                Scope = grant.Request.Scope.ToString(),
                Change = change,
                Network = Network.Of(http),
                Revision = _issuer.Configuration.Current.Revision,
            }
        );

    /// <summary>The redirect of a stored request: it was trusted when it was stored, and <see cref="Waiting"/> asks again.</summary>
    private static TrustedRedirect RedirectOf(Grant grant) => new(grant.Request.RedirectUri!, grant.Request.ResponseMode, grant.Request.State);
}
