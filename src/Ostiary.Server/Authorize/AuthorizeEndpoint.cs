using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Apis;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;
using Ostiary.Server.Http;
using Ostiary.Server.Pages;
using Ostiary.Server.Registration;
using Ostiary.Server.Sessions;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Authorize;

/// <summary>GET and POST /authorize. RFC 6749 §3.1, OIDC Core §3.1.2</summary>
public sealed class AuthorizeEndpoint
{
    private readonly Issuer _issuer;
    private readonly BrowserSessions _sessions;
    private readonly IdTokens _idTokens;
    private readonly TokenStatus _status;
    private readonly Approvals _approvals;
    private readonly AuthorizeResponse _response;
    private readonly WaitingRequests _waiting;

    private readonly RequestWays _ways;

    private readonly MetadataClients _described;

    internal AuthorizeEndpoint(
        Issuer issuer,
        BrowserSessions sessions,
        IdTokens idTokens,
        TokenStatus status,
        Approvals approvals,
        RequestWays ways,
        MetadataClients described,
        WaitingRequests waiting
    )
    {
        (_issuer, _sessions, _idTokens, _status, _approvals, _ways, _described, _waiting) = (
            issuer,
            sessions,
            idTokens,
            status,
            approvals,
            ways,
            described,
            waiting
        );
        _response = new AuthorizeResponse(issuer);
    }

    public async Task HandleAsync(HttpContext http)
    {
        var now = _issuer.Now;
        var snapshot = _issuer.Configuration.Current;
        var (sent, malformed) = await ReadAsync(http);
        var (client, missing) = sent["client_id"] is { } id
            ? await _described.FindAsync(id, Network.Of(http), snapshot, http.RequestAborted)
            : default;
        var incoming = await _ways.LookUpAsync(sent, client, Way.Plain, http.RequestAborted);
        var parameters = incoming.Parameters;
        if (incoming.Pushed is { } pushed && pushed.ClientId == client!.Id)
            Flow.Set(http, pushed.Flow);
        var hasQueryAndBody = HttpMethods.IsPost(http.Request.Method) && http.Request.QueryString.HasValue;
        var page = AuthorizeRules.Page.Judge(parameters, new(malformed, hasQueryAndBody, incoming, _issuer.Url.Text, missing), now);
        if (page.Refused is { } unsafeReason)
        {
            Record(
                http,
                DecisionRecord.Of(page, now, Flow.Of(http)) with
                {
                    ClientId = _issuer.MentionOf(sent["client_id"], snapshot),
                    Revision = snapshot.Revision,
                }
            );
            await ErrorPage.WriteAsync(http, _issuer, unsafeReason);
            return;
        }
        var request = AuthorizationRequest.Read(client!, parameters, AuthorizeRules.Trust(parameters));
        var hint = parameters["id_token_hint"] is { } text ? await ReadHintAsync(text, snapshot, http.RequestAborted) : null;
        var verdict = AuthorizeRules.Request.Judge(request, new(snapshot, hint is null && parameters.Has("id_token_hint"), incoming), now);
        var record = DecisionRecord.Of(verdict, now, Flow.Of(http)) with
        {
            ClientId = client!.Id,
            Scope = request.Scope.ToString(),
            Revision = snapshot.Revision,
        };
        if (verdict.Refused is { } reason)
        {
            Record(http, record);
            await _response.ErrorAsync(http, request.Redirect!, reason, parameters.Repeated);
            return;
        }
        if (PostedNavigation.IsBlind(http, _sessions) && PostedNavigation.TryRepeat(http, _issuer.Url.At("/authorize"), sent))
            return;
        await AskOrApproveAsync(http, request, incoming, hint, record, snapshot, now);
    }

    private async ValueTask<JwtClaims?> ReadHintAsync(string text, Snapshot snapshot, CancellationToken ct)
    {
        await _status.LearnKeyAsync(text, ct);
        return _idTokens.ReadHint(text, snapshot.Client);
    }

