using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Apis;
using Ostiary.Server.Configuration;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Admin;

/// <summary>The configuration as code: export, validate, apply.</summary>
internal sealed class ConfigurationAdministration(AdminParts parts, ConfigurationChanges changes, CredentialIntake intake, ApiSecrets shared)
{
    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/config", "config.export", ExportAsync),
            new("POST", "/config/validate", "config.validate", ValidateAsync) { MaxBody = AdminService.MaxBody },
            new("POST", "/config/apply", "config.apply", ApplyAsync) { MaxBody = AdminService.MaxBody },
        ];

    private ValueTask<AdminResponse> ExportAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(
            new AdminResponse(200, ConfigurationExport.Write(parts.Configuration.CurrentSet)) { Revision = parts.Configuration.Current.Revision }
        );

    /// <summary>Checks the file together with what is there; nothing is looked up and nothing changes.</summary>
    private ValueTask<AdminResponse> ValidateAsync(AdminCall call, CancellationToken ct)
    {
        var (file, _, prune, refusal) = Read(call);
        if (file is null)
            return ValueTask.FromResult(AdminResponse.Refused(refusal!));
        var set = parts.Configuration.CurrentSet;
        var draft = new ConfigurationApply(file, null, intake, shared, prune, parts.Now).To(set);
        var faults = draft.Faults.ToList();
        if (draft.Set is not null)
            ReferenceRules.CheckChange(set, draft.Set, early: false, faults);
        if (faults.Count > 0)
            return ValueTask.FromResult(AdminResponse.Refused(AdminRefusal.Of(faults)));
        return ValueTask.FromResult(
            AdminResponse.Object(
                200,
                json =>
                {
                    json.WriteBoolean("valid", true);
                    json.WriteNumber("apis", file.Apis.Length);
                    json.WriteNumber("clients", file.Clients.Length);
                    json.WriteNumber("users", file.Users.Length);
                }
            ) with
            {
                Revision = parts.Configuration.Current.Revision,
            }
        );
    }

    private async ValueTask<AdminResponse> ApplyAsync(AdminCall call, CancellationToken ct)
    {
        var (file, secrets, prune, refusal) = Read(call);
        if (file is null)
            return AdminResponse.Refused(refusal!);
        var apply = new ConfigurationApply(file, secrets, intake, shared, prune, parts.Now);
        var outcome = await changes.MakeAsync(call, apply.To, ct);
        if (outcome.Snapshot is null)
            return AdminResponse.Refused(AdminRefusal.Of(outcome.Faults));
        call.Change = outcome.Changes.Count == 0 ? null : "applied";
        return AdminResponse.Object(200, json => Write(json, outcome, apply)) with { Revision = outcome.Snapshot.Revision };
    }

    private (ConfigurationFile? File, SuppliedSecrets Secrets, bool Prune, AdminRefusal? Refusal) Read(AdminCall call)
    {
        var (configuration, prune) = (default(JsonElement), false);
        var supplied = new Dictionary<string, string>(StringComparer.Ordinal);
        var refusal = call.Read(reader =>
        {
            if (!reader.TryGet("configuration", out configuration))
                reader.Refuse("configuration", "is missing.");
            prune = reader.Flag("prune") ?? false;
            if (!reader.TryGet("secrets", out var secrets))
                return;
            if (secrets.ValueKind != JsonValueKind.Object || secrets.EnumerateObject().Any(s => s.Value.ValueKind != JsonValueKind.String))
                reader.Refuse("secrets", "must be an object of texts, by reference: {\"file:path\": \"…\", \"env:NAME\": \"…\"}.");
            else
                supplied = secrets.EnumerateObject().ToDictionary(s => s.Name, s => s.Value.GetString()!, StringComparer.Ordinal);
        });
        if (refusal is not null)
            return (null, SuppliedSecrets.None, prune, refusal);
        var file = ConfigurationFile.Read(configuration, parts.Configuration.OnLoopback, out var faults);
        return (file, new(supplied), prune, file is null ? AdminRefusal.Of(faults) : null);
    }

    private static void Write(Utf8JsonWriter json, ChangeOutcome outcome, ConfigurationApply apply)
    {
        json.WriteNumber("revision", outcome.Snapshot!.Revision);
        json.WriteStartArray("changes");
        foreach (var change in outcome.Changes)
        {
            json.WriteStartObject();
            json.WriteString("act", ActOf(change, outcome.Before));
            json.WriteString("kind", change.Kind);
            json.WriteString("id", NameOf(change, outcome));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("client_secrets");
        foreach (var (id, secret) in apply.Made)
        {
            json.WriteStartObject();
            json.WriteString("client_id", id);
            json.WriteString("client_secret", secret);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (apply.MadeForApis.Count == 0)
            return;
        json.WriteStartArray("api_secrets");
        foreach (var (identifier, secret) in apply.MadeForApis)
        {
            json.WriteStartObject();
            json.WriteString("identifier", identifier);
            json.WriteString("api_secret", secret);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string ActOf(DocumentChange change, ConfigurationSet before)
    {
        if (change.Json is null)
            return "deleted";
        var known = change.Kind switch
        {
            StoredDocuments.ClientKind => before.Clients.ContainsKey(change.Id),
            StoredDocuments.ApiKind => before.Apis.ContainsKey(change.Id),
            StoredDocuments.UserKind => before.Users.ContainsKey(change.Id),
            _ => before.Settings is not null,
        };
        return known ? "updated" : "created";
    }

    private static string NameOf(DocumentChange change, ChangeOutcome outcome) =>
        change.Kind == StoredDocuments.UserKind
            ? (outcome.After.Users.GetValueOrDefault(change.Id) ?? outcome.Before.Users[change.Id]).User.Username
            : change.Id;
}
