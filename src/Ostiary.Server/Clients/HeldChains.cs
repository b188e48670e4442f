using System.Collections.Concurrent;

namespace Ostiary.Server.Clients;

/// <summary>
/// Certificates whose chain has held a moment ago, by their thumbprint: to build a chain costs more than the rest of a request. Of one set of authorities, and only
/// what these have issued, so nobody else fills it; and bounded.
/// </summary>
internal sealed class HeldChains
{
    public const int Most = 1024;
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, (DateTimeOffset From, DateTimeOffset Until)> _held = new(StringComparer.Ordinal);

    public int Count => _held.Count;

    public bool Has(string thumbprint, DateTimeOffset now) => _held.TryGetValue(thumbprint, out var time) && time.From <= now && now < time.Until;

    /// <param name="end">When the first certificate of the chain ends.</param>
    public void Add(string thumbprint, DateTimeOffset now, DateTimeOffset end)
    {
        if (_held.Count >= Most)
            _held.Clear();
        _held[thumbprint] = (now, now + Longest < end ? now + Longest : end);
    }
}