    private async Task AskOrApproveAsync(
        HttpContext http,
        AuthorizationRequest request,
        IncomingRequest incoming,
        JwtClaims? hint,
        DecisionRecord record,
        Snapshot snapshot,
        DateTimeOffset now
    )
    {
        var session = await _sessions.CurrentAsync(http, http.RequestAborted);
        var grant = Begin(http, request, incoming.OnceKey, record.Flow, snapshot, now);
        var need = await _approvals.NeedAsync(
            grant,
            request.Client,
            session,
            hint?.String("sub"),
            accountChosen: false,
            snapshot,
            now,
            http.RequestAborted
        );
        if (request.Prompt.Contains("none") && InteractionNeeds.Silent.Judge(grant.Request, need, now) is { Refused: { } reason } silent)
        {
            Record(http, record with { Act = silent.List, Passed = silent.Passed, Refused = reason, Subject = session?.Subject });
            await _response.ErrorAsync(http, request.Redirect!, reason);
            return;
        }
        if (need != Need.Nothing && _waiting.Enter(http) is ({ Refused: { } crowded } room, var retryAfter))
        {
            Record(http, record with { Act = room.List, Passed = room.Passed, Refused = crowded, Subject = session?.Subject });
            await ErrorPage.WriteAsync(http, _issuer, crowded, uiLocales: grant.Request.UiLocales, retryAfter: retryAfter);
            return;
        }
        Record(http, record with { GrantId = grant.Id.ToString(), Subject = session?.Subject });
        if (need == Need.Nothing)
        {
            await _approvals.ApproveNewAsync(http, grant, request.Client, session!, snapshot, now);
            return;
        }
        await _issuer.Stores.Grants.TryCreateAsync(
            grant with
            {
                Request = grant.Request with { HintedSubject = hint?.String("sub") },
            },
            http.RequestAborted
        );
        _approvals.SendToPage(http, grant.Id, need);
    }

    private Grant Begin(HttpContext http, AuthorizationRequest request, string? onceKey, string flow, Snapshot snapshot, DateTimeOffset now)
    {
        var target = TokenTarget.Of(request.Scope, request.Resources, request.Client, snapshot);
        return new Grant
        {
            Id = GrantId.New(),
            ClientId = request.Client.Id,
            Status = GrantStatus.Requested,
            CreatedAt = now,
            ExpiresAt = now + snapshot.Settings.InteractionLifetime,
            Request = new GrantRequest
            {
                RedirectUri = request.Redirect!.Uri,
                Scope = target.Scope,
                Resources = request.Resources,
                State = request.Redirect!.State,
                Nonce = request.Parameters["nonce"],
                ResponseMode = request.Redirect!.ResponseMode,
                CodeChallenge = request.Challenge,
                Sender = request.DpopKey is { } key ? SenderKey.Dpop(key) : null,
                Prompt = request.Prompt,
                MaxAge = request.MaxAge,
                LoginHint = AuthorizationRequest.Hint(request.Parameters["login_hint"]),
                UiLocales = AuthorizationRequest.Words(AuthorizationRequest.Hint(request.Parameters["ui_locales"])),
                Claims = request.Parameters["claims"],
                AcrValues = AuthorizationRequest.Words(AuthorizationRequest.Hint(request.Parameters["acr_values"])),
                Browser = _sessions.BrowserOf(http),
                OnceKey = onceKey,
                Flow = flow,
            },
        };
    }

    private static async ValueTask<(FormParameters Parameters, Reason? Malformed)> ReadAsync(HttpContext http)
    {
        if (HttpMethods.IsPost(http.Request.Method))
            return await RequestReader.ReadFormAsync(http); // OIDC Core §3.1.2.1
        var malformed = RequestReader.ReadQuery(http, out var parameters);
        return (parameters, malformed);
    }

    private void Record(HttpContext http, DecisionRecord record) => _issuer.Log.Record(record with { Network = Network.Of(http) });
}
