using Ostiary.Server.Configuration;

namespace Ostiary.Server.Keys;

/// <summary>
/// What must change in a set of keys: pure but for the keys it asks <paramref name="make"/> for. Each act returns the changed records; none where
/// nothing is to be done, so two nodes that decide the same thing one after the other change it once.
/// </summary>
internal sealed class KeyLifecycle(
    IReadOnlyList<KeyRecord> keys,
    IssuerSettings settings,
    TimeSpan longestToken,
    DateTimeOffset now,
    Func<string, KeyRecord> make
)
{
    /// <summary>No token without an override lives longer. The same again is for clocks, slow nodes and lifetimes that were lowered meanwhile.</summary>
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <summary>How long administration still sees a key that is gone, and its public part verifies old checkpoints.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromDays(400);

    private readonly Dictionary<string, KeyRecord> _changed = new(StringComparer.Ordinal);
    private readonly List<string> _forgotten = [];

    public IReadOnlyCollection<KeyRecord> Changed => _changed.Values;
    public IReadOnlyCollection<string> Forgotten => _forgotten;

    /// <summary>After that, no token signed with a key that retires now can be valid.</summary>
    public static TimeSpan RetiringPeriod(IssuerSettings settings, TimeSpan longestToken) =>
        Day + new[] { Day, settings.AccessTokenLifetime, settings.IdTokenLifetime, longestToken }.Max();

    /// <summary>Every algorithm has a signing key. The first one signs at once: no verifier can hold an older set that misses it.</summary>
    public void Ensure(IEnumerable<string> algorithms)
    {
        foreach (var alg in algorithms)
        {
            if (Active(alg) is null)
                Put((Successor(alg) ?? make(alg)).Activate(now));
        }
    }

    /// <summary>What time alone demands.</summary>
    public void Maintain()
    {
        foreach (var ofOne in keys.Where(key => key.State == KeyState.Active).GroupBy(key => key.Alg).ToList())
        {
            // A fence that was lifted leaves the key from before it and the one from behind it: the younger goes on.
            var newest = ofOne.MaxBy(key => key.ActiveAt)!;
            foreach (var older in ofOne.Where(key => key != newest))
                Put(older.Retire(now));
            Renew(newest);
        }
        foreach (var key in keys)
        {
            if (key.State == KeyState.Retiring && now >= key.RetiringAt + RetiringPeriod(settings, longestToken))
                Put(key.Drop(now, revoked: false));
            if (key.State == KeyState.Gone && now >= key.GoneAt + Memory)
                _forgotten.Add(key.Kid);
        }
    }

    /// <summary>Publishes a successor, or lets a published one sign if every verifier knows it by now or the operator insists.</summary>
    public KeyRecord Rotate(string alg, bool force)
    {
        var successor = Successor(alg) ?? Put(make(alg));
        if (!force && now < successor.ReadyAt)
            return successor;
        if (Active(alg) is { } active)
            Put(active.Retire(now));
        return Put(successor.Activate(now));
    }

    public KeyRecord? Retire(string kid)
    {
        var key = Find(kid);
        if (key is null)
            return null;
        if (key.State == KeyState.Active)
            Rotate(key.Alg, force: false);
        if (key.State == KeyState.Published)
            Put(key.Drop(now, revoked: false));
        return Find(kid);
    }

    /// <summary>The key is gone at once; its successor signs at once, known to verifiers or not: they fetch the set for an unknown key.</summary>
    public KeyRecord? Revoke(string kid)
    {
        var key = Find(kid);
        if (key is null || key.Revoked)
            return key;
        var gone = Put(key.Drop(now, revoked: true));
        if (key.State == KeyState.Active)
            Ensure([key.Alg]);
        return gone;
    }

    private void Renew(KeyRecord active)
    {
        var successor = Successor(active.Alg);
        if (successor is null && now >= active.ActiveAt + settings.KeyRotation - KeyMint.Lead(settings))
        {
            Put(make(active.Alg));
            return;
        }
        if (successor is null || now < successor.ReadyAt)
            return;
        Put(active.Retire(now));
        Put(successor.Activate(now));
    }

    private KeyRecord? Active(string alg) => Present().Where(key => key.Alg == alg && key.State == KeyState.Active).MaxBy(key => key.ActiveAt);

    private KeyRecord? Successor(string alg) =>
        Present().Where(key => key.Alg == alg && key.State == KeyState.Published).OrderBy(key => key.ReadyAt).FirstOrDefault();

    private KeyRecord? Find(string kid) => Present().FirstOrDefault(key => key.Kid == kid);

    private IEnumerable<KeyRecord> Present() => keys.Where(key => !_changed.ContainsKey(key.Kid)).Concat(_changed.Values);

    private KeyRecord Put(KeyRecord key)
    {
        _changed[key.Kid] = key;
        return key;
    }
}
