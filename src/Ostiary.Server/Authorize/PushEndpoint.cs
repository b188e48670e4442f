using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Senders;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Authorize;

/// <summary>POST /par: takes an authorization request from its client, judges it as if a browser had brought it, and gives an address for it. RFC 9126 §2</summary>
public sealed class PushEndpoint
{
    private readonly Issuer _issuer;
    private readonly ClientGate _gate;
    private readonly IdTokens _idTokens;
    private readonly TokenStatus _status;
    private readonly RequestWays _ways;
    private readonly PushedRequests _pushed;
    private readonly Proofs _proofs;
    private readonly PushRate _rate;

    internal PushEndpoint(
        Issuer issuer,
        ClientGate gate,
        IdTokens idTokens,
        TokenStatus status,
        RequestWays ways,
        PushedRequests pushed,
        Proofs proofs
    ) => (_issuer, _gate, _idTokens, _status, _ways, _pushed, _proofs, _rate) = (issuer, gate, idTokens, status, ways, pushed, proofs, new(issuer));

    private sealed record Facts(Reason? Malformed, bool HasQuery) : IFormFacts;

    // csharpier-ignore
    private static readonly RuleList<FormParameters, Facts> Rules = new("par.request")
    {
        FormRules.All,
        { "it refers to no other request", Reason.RequestUriPushed, "RFC 9126 §2.1", (r, f, now) => !r.Has("request_uri") },
    };

    internal static IRuleReference Reference => Rules;

    public async Task HandleAsync(HttpContext http)
    {
        var now = _issuer.Now;
        var snapshot = _issuer.Configuration.Current;
        var (form, malformed) = await RequestReader.ReadFormAsync(http);
        var verdict = Rules.Judge(form, new(malformed, http.Request.QueryString.HasValue), now);
        if (!verdict.Allowed)
        {
            await _gate.RefuseAsync(http, verdict, _issuer.MentionOf(form["client_id"], snapshot), snapshot, now, form.Repeated);
            return;
        }
        if (await _gate.AdmitAsync(http, form, snapshot, now) is not { } authenticated)
            return;
        var rate = _rate.Enter(http, authenticated.Client);
        if (!rate.Allowed)
        {
            await _gate.RefuseAsync(http, rate, authenticated.Client.Id, snapshot, now);
            return;
        }
        var (proof, key) = await _proofs.JudgeAsync(http, "/par", snapshot, now); // RFC 9449 §10.1
        if (!proof.Allowed)
        {
            await _gate.RefuseAsync(http, proof, authenticated.Client.Id, snapshot, now);
            return;
        }
        var incoming = await _ways.LookUpAsync(form, authenticated.Client, Way.Push, http.RequestAborted);
        await JudgeAsync(http, incoming with { Proven = key }, authenticated.Client, now);
    }

    private async Task JudgeAsync(HttpContext http, IncomingRequest incoming, Client client, DateTimeOffset now)
    {
        var snapshot = _issuer.Configuration.Current;
        var parameters = incoming.Parameters;
        var verdict = AuthorizeRules.Page.Judge(parameters, new(null, false, incoming, _issuer.Url.Text), now);
        if (verdict.Allowed)
        {
            var request = AuthorizationRequest.Read(client, parameters, AuthorizeRules.Trust(parameters));
            var hintUnknown = parameters["id_token_hint"] is { } hint && !await IsOursAsync(hint, snapshot, http.RequestAborted);
            verdict = AuthorizeRules.Request.Judge(request, new(snapshot, hintUnknown, incoming), now);
        }
        if (verdict.Allowed && !await IsFirstUseAsync(incoming.Object, client, now, http.RequestAborted))
            verdict = verdict with { Refused = Reason.RequestObjectReplayed };
        var record = DecisionRecord.Of(verdict, now, Flow.Of(http)) with
        {
            ClientId = client.Id,
            Revision = snapshot.Revision,
            Change = verdict.Allowed ? "pushed" : null,
        };
        if (!verdict.Allowed)
        {
            await _gate.RefuseAsync(http, record, parameters.Repeated);
            return;
        }
        _issuer.Log.Record(record with { Network = Network.Of(http) });
        var lifetime = snapshot.Settings.PushedRequestLifetime;
        var uri = _pushed.Seal(
            new(Entropy.Text(16), client.Id, record.Flow, now + lifetime, incoming.IsSigned, parameters.Or("dpop_jkt", incoming.Proven?.Thumbprint))
        );
        http.Response.StatusCode = StatusCodes.Status201Created; // RFC 9126 §2.2
        await JsonAnswer.WriteAsync(
            http,
            json =>
            {
                json.WriteString("request_uri", uri);
                json.WriteNumber("expires_in", (long)lifetime.TotalSeconds);
            }
        );
    }

    private async ValueTask<bool> IsOursAsync(string hint, Snapshot snapshot, CancellationToken ct)
    {
        await _status.LearnKeyAsync(hint, ct);
        return _idTokens.ReadHint(hint, snapshot.Client) is not null;
    }

    /// <summary>A signed object is pushed once. RFC 9101 §10.2</summary>
    private ValueTask<bool> IsFirstUseAsync(RequestObject? read, Client client, DateTimeOffset now, CancellationToken ct) =>
        read?.Id is { } id
            ? _issuer.Stores.OneTime.TryAddOnceAsync(IncomingRequest.ObjectKey(client.Id, id), read.ExpiresAt!.Value + RequestObject.Skew, now, ct)
            : ValueTask.FromResult(true);
}
