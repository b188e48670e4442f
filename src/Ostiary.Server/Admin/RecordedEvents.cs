using System.Globalization;
using System.Text;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Decisions;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Admin;

/// <summary>The event log as administration reads it: the newest matching records, and whether the chains of all nodes hold.</summary>
public sealed class RecordedEvents(IEventLog log, Func<JsonWebKeySet> keys) : IEventAdministration
{
    public async ValueTask<Page<ReadOnlyMemory<byte>>> ListAsync(EventQuery query, CancellationToken ct)
    {
        var filter = new LogFilter
        {
            Flow = query.Flow,
            Act = query.Act,
            Client = query.ClientId,
            Subject = query.Subject,
            Limit = query.Limit,
        };
        var entries = await log.ListAsync(filter, ct);
        return new([.. entries.Select(entry => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(entry.Json))], null);
    }

    public async ValueTask<EventVerification> VerifyAsync(CancellationToken ct)
    {
        var found = await log.VerifyAsync(keys(), ct);
        var fault = found.Broken is { } broken
            ? string.Create(CultureInfo.InvariantCulture, $"{broken.File} line {broken.Line}: {broken.What}")
            : null;
        return new(found.Broken is null, found.Lines, found.Heads.Count > 0 ? found.Heads[^1].Hash : null, fault);
    }
}
