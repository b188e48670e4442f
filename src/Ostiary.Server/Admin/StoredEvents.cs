using System.Globalization;
using System.Text;
using Ostiary.Server.Decisions;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Admin;

/// <summary>
/// The log as administration reads it. Without a cursor: the newest, oldest of them first. From a cursor on: forwards, and <c>0</c> is the beginning.
/// </summary>
internal sealed class StoredEvents(IEventLog log, KeyRing keys) : IEventAdministration
{
    public async ValueTask<Page<ReadOnlyMemory<byte>>> ListAsync(EventQuery query, CancellationToken ct)
    {
        var filter = new LogFilter
        {
            Flow = query.Flow,
            Act = query.Act,
            Client = query.ClientId,
            Subject = query.Subject,
            Limit = query.After is null ? query.Limit : int.MaxValue,
        };
        var entries = await log.ListAsync(filter, ct);
        if (!int.TryParse(query.After, NumberStyles.None, CultureInfo.InvariantCulture, out var passed))
            return new([.. entries.Select(Utf8)], null);
        var page = entries.Skip(passed).Take(query.Limit).Select(Utf8).ToList();
        var next = passed + page.Count;
        return new(page, next < entries.Count ? next.ToString(CultureInfo.InvariantCulture) : null);
    }

    public async ValueTask<EventVerification> VerifyAsync(CancellationToken ct)
    {
        var found = await log.VerifyAsync(keys.History, ct);
        var heads = string.Join(' ', found.Heads.Select(h => $"{h.Node}:{h.Seq}:{h.Hash}"));
        var fault = found.Broken is { } broken ? $"{broken.File} line {broken.Line}: {broken.What}" : null;
        return new(fault is null, found.Lines, heads, fault);
    }

    private static ReadOnlyMemory<byte> Utf8(LogEntry entry) => Encoding.UTF8.GetBytes(entry.Json);
}
