using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Apis;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Admin;

/// <summary>APIs: define, read, change, delete.</summary>
internal sealed class ApiAdministration(AdminParts parts, ConfigurationChanges changes, ApiSecrets secrets)
{
    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/apis", "api.list", ListAsync, "limit", "cursor"),
            new("POST", "/apis", "api.create", CreateAsync),
            new("GET", "/apis/{identifier}", "api.get", GetAsync),
            new("PATCH", "/apis/{identifier}", "api.update", UpdateAsync),
            new("POST", "/apis/{identifier}/secret/rotate", "api.secret.rotate", RotateAsync),
            new("DELETE", "/apis/{identifier}", "api.delete", DeleteAsync),
        ];

    private ValueTask<AdminResponse> ListAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(
            Lists.Page(
                call,
                parts.Configuration.CurrentSet.Apis.Values,
                a => a.Api.Identifier,
                (json, a) => Write(json, a),
                parts.Configuration.Current.Revision
            )
        );

    private ValueTask<AdminResponse> GetAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(
            parts.Configuration.CurrentSet.Apis.TryGetValue(call.Id, out var api)
                ? AdminResponse.Object(200, json => Write(json, api)) with
                {
                    Revision = parts.Configuration.Current.Revision,
                }
                : AdminResponse.Refused(NotFound(call.Id))
        );

    private async ValueTask<AdminResponse> CreateAsync(AdminCall call, CancellationToken ct)
    {
        var faults = new List<ConfigurationFault>();
        var api = ApiDocument.Parse(call.Body, "", faults);
        if (api is null)
            return AdminResponse.Refused(AdminRefusal.Of(faults));
        var id = call.Item = api.Api.Identifier;
        (api, var made) = secrets.Complete(api with { CreatedAt = parts.Now }, null, parts.Now);
        var outcome = await changes.MakeAsync(
            call,
            set =>
                set.Apis.ContainsKey(id)
                    ? new ConfigurationFault("", Reason.AlreadyExists, $"API '{id}' already exists", "To change it, update it.")
                    : set.With(api with { Order = set.NextOrder }),
            ct,
            early: true
        );
        if (outcome.Snapshot is null)
            return AdminResponse.Refused(AdminRefusal.Of(outcome.Faults));
        call.Change = "created";
        return AdminResponse.Object(201, json => Write(json, api, made)) with
        {
            Revision = outcome.Snapshot.Revision,
            Location = "/apis/" + Uri.EscapeDataString(id),
        };
    }

    private async ValueTask<AdminResponse> UpdateAsync(AdminCall call, CancellationToken ct)
    {
        var id = call.Id;
        if (call.Body.TryGetProperty("identifier", out var renamed) && !(renamed.ValueKind == JsonValueKind.String && renamed.GetString() == id))
            return AdminResponse.Refused(new(Reason.ConfigurationInvalid, "identifier: the identifier of an API never changes."));
        string? made = null;
        var outcome = await changes.MakeAsync(
            call,
            set =>
            {
                if (!set.Apis.TryGetValue(id, out var before))
                    return new ConfigurationFault("", Reason.ApiNotFound, "");
                var faults = new List<ConfigurationFault>();
                var after = ApiDocument.Parse(JsonMerge.Apply(before.Declared, call.Body), "", faults);
                if (after is null)
                    return faults;
                (after, made) = secrets.Complete(after with { Order = before.Order, CreatedAt = before.CreatedAt }, before.Api, parts.Now);
                return set.With(after);
            },
            ct,
            early: true
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, id);
        call.Change = "updated";
        return AdminResponse.Object(200, json => Write(json, outcome.After.Apis[id], made)) with { Revision = outcome.Snapshot.Revision };
    }

    /// <summary>A new secret; the present one signs until the delay is over, so that the API can learn the new one first.</summary>
    private async ValueTask<AdminResponse> RotateAsync(AdminCall call, CancellationToken ct)
    {
        var id = call.Id;
        var delay = ApiSecrets.UsualDelay;
        var refusal = call.Read(reader =>
        {
            delay = reader.Span("delay") ?? delay;
            if (delay > ApiSecrets.LongestDelay)
                reader.Refuse("delay", $"is longer than {Duration.Format(ApiSecrets.LongestDelay)}.", null, Reason.UnsafeLifetime);
        });
        if (refusal is not null)
            return AdminResponse.Refused(refusal);
        string? made = null;
        var outcome = await changes.MakeAsync(
            call,
            set =>
            {
                if (!set.Apis.TryGetValue(id, out var before))
                    return new ConfigurationFault("", Reason.ApiNotFound, "");
                if (before.Api.SigningAlgorithm != ApiSecrets.Algorithm)
                    return new ConfigurationFault(
                        "signing_alg",
                        Reason.ConfigurationInvalid,
                        $"tokens of this API are signed with {before.Api.SigningAlgorithm} and checked with a public key; there is no shared secret.",
                        "HS256 must be asked for: ostiary api update IDENTIFIER --signing-alg HS256."
                    );
                (var kept, made) = secrets.Rotate(before.Api, parts.Now, parts.Now + delay);
                return set.With(before with { Api = before.Api with { Secrets = kept } });
            },
            ct
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, id);
        call.Change = "secret rotated";
        return AdminResponse.Object(201, json => Write(json, outcome.After.Apis[id], made)) with { Revision = outcome.Snapshot.Revision };
    }

    private async ValueTask<AdminResponse> DeleteAsync(AdminCall call, CancellationToken ct)
    {
        var id = call.Id;
        var outcome = await changes.MakeAsync(
            call,
            set => set.Apis.ContainsKey(id) ? set with { Apis = set.Apis.Remove(id) } : new ConfigurationFault("", Reason.ApiNotFound, ""),
            ct
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, id);
        call.Change = "deleted";
        return AdminResponse.Deleted(outcome.Snapshot.Revision, ("identifier", id));
    }

    private AdminResponse Refused(ChangeOutcome outcome, string id) =>
        AdminResponse.Refused(outcome.Faults[0].Reason == Reason.ApiNotFound ? NotFound(id) : AdminRefusal.Of(outcome.Faults));

    private AdminRefusal NotFound(string id)
    {
        var closest = ClosestName.Of(id, parts.Configuration.CurrentSet.Apis.Keys);
        return new(
            Reason.ApiNotFound,
            $"API '{DocumentReader.Shorten(id)}' does not exist on {parts.Configuration.Issuer}",
            closest is null ? null : $"The closest is '{closest}'."
        )
        {
            Next = ["ostiary api list"],
        };
    }

    /// <param name="made">A secret that was made just now: shown this one time.</param>
    private static void Write(Utf8JsonWriter json, ApiDocument document, string? made = null)
    {
        var api = document.Api;
        json.WriteString("identifier", api.Identifier);
        AdminJson.Text(json, "name", api.Name);
        json.WriteStartArray("scopes");
        foreach (var scope in api.Scopes)
        {
            json.WriteStartObject();
            json.WriteString("name", scope.Name);
            json.WriteString("description", scope.Description);
            json.WriteBoolean("default", scope.Default);
            if (scope.Optional)
                json.WriteBoolean("optional", true);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("token_format", api.TokenFormat == TokenFormat.Jwt ? "jwt" : "opaque");
        AdminJson.Span(json, "token_lifetime", api.TokenLifetime);
        json.WriteString("signing_alg", api.SigningAlgorithm);
        if (api.RequireDpop)
            json.WriteBoolean("require_dpop", true);
        if (api.RequireCertificate)
            json.WriteBoolean("require_certificate", true);
        if (!api.ExchangeScope.IsEmpty)
            json.WriteString("exchange_scope", api.ExchangeScope.ToString());
        if (api.McpServer)
            json.WriteBoolean("mcp_server", true);
        AdminJson.Texts(json, "resource_server_clients", api.ResourceServerClients);
        AdminJson.Time(json, "created_at", document.CreatedAt);
        AdminJson.Text(json, "api_secret", made);
        if (api.Secrets.IsEmpty)
            return;
        json.WriteStartArray("secrets");
        foreach (var secret in api.Secrets)
        {
            json.WriteStartObject();
            json.WriteString("id", secret.Id);
            AdminJson.Time(json, "created_at", secret.CreatedAt);
            AdminJson.Time(json, "signs_from", secret.SignsFrom);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
