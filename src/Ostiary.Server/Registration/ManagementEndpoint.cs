using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;

namespace Ostiary.Server.Registration;

/// <summary>GET, PUT and DELETE of /register/{id}: a client reads, replaces and removes its own registration. RFC 7592 §2</summary>
public sealed class ManagementEndpoint
{
    private readonly Issuer _issuer;
    private readonly LiveConfiguration _configuration;
    private readonly RegistrationChanges _changes;

    internal ManagementEndpoint(Issuer issuer, LiveConfiguration configuration, RegistrationChanges changes) =>
        (_issuer, _configuration, _changes) = (issuer, configuration, changes);

    public Task HandleAsync(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        if (HttpMethods.IsPut(http.Request.Method))
            return UpdateAsync(http, id);
        return HttpMethods.IsDelete(http.Request.Method) ? DeleteAsync(http, id) : ReadAsync(http, id);
    }

    private async Task ReadAsync(HttpContext http, string id)
    {
        var (request, facts) = Load(http, id, null);
        var verdict = RegistrationRules.Manage.Judge(request, facts, _issuer.Now);
        Record(http, verdict, facts, null);
        if (verdict.Allowed)
            await RegistrationAnswer.WriteAsync(http, _issuer, StatusCodes.Status200OK, new(facts.Client, null, null), []); // RFC 7592 §2.1
        else
            await RegistrationAnswer.RefuseAsync(http, _issuer, verdict.Refused!.Value, null);
    }

    private async Task UpdateAsync(HttpContext http, string id)
    {
        var body = await RegistrationBody.ReadAsync(http);
        var (request, facts) = Load(http, id, body);
        var now = _issuer.Now;
        var verdict = RegistrationRules.Update.Judge(request, facts, now);
        Registered? registered = null;
        if (verdict.Allowed)
        {
            _issuer.Log.Reserve();
            registered = await _changes.UpdateAsync(facts.Client!, request.Metadata!.Document!, now, http.RequestAborted);
            if (registered.Refused is { } lost)
                verdict = verdict with { Refused = lost };
        }
        Record(http, verdict, facts, "updated");
        if (verdict.Allowed)
            await RegistrationAnswer.WriteAsync(http, _issuer, StatusCodes.Status200OK, registered!, request.Metadata!.Warnings);
        else
            await RegistrationAnswer.RefuseAsync(http, _issuer, verdict.Refused!.Value, request.Metadata);
    }

    private async Task DeleteAsync(HttpContext http, string id)
    {
        var (request, facts) = Load(http, id, null);
        var verdict = RegistrationRules.Manage.Judge(request, facts, _issuer.Now);
        if (verdict.Allowed && await _changes.DeleteAsync(facts.Client!, http.RequestAborted) is { } lost)
            verdict = verdict with { Refused = lost };
        Record(http, verdict, facts, "deleted");
        if (!verdict.Allowed)
        {
            await RegistrationAnswer.RefuseAsync(http, _issuer, verdict.Refused!.Value, null);
            return;
        }
        http.Response.Headers.CacheControl = "no-store";
        http.Response.StatusCode = StatusCodes.Status204NoContent; // RFC 7592 §2.3
    }

    private (RegistrationRequest, RegistrationFacts) Load(HttpContext http, string id, JsonElement? body)
    {
        var policy = _configuration.Current.Settings.Registration;
        var request = RegistrationBody.RequestOf(http, body, id, policy, _configuration.OnLoopback);
        var client = RegistrationBody.Owner(_configuration.CurrentSet, id, request.Token);
        return (
            request,
            new()
            {
                Policy = policy,
                Client = client,
                NamesClient = client is not null && body is { } asked && Names(asked, client.Client),
            }
        );
    }

    // RFC 7592 §2.2
    private static bool Names(JsonElement body, Client client)
    {
        if (!body.TryGetProperty("client_id", out var id) || id.ValueKind != JsonValueKind.String || id.GetString() != client.Id)
            return false;
        if (!body.TryGetProperty("client_secret", out var secret))
            return true;
        return secret.ValueKind == JsonValueKind.String && ClientSecrets.Find(client, secret.GetString()!) is not null;
    }

    private void Record(HttpContext http, Verdict verdict, RegistrationFacts facts, string? change) =>
        _issuer.Log.Record(
            DecisionRecord.Of(verdict, _issuer.Now, Flow.Of(http)) with
            {
                ClientId = facts.Client?.Client.Id,
                Change = verdict.Allowed ? change : null,
                Network = Network.Of(http),
                Revision = _configuration.Current.Revision,
            }
        );
}
