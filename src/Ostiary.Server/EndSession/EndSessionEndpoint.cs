using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Authorize;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Pages;
using Ostiary.Server.Sessions;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.EndSession;

/// <summary>GET and POST /end_session: RP-initiated logout. RP-Initiated Logout §2</summary>
internal sealed class EndSessionEndpoint(
    Issuer issuer,
    BrowserSessions sessions,
    IdTokens idTokens,
    TokenStatus status,
    LogoutPage page,
    LogoutNotices notices
)
{
    private readonly FrontchannelLogout _frontchannel = new(issuer);

    internal sealed record Request(FormParameters Parameters, Reason? Malformed)
    {
        public string? Hint => Parameters["id_token_hint"];
        public string? ReturnTo => Parameters["post_logout_redirect_uri"];
    }

    internal sealed record Facts(JwtClaims? Hint, Client? Client);

    // csharpier-ignore
    internal static readonly RuleList<Request, Facts> Rules = new("end_session")
    {
        { "the request is well-formed",                                Reason.RequestMalformed,       "RP-Initiated Logout §2", (r, f, now) => r.Malformed is null },
        { "no parameter occurs twice",                                 Reason.ParameterRepeated,      "RFC 6749 §3.1",          (r, f, now) => r.Parameters.Repeated is null },
        { "id_token_hint, where sent, is an ID token of ours",         Reason.LogoutHintInvalid,      "RP-Initiated Logout §2", (r, f, now) => r.Hint is null || f.Hint is not null },
        { "client_id, where sent, is the client of the hint",          Reason.LogoutHintInvalid,      "RP-Initiated Logout §2", (r, f, now) => f.Hint is null || r.Parameters["client_id"] is null || f.Hint.Audience![0] == r.Parameters["client_id"] },
        { "the redirect URI is that of a client named by hint or id",  Reason.LogoutRedirectMismatch, "RP-Initiated Logout §3", (r, f, now) => r.ReturnTo is null || f.Client is { Disabled: false } },
        { "it equals a registered one",                                Reason.LogoutRedirectMismatch, "RP-Initiated Logout §3", (r, f, now) => r.ReturnTo is null || f.Client!.PostLogoutRedirectUris.Contains(r.ReturnTo, StringComparer.Ordinal) },
    };

    public async Task HandleAsync(HttpContext http)
    {
        var snapshot = issuer.Configuration.Current;
        var request = await ReadAsync(http);
        var hint = request.Hint is { } text ? await ReadHintAsync(text, snapshot, http.RequestAborted) : null;
        var clientId = hint?.Audience![0] ?? request.Parameters["client_id"];
        var client = clientId is null ? null : snapshot.Client(clientId);
        var verdict = Rules.Judge(request, new(hint, client), issuer.Now);
        if (verdict.Refused is { } reason)
        {
            Record(http, verdict, clientId, null, null);
            await ErrorPage.WriteAsync(http, issuer, reason, parameter: request.Parameters.Repeated);
            return;
        }
        if (PostedNavigation.IsBlind(http, sessions))
        {
            // Nobody may be told that they are signed out while the browser's session goes on.
            if (PostedNavigation.TryRepeat(http, issuer.Url.At("/end_session"), request.Parameters))
                return;
            Record(http, verdict with { Refused = Reason.RequestTooLarge }, clientId, null, null);
            await ErrorPage.WriteAsync(http, issuer, Reason.RequestTooLarge);
            return;
        }
        var session = await sessions.CurrentAsync(http, http.RequestAborted);
        if (session is null || Concerns(hint, session))
            await EndAsync(http, request, verdict, client, session);
        else if (HttpMethods.IsPost(http.Request.Method) && request.Parameters.Has("decision"))
            await ConfirmedAsync(http, request, verdict, client, session);
        else
            await page.ConfirmAsync(http, session, client?.Name ?? client?.Id, FormTarget(request), Carried(request), UiLocales(request));
    }

    /// <summary>A verified hint of this very session needs no question; any other does. RP-Initiated Logout §2</summary>
    private async ValueTask<JwtClaims?> ReadHintAsync(string text, Snapshot snapshot, CancellationToken ct)
    {
        await status.LearnKeyAsync(text, ct);
        return idTokens.ReadHint(text, snapshot.Client);
    }

    private static bool Concerns(JwtClaims? hint, Session session) =>
        hint is not null && hint.String("sub") == session.Subject && (hint.String("sid") is not { } sid || sid == session.Id);

    private async Task ConfirmedAsync(HttpContext http, Request request, Verdict verdict, Client? client, Session session)
    {
        if (page.Refuse(http, request.Parameters, session) is { } forged)
            await ErrorPage.WriteAsync(http, issuer, forged);
        else
            await EndAsync(http, request, verdict, client, session);
    }

    private async Task EndAsync(HttpContext http, Request request, Verdict verdict, Client? client, Session? session)
    {
        if (session is not null)
        {
            await sessions.EndAsync(http, session, http.RequestAborted);
            await notices.WriteAsync(session.Id, CancellationToken.None);
        }
        Record(http, verdict, client?.Id, session, session is null ? null : "session ended");
        var frames = session is null ? [] : await _frontchannel.FramesAsync(session.Id, session.Subject, CancellationToken.None);
        var target = ReturnTarget(request);
        if (target is not null && frames.Count == 0)
        {
            http.Response.Headers.CacheControl = "no-store";
            http.Response.StatusCode = StatusCodes.Status303SeeOther;
            http.Response.Headers.Location = target;
            return;
        }
        var after = new AfterLogout
        {
            Frames = frames,
            Onward = target,
            // Who is on the way to an app does not wait for others.
            Outcomes =
                session is null ? []
                : target is null ? await notices.FirstOutcomesAsync(session.Id, http.RequestAborted)
                : await LogoutNotices.OutcomesAsync(issuer.Stores, session.Id, http.RequestAborted),
        };
        await page.LoggedOutAsync(http, after, UiLocales(request));
    }

    private static string? ReturnTarget(Request request)
    {
        IEnumerable<KeyValuePair<string, string>> state = request.Parameters["state"] is { } value ? [new("state", value)] : [];
        return request.ReturnTo is { } uri ? AuthorizeResponse.Append(uri, state) : null; // RP-Initiated Logout §3
    }

    private static async ValueTask<Request> ReadAsync(HttpContext http)
    {
        if (HttpMethods.IsPost(http.Request.Method))
        {
            var (form, refused) = await RequestReader.ReadFormAsync(http); // RP-Initiated Logout §2
            return new(form, refused ?? (http.Request.QueryString.HasValue ? Reason.ParametersInUrl : null));
        }
        var malformed = RequestReader.ReadQuery(http, out var query);
        return new(query, malformed);
    }

    private static List<KeyValuePair<string, string>> Carried(Request request) =>
        [.. request.Parameters.All.Where(p => p.Key is "id_token_hint" or "client_id" or "post_logout_redirect_uri" or "state" or "ui_locales")];

    private static string? FormTarget(Request request) => request.ReturnTo is { } uri ? RedirectUris.PolicySource(uri) : null;

    private static IReadOnlyList<string> UiLocales(Request request) => AuthorizationRequest.Words(request.Parameters["ui_locales"]);

    private void Record(HttpContext http, Verdict verdict, string? clientId, Session? session, string? change) =>
        issuer.Log.Record(
            DecisionRecord.Of(verdict, issuer.Now, Flow.Of(http)) with
            {
                ClientId = clientId,
                Subject = session?.Subject,
                SessionId = session?.Id,
                Change = change,
                Network = Network.Of(http),
                Revision = issuer.Configuration.Current.Revision,
            }
        );
}
