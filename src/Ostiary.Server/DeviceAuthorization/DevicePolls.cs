using System.Collections.Concurrent;
using Ostiary.Server.Grants;

namespace Ostiary.Server.DeviceAuthorization;

/// <summary>
/// How often each waiting device asks, in bounded memory of this node: who asks too early waits five seconds longer from then on, and nothing is written.
/// RFC 8628 §3.5
/// </summary>
internal sealed class DevicePolls
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>A request may be quicker on its way than the one before.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(500);
    private const int MaxEntries = 10_000;
    private readonly ConcurrentDictionary<GrantId, Pace> _paces = new();

    private readonly record struct Pace(DateTimeOffset Last, TimeSpan Interval, bool TooFast);

    /// <summary>Counts a request, and says whether it came too early.</summary>
    public bool IsTooFast(GrantId id, DateTimeOffset now)
    {
        if (_paces.Count >= MaxEntries)
            Forget(now);
        return _paces.AddOrUpdate(id, static (_, at) => new(at, Interval, false), static (_, pace, at) => Next(pace, at), now).TooFast;
    }

    private static Pace Next(Pace pace, DateTimeOffset now) =>
        now - pace.Last < pace.Interval - Tolerance ? new(now, pace.Interval + Interval, true) : new(now, pace.Interval, false);

    private void Forget(DateTimeOffset now)
    {
        foreach (var (id, pace) in _paces)
        {
            if (now - pace.Last >= DeviceAuthorizationEndpoint.Lifetime)
                _paces.TryRemove(id, out _);
        }
        if (_paces.Count >= MaxEntries)
            _paces.Clear();
    }
}
