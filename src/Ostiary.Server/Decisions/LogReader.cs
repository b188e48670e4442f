using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Decisions;

/// <summary>Reads a log, also while it is written, also that of a stopped server.</summary>
public sealed class LogReader : IEventLog
{
    private static readonly TimeSpan PollDelay = TimeSpan.FromMilliseconds(250);
    private readonly ILogSource _source;
    private readonly TimeProvider _time;

    internal LogReader(ILogSource source, TimeProvider time)
    {
        _source = source;
        _time = time;
    }

    /// <summary>The log in a data directory.</summary>
    public static LogReader Open(string directory, TimeProvider time) => new(new LogDirectory(Path.Combine(directory, "events")), time);

    public ValueTask<IReadOnlyList<LogEntry>> ListAsync(LogFilter filter, CancellationToken ct) => ValueTask.FromResult(Newest(filter, [], ct));

    public async IAsyncEnumerable<LogEntry> TailAsync(LogFilter filter, bool follow, [EnumeratorCancellation] CancellationToken ct)
    {
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        foreach (var entry in Newest(filter, places, ct))
            yield return entry;
        while (follow && await DelayAsync(ct))
        {
            foreach (var entry in Later(filter, places))
                yield return entry;
        }
    }

    public IEnumerable<LogEntry> Read(LogFilter filter, CancellationToken ct)
    {
        var chains = _source.Chains();
        var all = chains.Count == 1 ? Entries(chains[0]) : Merged(chains);
        foreach (var entry in all)
        {
            ct.ThrowIfCancellationRequested();
            if (filter.Takes(entry.Record))
                yield return entry;
        }
    }

    /// <summary>By time; within a node the chain is the order, whatever its clock did.</summary>
    private static IEnumerable<LogEntry> Merged(IReadOnlyList<LogChain> chains)
    {
        var heads = new PriorityQueue<(IEnumerator<LogEntry> Entries, int Chain), (DateTimeOffset, int)>();
        try
        {
            for (var i = 0; i < chains.Count; i++)
                Enqueue(Entries(chains[i]).GetEnumerator(), i);
            while (heads.TryDequeue(out var head, out _))
            {
                yield return head.Entries.Current;
                Enqueue(head.Entries, head.Chain);
            }
        }
        finally
        {
            while (heads.TryDequeue(out var head, out _))
                head.Entries.Dispose();
        }

        void Enqueue(IEnumerator<LogEntry> entries, int chain)
        {
            if (entries.MoveNext())
                heads.Enqueue((entries, chain), (entries.Current.Record.At, chain));
            else
                entries.Dispose();
        }
    }

    private static IEnumerable<LogEntry> Entries(LogChain chain)
    {
        foreach (var segment in chain.Segments)
        {
            if (Opened(segment) is not { } stream)
                continue;
            using var lines = new LogLines(stream);
            while (TryNext(chain, lines, out var entry))
            {
                if (entry is not null)
                    yield return entry;
            }
        }
    }

    private static Stream? Opened(LogSegment segment)
    {
        try
        {
            return segment.Open();
        }
        catch (FileNotFoundException)
        {
            return null; // Retention removed it meanwhile.
        }
    }

    private static bool TryNext(LogChain chain, LogLines lines, out LogEntry? entry)
    {
        var more = lines.TryNext(out var line);
        entry = more ? Read(chain.Node, line) : null;
        return more;
    }

    public async ValueTask<LogVerification> VerifyAsync(JsonWebKeySet? keys, CancellationToken ct)
    {
        var verifier = new LogVerifier(keys);
        try
        {
            foreach (var chain in _source.Chains())
            {
                await verifier.CheckAsync(chain, _time, ct);
                if (verifier.Broken is not null)
                    break;
            }
        }
        catch (StoreException)
        {
            verifier.Break("index.json", 1, "The index of removed files is damaged.");
        }
        return verifier.Result();
    }

    private IReadOnlyList<LogEntry> Newest(LogFilter filter, Dictionary<string, Place> places, CancellationToken ct)
    {
        var chains = _source.Chains();
        var found = chains.SelectMany(chain => Newest(chain, filter, places, ct));
        // Within a node the chain is the order, whatever its clock did.
        return chains.Count == 1 ? [.. found] : [.. found.OrderBy(entry => entry.Record.At).TakeLast(filter.Limit)];
    }

    // From the newest segment backwards, until there are enough or they are too old.
    private static List<LogEntry> Newest(LogChain chain, LogFilter filter, Dictionary<string, Place> places, CancellationToken ct)
    {
        var found = new List<LogEntry>();
        for (var i = chain.Segments.Count - 1; i >= 0 && (i == chain.Segments.Count - 1 || found.Count < filter.Limit); i--)
        {
            ct.ThrowIfCancellationRequested();
            var matching = new Queue<LogEntry>();
            DateTimeOffset? oldest = null;
            var offset = Scan(
                chain,
                chain.Segments[i],
                0,
                entry =>
                {
                    oldest ??= entry.Record.At;
                    if (!filter.Takes(entry.Record))
                        return;
                    matching.Enqueue(entry);
                    if (matching.Count > filter.Limit - found.Count)
                        matching.Dequeue();
                }
            );
            places.TryAdd(chain.Node, new Place(chain.Segments[i].Name, offset));
            found.InsertRange(0, matching);
            if (oldest < filter.Since)
                break;
        }
        return found;
    }

    private List<LogEntry> Later(LogFilter filter, Dictionary<string, Place> places)
    {
        var found = new List<LogEntry>();
        foreach (var chain in _source.Chains())
        {
            var place = places.GetValueOrDefault(chain.Node);
            var from = chain.Segments.ToList().FindIndex(segment => segment.Name == place?.Segment);
            foreach (var segment in chain.Segments.Skip(Math.Max(from, 0)))
            {
                var start = segment.Name == place?.Segment ? place.Offset : 0;
                var end = Scan(chain, segment, start, entry => Take(entry));
                places[chain.Node] = new Place(segment.Name, end);
            }
        }
        return found;

        void Take(LogEntry entry)
        {
            if (filter.Takes(entry.Record))
                found.Add(entry);
        }
    }

    private static long Scan(LogChain chain, LogSegment segment, long offset, Action<LogEntry> each)
    {
        if (Opened(segment) is not { } stream)
            return offset;
        stream.Position = offset;
        using var lines = new LogLines(stream);
        while (TryNext(chain, lines, out var entry))
        {
            if (entry is not null)
                each(entry);
        }
        return lines.Offset;
    }

    private static LogEntry? Read(string node, ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            using var json = JsonDocument.ParseValue(ref reader);
            var root = json.RootElement;
            if (DecisionRecordJson.Read(root) is not { } record)
                return null;
            return new LogEntry(
                node,
                root.GetProperty("seq"u8).GetInt64(),
                root.GetProperty("hash"u8).GetString()!,
                record,
                Encoding.UTF8.GetString(line)
            );
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // A damaged line is for verification to report.
            return null;
        }
    }

    private async ValueTask<bool> DelayAsync(CancellationToken ct)
    {
        try
        {
            await Task.Delay(PollDelay, _time, ct);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private sealed record Place(string Segment, long Offset);
}
