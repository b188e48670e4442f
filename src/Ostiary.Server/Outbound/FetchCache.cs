using System.Collections.Concurrent;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Outbound;

/// <summary>What is known of an address: the value, fresh or within its grace; or the reason why there is none.</summary>
internal sealed record Copy<T>(T? Value, Reason? Refused, DateTimeOffset FetchedAt)
    where T : class;

/// <summary>
/// Answers of others, read and kept. Who asks for an address while it is being fetched waits for that one exchange. A failure is remembered too, so that a host
/// that is down or hostile is asked by one request in each pause and costs the others nothing.
/// </summary>
/// <param name="read">Makes the value of a body; null: it is not what it should be.</param>
/// <param name="failed">Hears of each failed exchange once, with the host's name.</param>
internal sealed class FetchCache<T>(
    GuardedFetcher fetcher,
    FetchPolicy policy,
    Func<ReadOnlyMemory<byte>, T?> read,
    TimeProvider time,
    Action<string, Reason> failed
)
    where T : class
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private sealed class Entry
    {
        public readonly Lock Gate = new();
        public Copy<T>? Good;
        public Reason? LastFailure;
        public DateTimeOffset FreshUntil;
        public DateTimeOffset PausedUntil;
        public DateTimeOffset UsedAt;
        public int Failures;
        public Task<Copy<T>>? Flight;
    }

    /// <summary>The value, from memory where it is fresh.</summary>
    public ValueTask<Copy<T>> GetAsync(string url, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var entry = EntryOf(url, now);
        lock (entry.Gate)
        {
            if (entry.Good is { } good && now < entry.FreshUntil)
                return ValueTask.FromResult(good);
            return entry.Flight is null && now < entry.PausedUntil ? ValueTask.FromResult(Known(entry, now)) : JoinAsync(url, entry, ct);
        }
    }

    /// <summary>A newer value than one that lacked what was looked for; the same one where it was fetched only just now.</summary>
    public ValueTask<Copy<T>> GetNewerAsync(string url, Copy<T> seen, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var entry = EntryOf(url, now);
        lock (entry.Gate)
        {
            if (entry.Good is { } good && good.FetchedAt > seen.FetchedAt)
                return ValueTask.FromResult(good);
            if (entry.Flight is null && (now < seen.FetchedAt + policy.NewerAfter || now < entry.PausedUntil))
                return ValueTask.FromResult(seen);
            return JoinAsync(url, entry, ct);
        }
    }

    // The exchange belongs to nobody: who started it may go away, and those who joined still get its answer.
    private ValueTask<Copy<T>> JoinAsync(string url, Entry entry, CancellationToken ct)
    {
        var flight = entry.Flight;
        if (flight is null)
        {
            flight = Task.Run(() => FlyAsync(url, entry), CancellationToken.None);
            entry.Flight = flight;
        }
        return new(flight.WaitAsync(ct));
    }

    private async Task<Copy<T>> FlyAsync(string url, Entry entry)
    {
        try
        {
            var answer = await fetcher.GetAsync(url, policy, CancellationToken.None);
            var value = answer.Refused is null ? read(answer.Body) : null;
            var refused = answer.Refused ?? (value is null ? Reason.FetchUnreadable : null);
            if (refused is { } why)
                failed(Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.Host : "", why);
            var now = time.GetUtcNow();
            lock (entry.Gate)
            {
                if (refused is { } reason)
                    Fail(entry, reason, now);
                else
                    Keep(entry, value!, answer.MaxAge ?? policy.Usual, now);
                return Known(entry, now);
            }
        }
        finally
        {
            lock (entry.Gate)
                entry.Flight = null;
        }
    }

    private void Keep(Entry entry, T value, TimeSpan age, DateTimeOffset now)
    {
        var kept = TimeSpan.FromTicks(Math.Clamp(age.Ticks, policy.Freshest.Ticks, policy.Longest.Ticks));
        (entry.Good, entry.FreshUntil, entry.Failures, entry.LastFailure) = (new(value, null, now), now + kept, 0, null);
        entry.PausedUntil = default;
    }

    private void Fail(Entry entry, Reason reason, DateTimeOffset now)
    {
        entry.LastFailure = reason;
        if (reason == Reason.FetchCrowded)
            return; // Nothing was learnt of that host.
        var pause = policy.FirstPause * Math.Pow(2, Math.Min(entry.Failures++, 16));
        entry.PausedUntil = now + (pause < policy.LongestPause ? pause : policy.LongestPause);
    }

    private Copy<T> Known(Entry entry, DateTimeOffset now)
    {
        if (entry.Good is { } good && (entry.LastFailure is null || now < entry.FreshUntil + policy.StaleFor))
            return good;
        return new(null, entry.LastFailure ?? Reason.FetchUnreachable, now);
    }

    private Entry EntryOf(string url, DateTimeOffset now)
    {
        if (!_entries.TryGetValue(url, out var entry))
        {
            while (_entries.Count >= policy.MaxCopies)
                _entries.TryRemove(_entries.MinBy(known => known.Value.UsedAt));
            entry = _entries.GetOrAdd(url, static _ => new());
        }
        entry.UsedAt = now;
        return entry;
    }
}
