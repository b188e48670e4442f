using System.Collections.Concurrent;

namespace Ostiary.Server.Clients;

/// <summary>Counts failures per key within a time from the first, in bounded memory. RFC 6819 §5.1.4.2.3</summary>
public sealed class FailureThrottle(int maxFailures, TimeSpan window)
{
    private const int MaxEntries = 10_000;
    private readonly ConcurrentDictionary<string, (int Count, DateTimeOffset Since)> _failures = new(StringComparer.Ordinal);

    /// <summary>
    /// Of client authentication, per client and address. A throttled address may still present the right secret, so nobody can lock a client out.
    /// </summary>
    public static FailureThrottle OfClients() => new(20, TimeSpan.FromMinutes(1));

    public bool IsThrottled(string key, DateTimeOffset now) => CountOf(key, now) >= maxFailures;

    public int CountOf(string key, DateTimeOffset now) => _failures.TryGetValue(key, out var entry) && now - entry.Since < window ? entry.Count : 0;

    /// <summary>Counts one more and returns how many there are with it.</summary>
    public int Failed(string key, DateTimeOffset now)
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
