using System.Collections.Concurrent;

namespace Ostiary.Server.Clients;

/// <summary>Counts failures per key within a time from the first, in bounded memory. RFC 6819 §5.1.4.2.3</summary>
public sealed class FailureThrottle<TKey>(int maxFailures, TimeSpan window)
    where TKey : notnull, IEquatable<TKey>
{
    private const int MaxEntries = 10_000;
    private readonly ConcurrentDictionary<TKey, (int Count, DateTimeOffset Since)> _failures = new();

    public bool IsThrottled(TKey key, DateTimeOffset now) => CountOf(key, now) >= maxFailures;

    public int CountOf(TKey key, DateTimeOffset now) => _failures.TryGetValue(key, out var entry) && now - entry.Since < window ? entry.Count : 0;

    /// <summary>Counts one more and returns how many there are with it.</summary>
    public int Failed(TKey key, DateTimeOffset now)
    {
        if (_failures.Count >= MaxEntries)
            Forget(now);
        return _failures.AddOrUpdate(key, (1, now), (_, entry) => now - entry.Since < window ? (entry.Count + 1, entry.Since) : (1, now)).Count;
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (key, entry) in _failures)
        {
            if (now - entry.Since >= window)
                _failures.TryRemove(key, out _);
        }
        if (_failures.Count >= MaxEntries)
            _failures.Clear();
    }
}
