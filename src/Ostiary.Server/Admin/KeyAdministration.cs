using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Admin;

/// <summary>Signing keys: list, rotate, retire, revoke.</summary>
internal sealed class KeyAdministration(AdminParts parts)
{
    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/keys", "key.list", ListAsync, "limit", "cursor"),
            new("POST", "/keys/rotate", "key.rotate", RotateAsync),
            new("POST", "/keys/{kid}/retire", "key.retire", RetireAsync),
            new("POST", "/keys/{kid}/revoke", "key.revoke", RevokeAsync),
        ];

    private ValueTask<AdminResponse> ListAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(Lists.Page(call, parts.Keys.List(), k => k.Kid, Write, null));

    /// <summary>Publishes a successor; it signs once every verifier can know it, or at once where forced.</summary>
    private async ValueTask<AdminResponse> RotateAsync(AdminCall call, CancellationToken ct)
    {
        string? alg = null;
        var force = false;
        var refusal = call.Read(reader =>
        {
            alg = reader.OneOf("alg", KeyRing.Algorithms);
            force = reader.Flag("force") ?? false;
        });
        if (refusal is not null)
            return AdminResponse.Refused(refusal);
        var made = new List<KeyInfo>();
        var inUse = parts.Keys.List().Where(k => k.State == KeyState.Active).Select(k => k.Alg);
        foreach (var one in alg is not null ? [alg] : inUse.Distinct().ToList())
            made.Add(await parts.Keys.RotateAsync(one, force, ct));
        call.Change = "rotated";
        return Lists.Write(made, null, Write);
    }

    private async ValueTask<AdminResponse> RetireAsync(AdminCall call, CancellationToken ct)
    {
        if (await parts.Keys.RetireAsync(call.Id, ct) is not { } key)
            return AdminResponse.Refused(NotFound(call.Id));
        call.Change = "retired";
        return AdminResponse.Object(200, json => Write(json, key));
    }

    private async ValueTask<AdminResponse> RevokeAsync(AdminCall call, CancellationToken ct)
    {
        if (await parts.Keys.RevokeAsync(call.Id, parts.Stores.Changes, ct) is not { } key)
            return AdminResponse.Refused(NotFound(call.Id));
        call.Change = "revoked";
        return AdminResponse.Object(200, json => Write(json, key));
    }

    private static AdminRefusal NotFound(string kid) =>
        new(Reason.KeyNotFound, $"key '{DocumentReader.Shorten(kid)}' does not exist") { Next = ["ostiary key list"] };

    private static void Write(Utf8JsonWriter json, KeyInfo key)
    {
        json.WriteString("kid", key.Kid);
        json.WriteString("alg", key.Alg);
        json.WriteString("state", KeyRecordJson.NameOf(key.State));
        json.WriteBoolean("revoked", key.Revoked);
        AdminJson.Time(json, "published_at", key.PublishedAt);
        AdminJson.Time(json, "ready_at", key.ReadyAt);
        AdminJson.Time(json, "active_at", key.ActiveAt);
        AdminJson.Time(json, "retiring_at", key.RetiringAt);
        AdminJson.Time(json, "gone_at", key.GoneAt);
    }
}
