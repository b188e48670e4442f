using System.Collections.Concurrent;

namespace Ostiary.Server.Outbound;

/// <summary>How many exchanges run at once, by any name: a purpose, a host, an address. Who finds it full does not wait, for waiting is what a slow host wants.</summary>
internal sealed class FetchRooms
{
    private readonly ConcurrentDictionary<string, int> _taken = new(StringComparer.Ordinal);

    public bool TryEnter(string name, int most)
    {
        if (_taken.AddOrUpdate(name, 1, static (_, taken) => taken + 1) <= most)
            return true;
        Leave(name);
        return false;
    }

    public void Leave(string name)
    {
        if (_taken.AddOrUpdate(name, 0, static (_, taken) => taken - 1) == 0)
            _taken.TryRemove(KeyValuePair.Create(name, 0));
    }
}
