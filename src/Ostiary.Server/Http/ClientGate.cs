using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;

namespace Ostiary.Server.Http;

/// <summary>What all endpoints share that clients call themselves: nobody passes unauthenticated, and each refusal is recorded, challenged and answered.</summary>
public sealed class ClientGate(Issuer issuer, ClientAuthentication authentication)
{
    /// <summary>Null: refused, and the answer is written.</summary>
    public async ValueTask<AuthenticatedClient?> AdmitAsync(HttpContext http, FormParameters form, Snapshot snapshot, DateTimeOffset now)
    {
        var client = await authentication.AuthenticateAsync(http, form, snapshot, now);
        if (client.Authenticated is null)
            await RefuseAsync(http, client.Verdict, issuer.MentionOf(client.ClientId, snapshot), snapshot, now);
        return client.Authenticated;
    }

    /// <param name="clientId">As it may stand in the log.</param>
    public Task RefuseAsync(HttpContext http, Verdict verdict, string? clientId, Snapshot snapshot, DateTimeOffset now, string? parameter = null) =>
        RefuseAsync(http, DecisionRecord.Of(verdict, now, Flow.Of(http)) with { ClientId = clientId, Revision = snapshot.Revision }, parameter);

    public Task RefuseAsync(HttpContext http, DecisionRecord record, string? parameter = null)
    {
        issuer.Log.Record(record with { Network = Network.Of(http) });
        ClientChallenge.Add(http, record.Refused!.Value, issuer.Url);
        return JsonAnswer.RefuseAsync(http, issuer, record.Refused!.Value, parameter);
    }
}
