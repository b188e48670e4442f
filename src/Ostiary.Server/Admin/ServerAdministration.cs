using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Admin;

/// <summary>The server itself: how it stands, a backup of all it keeps, and the fence of a restore.</summary>
internal sealed class ServerAdministration(AdminParts parts)
{
    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/server", "server.status", StatusAsync),
            new("POST", "/server/backup", "server.backup", BackupAsync),
            new("POST", "/server/unfence", "server.unfence", UnfenceAsync),
        ];

    private ValueTask<AdminResponse> StatusAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(AdminResponse.Object(200, WriteStatus));

    /// <summary>For the owner of the data directory alone: everything is in it, and the file is written on the machine of the server.</summary>
    private async ValueTask<AdminResponse> BackupAsync(AdminCall call, CancellationToken ct)
    {
        string? file = null;
        if (call.Read(reader => file = reader.Text("file", 4096)) is { } refusal)
            return AdminResponse.Refused(refusal);
        if (call.Request.Caller != AdminCaller.Owner)
            return AdminResponse.Refused(AdminRefusal.Of(Reason.AdminForbidden, "A backup is made over the socket of the data directory."));
        if (file is null || !Path.IsPathFullyQualified(file))
            return AdminResponse.Refused(new(Reason.AdminRequestMalformed, "file: must be an absolute path on the machine of the server."));
        var head = new BackupHead(parts.Now, parts.Issuer.Url.Text, parts.Stores.Engine, parts.Issuer.Master.Fingerprint);
        try
        {
            var rows = await BackupFile.WriteAsync(file, head, parts.Stores.Archive, ct);
            call.Change = "backed up";
            return AdminResponse.Object(
                200,
                json =>
                {
                    json.WriteString("file", file);
                    json.WriteString("made_at", head.MadeAt);
                    json.WriteNumber("rows", rows);
                }
            );
        }
        catch (StoreException fault)
        {
            return AdminResponse.Refused(new(fault.Reason, fault.Message));
        }
    }

    /// <summary>Takes the fence down: grants, sessions, consents and tokens from before it live again. Safe to repeat.</summary>
    private async ValueTask<AdminResponse> UnfenceAsync(AdminCall call, CancellationToken ct)
    {
        var outcome = await parts.Configuration.TryChangeAsync(set => set with { Fence = null }, call.Request.ExpectedRevision, ct);
        if (outcome.Snapshot is null)
            return AdminResponse.Refused(AdminRefusal.Of(outcome.Faults));
        if (outcome.Changes.Count > 0)
            call.Change = "unfenced";
        await parts.Keys.MaintainAsync(ct);
        return AdminResponse.Object(200, WriteStatus);
    }

    private void WriteStatus(Utf8JsonWriter json)
    {
        var snapshot = parts.Configuration.Current;
        json.WriteString("issuer", parts.Issuer.Url.Text);
        json.WriteString("engine", parts.Stores.Engine);
        json.WriteNumber("revision", snapshot.Revision);
        json.WriteBoolean("fenced", snapshot.Fence is not null);
        AdminJson.Time(json, "fenced_since", snapshot.Fence?.Since);
        AdminJson.Time(json, "backup_made_at", snapshot.Fence?.BackupMade);
    }
}
