using System.Globalization;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Server.Apis;
using Ostiary.Server.Authorize;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;
using Ostiary.Server.Http;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.DeviceAuthorization;

/// <summary>POST /device_authorization: an authorization request without a browser. It is judged by the rules of every other one. RFC 8628 §3.1</summary>
public sealed class DeviceAuthorizationEndpoint
{
    /// <summary>How long a person has to answer. Short, since a stolen code is worth something only that long. RFC 8628 §5.4</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>Codes that are in use already, one after the other: that does not happen.</summary>
    private const int MaxTries = 8;

    private readonly Issuer _issuer;
    private readonly ClientRequestReader _reader;
    private readonly ClientGate _gate;
    private readonly GrantCredentials _credentials;
    private readonly UserCodes _codes;
    private readonly WaitingRequests _waiting;

    internal DeviceAuthorizationEndpoint(
        Issuer issuer,
        ClientRequestReader reader,
        ClientGate gate,
        GrantCredentials credentials,
        UserCodes codes,
        WaitingRequests waiting
    ) => (_issuer, _reader, _gate, _credentials, _codes, _waiting) = (issuer, reader, gate, credentials, codes, waiting);

    public async Task HandleAsync(HttpContext http)
    {
        if (await _reader.ReadFormAsync(http) is not { } read)
            return;
        var request = AuthorizationRequest.Read(read.Client, read.Form, redirect: null);
        var incoming = new IncomingRequest
        {
            Parameters = read.Form,
            Sent = read.Form,
            Client = read.Client,
            Way = Way.Device,
        };
        var verdict = AuthorizeRules.Request.Judge(request, new(read.Snapshot, HintUnknown: false, incoming), read.Now);
        if (verdict.Allowed)
        {
            (var room, var retryAfter) = _waiting.Enter(http);
            if (!room.Allowed)
            {
                verdict = room;
                http.Response.Headers.RetryAfter = ((int)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            }
        }
        var record = DecisionRecord.Of(verdict, read.Now, Flow.Of(http)) with
        {
            ClientId = read.Client.Id,
            Scope = request.Scope.ToString(),
            Revision = read.Snapshot.Revision,
        };
        if (!verdict.Allowed)
        {
            await _gate.RefuseAsync(http, record, read.Form.Repeated);
            return;
        }
        var (grant, code) = await BeginAsync(http, request, read, record.Flow);
        _issuer.Log.Record(record with { GrantId = grant.Id.ToString(), Network = grant.Request.Network, Change = "requested" });
        await RespondAsync(http, grant, code);
    }

    private async ValueTask<(Grant Grant, string Code)> BeginAsync(HttpContext http, AuthorizationRequest request, ClientForm read, string flow)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var (code, id) = _codes.New();
            var grant = new Grant
            {
                Id = id,
                ClientId = read.Client.Id,
                Status = GrantStatus.Requested,
                CreatedAt = read.Now,
                ExpiresAt = read.Now + Lifetime,
                Request = new GrantRequest
                {
                    Scope = TokenTarget.Of(request.Scope, request.Resources, request.Client, read.Snapshot).Scope,
                    Resources = request.Resources,
                    Nonce = read.Form["nonce"],
                    Claims = read.Form["claims"],
                    ForDevice = true,
                    Network = Network.Of(http),
                    Flow = flow,
                },
            };
            if (await _issuer.Stores.Grants.TryCreateAsync(grant, http.RequestAborted))
                return (grant, code);
        }
        throw new InvalidOperationException("Every new user code was in use already.");
    }

    /// <summary>RFC 8628 §3.2</summary>
    private Task RespondAsync(HttpContext http, Grant grant, string code)
    {
        var shown = UserCodes.Shown(code);
        var page = _issuer.Url.At("/device");
        return JsonAnswer.WriteAsync(
            http,
            json =>
            {
                json.WriteString("device_code", _credentials.DeviceCode(grant.Id, grant.ExpiresAt));
                json.WriteString("user_code", shown);
                json.WriteString("verification_uri", page);
                json.WriteString("verification_uri_complete", page + "?user_code=" + shown); // RFC 8628 §3.3.1
                json.WriteNumber("expires_in", (long)Lifetime.TotalSeconds);
                json.WriteNumber("interval", (long)DevicePolls.Interval.TotalSeconds);
            }
        );
    }
}
