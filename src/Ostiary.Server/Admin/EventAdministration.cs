using System.Text.Json;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Admin;

/// <summary>Which records are wanted.</summary>
public sealed record EventQuery(
    string? After = null,
    int Limit = 100,
    string? Flow = null,
    string? Act = null,
    string? ClientId = null,
    string? Subject = null
);

/// <summary>Whether the chain of records holds. <see cref="Fault"/>: the place of the first record that does not, and why.</summary>
public sealed record EventVerification(bool Intact, long Records, string? Head = null, string? Fault = null);

/// <summary>The record of decisions, as administration reads it.</summary>
public interface IEventAdministration
{
    /// <summary>Records as JSON objects, oldest first, and where the next page begins.</summary>
    ValueTask<Page<ReadOnlyMemory<byte>>> ListAsync(EventQuery query, CancellationToken ct);

    ValueTask<EventVerification> VerifyAsync(CancellationToken ct);
}

/// <summary>Events: list and verify.</summary>
internal sealed class EventAdministration(AdminParts parts)
{
    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/events", "event.list", ListAsync, "limit", "cursor", "flow", "act", "client_id", "subject"),
            new("GET", "/events/verify", "event.verify", VerifyAsync),
        ];

    private async ValueTask<AdminResponse> ListAsync(AdminCall call, CancellationToken ct)
    {
        if (!call.TryPage(out var limit, out var after, out var refusal))
            return AdminResponse.Refused(refusal!);
        var query = new EventQuery(after, limit, call.Query("flow"), call.Query("act"), call.Query("client_id"), call.Query("subject"));
        var page = parts.Events is { } events ? await events.ListAsync(query, ct) : new([], null);
        return AdminResponse.Object(
            200,
            json =>
            {
                json.WriteStartArray("items");
                foreach (var item in page.Items)
                    json.WriteRawValue(item.Span);
                json.WriteEndArray();
                json.WriteString("next", page.Next is { } next ? AdminCursor.Write(next) : null);
            }
        );
    }

    private async ValueTask<AdminResponse> VerifyAsync(AdminCall call, CancellationToken ct)
    {
        var found = parts.Events is { } events ? await events.VerifyAsync(ct) : new EventVerification(true, 0);
        return AdminResponse.Object(
            200,
            json =>
            {
                json.WriteBoolean("intact", found.Intact);
                json.WriteNumber("records", found.Records);
                AdminJson.Text(json, "head", found.Head);
                AdminJson.Text(json, "fault", found.Fault);
            }
        );
    }
}
