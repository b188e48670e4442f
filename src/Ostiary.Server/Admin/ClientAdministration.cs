using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Admin;

/// <summary>Clients: register, read, change, disable, delete.</summary>
internal sealed class ClientAdministration(AdminParts parts, ConfigurationChanges changes, CredentialIntake intake)
{
    private const string Secret = "client_secret";
    private readonly ClientSecretAdministration _secrets = new(parts, changes, intake);

    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/clients", "client.list", ListAsync, "limit", "cursor"),
            new("POST", "/clients", "client.create", CreateAsync),
            new("GET", "/clients/{id}", "client.get", GetAsync),
            new("PATCH", "/clients/{id}", "client.update", UpdateAsync),
            new("DELETE", "/clients/{id}", "client.delete", DeleteAsync),
            new("POST", "/clients/{id}/disable", "client.disable", DisableAsync),
            new("POST", "/clients/{id}/enable", "client.enable", EnableAsync),
            .. _secrets.Routes,
        ];

    internal static AdminRefusal NotFound(AdminParts parts, string id)
    {
        var closest = ClosestName.Of(id, parts.Configuration.CurrentSet.Clients.Keys);
        return new(
            Reason.ClientNotFound,
            $"client '{DocumentReader.Shorten(id)}' is not registered on {parts.Configuration.Issuer}",
            closest is null ? "The id is case-sensitive." : $"The id is case-sensitive; the closest is '{closest}'."
        )
        {
            Next = [closest is null ? "ostiary client list" : $"ostiary client get {closest}"],
        };
    }

    private ValueTask<AdminResponse> ListAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(
            Lists.Page(
                call,
                parts.Configuration.CurrentSet.Clients.Values,
                c => c.Client.Id,
                (json, c) => ClientJson.Write(json, c),
                parts.Configuration.Current.Revision
            )
        );

    private ValueTask<AdminResponse> GetAsync(AdminCall call, CancellationToken ct)
    {
        call.ClientId = call.Id;
        if (!parts.Configuration.CurrentSet.Clients.TryGetValue(call.Id, out var client))
            return ValueTask.FromResult(AdminResponse.Refused(NotFound(parts, call.Id)));
        return ValueTask.FromResult(
            AdminResponse.Object(200, json => ClientJson.Write(json, client)) with
            {
                Revision = parts.Configuration.Current.Revision,
            }
        );
    }

    private async ValueTask<AdminResponse> CreateAsync(AdminCall call, CancellationToken ct)
    {
        var declared = call.Body;
        if (!declared.TryGetProperty("client_id", out _))
            declared = JsonMerge.With(declared, "client_id", json => json.WriteStringValue("app-" + Entropy.Text(9).ToLowerInvariant()));
        var faults = new List<ConfigurationFault>();
        var brought = TakeSecret(ref declared, faults);
        var document = ClientDocument.Parse(declared, "", parts.Configuration.OnLoopback, faults);
        if (document is not null && brought is not null && !ClientRules.UsesSecret(document.Client))
            faults.Add(new(Secret, Reason.ConfigurationInvalid, "the client does not authenticate with a secret."));
        if (document is null || faults.Count > 0)
            return AdminResponse.Refused(AdminRefusal.Of(faults));
        var now = parts.Now;
        var (kept, text) = Secrets(document.Client, brought, now);
        document = document with { CreatedAt = now, Client = document.Client with { Secrets = kept is null ? [] : [kept] } };
        var id = call.ClientId = call.Item = document.Client.Id;
        var outcome = await changes.MakeAsync(
            call,
            set => set.Clients.ContainsKey(id) ? Exists(id) : set.With(document with { Order = set.NextOrder }),
            ct,
            early: true
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, id);
        call.Change = "created";
        return AdminResponse.Object(201, json => ClientJson.Write(json, document, text, UnknownScopes(document.Client, outcome.After))) with
        {
            Revision = outcome.Snapshot.Revision,
            Location = "/clients/" + Uri.EscapeDataString(id),
        };
    }

    /// <summary>Scopes that no API defines yet: an API may follow, so this is worth a word and no more.</summary>
    private static List<string> UnknownScopes(Client client, ConfigurationSet set)
    {
        var known = set.Apis.Values.SelectMany(a => a.Api.Scopes).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. client
                .Scope.Tokens.Where(s => !known.Contains(s) && !KnownScopes.IsReserved(s))
                .Select(s => $"scope: no API defines '{DocumentReader.Shorten(s)}' yet."),
        ];
    }

    private (ClientSecret? Kept, string? Text) Secrets(Client client, string? brought, DateTimeOffset now)
    {
        if (!ClientRules.UsesSecret(client))
            return (null, null);
        if (brought is not null)
            return (intake.Keep("sec_" + Entropy.Text(6), brought, client, now), null); // Who brought it knows it.
        return intake.Make(client, now);
    }

    /// <summary>A patch of the declared settings (RFC 7396 §2). Where the client then needs a secret that it does not have, one is made and shown.</summary>
    private async ValueTask<AdminResponse> UpdateAsync(AdminCall call, CancellationToken ct)
    {
        var id = call.ClientId = call.Id;
        if (call.Body.TryGetProperty(Secret, out var secret) && secret.ValueKind != JsonValueKind.Null)
            return AdminResponse.Refused(
                new(Reason.ConfigurationInvalid, "client_secret: secrets are not changed here.", "Use the secrets of the client.")
                {
                    Next = [$"ostiary client secret rotate {id}"],
                }
            );
        if (call.Body.TryGetProperty("client_id", out var renamed) && !(renamed.ValueKind == JsonValueKind.String && renamed.GetString() == id))
            return AdminResponse.Refused(new(Reason.ConfigurationInvalid, "client_id: the id of a client never changes."));
        return await ChangeAsync(call, id, client => JsonMerge.Apply(client.Declared, call.Body), "updated", ct);
    }

    private ValueTask<AdminResponse> DisableAsync(AdminCall call, CancellationToken ct) =>
        ChangeAsync(call, call.Id, client => JsonMerge.With(client.Declared, "disabled", json => json.WriteBooleanValue(true)), "disabled", ct);

    private ValueTask<AdminResponse> EnableAsync(AdminCall call, CancellationToken ct) =>
        ChangeAsync(call, call.Id, client => JsonMerge.Without(client.Declared, "disabled"), "enabled", ct);

    private async ValueTask<AdminResponse> DeleteAsync(AdminCall call, CancellationToken ct)
    {
        var id = call.ClientId = call.Id;
        var outcome = await changes.MakeAsync(
            call,
            set => set.Clients.ContainsKey(id) ? set with { Clients = set.Clients.Remove(id) } : Missing(id),
            ct
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, id);
        call.Change = "deleted";
        return AdminResponse.Deleted(outcome.Snapshot.Revision, ("client_id", id));
    }

    private async ValueTask<AdminResponse> ChangeAsync(
        AdminCall call,
        string id,
        Func<ClientDocument, JsonElement> change,
        string what,
        CancellationToken ct
    )
    {
        call.ClientId = id;
        string? made = null;
        var outcome = await changes.MakeAsync(
            call,
            set =>
            {
                made = null;
                if (!set.Clients.TryGetValue(id, out var before))
                    return Missing(id);
                var faults = new List<ConfigurationFault>();
                var now = parts.Now;
                var after = ClientDocument.Parse(change(before), "", parts.Configuration.OnLoopback, faults);
                if (after is null)
                    return faults;
                var kept = ClientRules.UsesSecret(after.Client) ? before.Client.Secrets : [];
                if (ClientRules.UsesSecret(after.Client) && !kept.Any(s => CredentialIntake.Serves(s, after.Client)))
                {
                    var (secret, text) = intake.Make(after.Client, now);
                    (kept, made) = (kept.Add(secret), text);
                }
                return set.With(
                    after with
                    {
                        Order = before.Order,
                        CreatedAt = before.CreatedAt,
                        UpdatedAt = now,
                        Client = after.Client with { Secrets = kept },
                    }
                );
            },
            ct,
            early: true
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, id);
        call.Change = what;
        return AdminResponse.Object(200, json => ClientJson.Write(json, outcome.After.Clients[id], made)) with
        {
            Revision = outcome.Snapshot.Revision,
        };
    }

    private AdminResponse Refused(ChangeOutcome outcome, string id)
    {
        var refusal = outcome.Faults[0].Reason switch
        {
            Reason.ClientNotFound => NotFound(parts, id),
            Reason.AlreadyExists when outcome.Faults[0].Path.Length == 0 => new(
                Reason.AlreadyExists,
                outcome.Faults[0].Message,
                $"To change it: ostiary client update {id}."
            )
            {
                Next = [$"ostiary client get {id}"],
            },
            _ => AdminRefusal.Of(outcome.Faults),
        };
        return AdminResponse.Refused(refusal);
    }

    /// <summary>Takes a secret out of the settings: it is never kept with them.</summary>
    private static string? TakeSecret(ref JsonElement declared, List<ConfigurationFault> faults)
    {
        if (!declared.TryGetProperty(Secret, out var value))
            return null;
        declared = JsonMerge.Without(declared, Secret);
        if (value.ValueKind != JsonValueKind.String)
        {
            faults.Add(
                new(
                    Secret,
                    Reason.NotASecretSource,
                    "must be the secret itself: the server reads no files and variables for others.",
                    "Leave it out to have one made."
                )
            );
            return null;
        }
        if (CredentialIntake.WeaknessOf(value.GetString()!) is { } weakness)
            faults.Add(new(Secret, Reason.WeakSecret, weakness));
        return value.GetString();
    }

    private static ConfigurationDraft Missing(string id) => new ConfigurationFault("", Reason.ClientNotFound, $"client '{id}' is not registered");

    private static ConfigurationDraft Exists(string id) => new ConfigurationFault("", Reason.AlreadyExists, $"client '{id}' already exists");
}
