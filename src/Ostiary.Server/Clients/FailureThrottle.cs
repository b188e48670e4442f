using System.Collections.Concurrent;

namespace Ostiary.Server.Clients;

/// <summary>
/// Counts failed client authentications per client and address, in bounded memory. A throttled address may still present the right secret, so nobody can lock
/// a client out. RFC 6819 §5.1.4.2.3
/// </summary>
public sealed class FailureThrottle
{
    private const int MaxFailures = 20;
    private const int MaxEntries = 10_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, (int Count, DateTimeOffset Since)> _failures = new(StringComparer.Ordinal);

    public bool IsThrottled(string key, DateTimeOffset now) =>
        _failures.TryGetValue(key, out var entry) && now - entry.Since < Window && entry.Count >= MaxFailures;

    public void Failed(string key, DateTimeOffset now)
    {
        if (_failures.Count >= MaxEntries)
            Forget(now);
        _failures.AddOrUpdate(key, (1, now), (_, entry) => now - entry.Since < Window ? (entry.Count + 1, entry.Since) : (1, now));
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (key, entry) in _failures)
        {
            if (now - entry.Since >= Window)
                _failures.TryRemove(key, out _);
        }
        if (_failures.Count >= MaxEntries)
            _failures.Clear();
    }
}
