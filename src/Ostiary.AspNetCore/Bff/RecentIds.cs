using System.Collections.Concurrent;

namespace Ostiary.AspNetCore.Bff;

/// <summary>Ids that this process has seen a short while ago. Only the issuer can make new ones, so the bound is no door for others.</summary>
internal sealed class RecentIds
{
    private const int Capacity = 10_000;
    private readonly ConcurrentDictionary<string, DateTimeOffset> _until = new(StringComparer.Ordinal);
    private readonly Lock _room = new();

    /// <summary>False: it is known already, or there is no room to remember it. Of any number of concurrent callers one gets true.</summary>
    public bool TryAdd(string id, DateTimeOffset until, DateTimeOffset now)
    {
        if (_until.Count >= Capacity && !MakeRoom(now))
            return false;
        while (!_until.TryAdd(id, until))
        {
            if (!_until.TryGetValue(id, out var known))
                continue;
            if (now < known)
                return false;
            if (_until.TryUpdate(id, until, known))
                return true;
        }
        return true;
    }

    public bool Has(string id, DateTimeOffset now) => _until.TryGetValue(id, out var until) && now < until;

    private bool MakeRoom(DateTimeOffset now)
    {
        lock (_room)
        {
            foreach (var (id, until) in _until)
            {
                if (until <= now)
                    _until.TryRemove(id, out _);
            }
            return _until.Count < Capacity;
        }
    }
}
