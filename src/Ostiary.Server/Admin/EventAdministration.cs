using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Decisions;

namespace Ostiary.Server.Admin;

/// <summary>The record of decisions: list, follow, write out, verify.</summary>
internal sealed class EventAdministration(AdminParts parts)
{
    private static readonly string[] Filters = ["limit", "flow", "client_id", "subject", "act", "refused"];

    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/events", "event.list", ListAsync, [.. Filters, "cursor"]),
            new("GET", "/events/tail", "event.tail", TailAsync, Filters),
            new("GET", "/events/export", "event.export", ExportAsync, Filters),
            new("GET", "/events/verify", "event.verify", VerifyAsync),
        ];

    /// <summary>Without a cursor the newest, oldest of them first; from a cursor on forwards.</summary>
    private async ValueTask<AdminResponse> ListAsync(AdminCall call, CancellationToken ct)
    {
        if (!TryReadFilter(call, out var filter, out var refusal))
            return AdminResponse.Refused(refusal!);
        if (!call.TryPage(out var limit, out var after, out refusal) || !TryReadPlace(after, out var passed))
            return AdminResponse.Refused(refusal ?? new(Reason.AdminRequestMalformed, "cursor: is not one that this list has given."));
        var found = after is null ? await parts.Events.ListAsync(filter, ct) : [.. parts.Events.Read(filter, ct).Skip(passed).Take(limit + 1)];
        var page = found.Take(limit).ToList();
        var next = found.Count > page.Count ? (passed + page.Count).ToString(CultureInfo.InvariantCulture) : null;
        return AdminResponse.Object(
            200,
            json =>
            {
                json.WriteStartArray("items");
                foreach (var entry in page)
                    json.WriteRawValue(entry.Json);
                json.WriteEndArray();
                json.WriteString("next", next is null ? null : AdminCursor.Write(next));
            }
        );
    }

    private ValueTask<AdminResponse> TailAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(
            TryReadFilter(call, out var filter, out var refusal)
                ? new AdminResponse(200, default) { Lines = LinesAsync(filter, follow: true, ct) }
                : AdminResponse.Refused(refusal!)
        );

    private ValueTask<AdminResponse> ExportAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(
            TryReadFilter(call, out var filter, out var refusal)
                ? new AdminResponse(200, default)
                {
                    Lines = call.Query("limit") is null ? AllAsync(filter, ct) : LinesAsync(filter, follow: false, ct),
                }
                : AdminResponse.Refused(refusal!)
        );

    private async IAsyncEnumerable<string> LinesAsync(LogFilter filter, bool follow, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var entry in parts.Events.TailAsync(filter, follow, ct))
            yield return entry.Json;
    }

    /// <summary>One at a time: the log may be larger than the memory.</summary>
    private async IAsyncEnumerable<string> AllAsync(LogFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var entry in parts.Events.Read(filter, ct))
        {
            yield return entry.Json;
            await Task.CompletedTask;
        }
    }

    private async ValueTask<AdminResponse> VerifyAsync(AdminCall call, CancellationToken ct)
    {
        var found = await parts.Events.VerifyAsync(parts.Keys.History, ct);
        return AdminResponse.Object(200, json => Write(json, found));
    }

    private static bool TryReadPlace(string? after, out int passed)
    {
        passed = 0;
        return after is null || int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out passed);
    }

    private bool TryReadFilter(AdminCall call, out LogFilter filter, out AdminRefusal? refusal)
    {
        filter = new();
        if (!call.TryPage(out var limit, out _, out refusal))
            return false;
        if (call.Query("refused") is not (null or "true" or "false"))
            refusal = new(Reason.AdminRequestMalformed, "refused: must be true or false.");
        var user = call.Query("subject");
        filter = new()
        {
            Limit = limit,
            Flow = call.Query("flow"),
            Client = call.Query("client_id"),
            Subject = user is null ? null : parts.Configuration.CurrentSet.UserByName(user)?.User.Subject ?? user,
            Act = call.Query("act"),
            Refused = call.Query("refused") is { } refused ? refused == "true" : null,
        };
        return refusal is null;
    }

    private static void Write(Utf8JsonWriter json, LogVerification found)
    {
        json.WriteBoolean("intact", found.Broken is null);
        json.WriteNumber("lines", found.Lines);
        json.WriteNumber("checkpoints", found.Checkpoints);
        json.WriteNumber("unknown_checkpoints", found.UnknownCheckpoints);
        json.WriteStartArray("heads");
        foreach (var head in found.Heads)
        {
            json.WriteStartObject();
            json.WriteString("node", head.Node);
            json.WriteNumber("seq", head.Seq);
            json.WriteString("hash", head.Hash);
            json.WriteNumber("unsigned", head.Unsigned);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (found.Broken is not { } broken)
            return;
        json.WriteString("fault", string.Create(CultureInfo.InvariantCulture, $"{broken.File} line {broken.Line}: {broken.What}"));
        json.WriteStartObject("broken");
        json.WriteString("file", broken.File);
        json.WriteNumber("line", broken.Line);
        json.WriteString("what", broken.What);
        json.WriteEndObject();
    }
}
