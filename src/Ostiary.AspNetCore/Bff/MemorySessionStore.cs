using System.Collections.Concurrent;

namespace Ostiary.AspNetCore.Bff;

/// <summary>Sessions of one process. When it is full, what has ended goes first, then what was used longest ago.</summary>
internal sealed class MemorySessionStore(int capacity, TimeProvider clock) : IBffSessionStore
{
    private readonly ConcurrentDictionary<string, PendingSignIn> _signIns = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BffSession> _sessions = new(StringComparer.Ordinal);
    private readonly Lock _room = new();

    public int Count => _sessions.Count;

    public ValueTask AddSignInAsync(string id, PendingSignIn signIn, CancellationToken ct)
    {
        MakeRoom(_signIns, pending => pending.Ends, pending => pending.Ends);
        _signIns[id] = signIn;
        return ValueTask.CompletedTask;
    }

    public ValueTask<PendingSignIn?> TakeSignInAsync(string id, CancellationToken ct) =>
        ValueTask.FromResult(_signIns.TryRemove(id, out var signIn) ? signIn : null);

    public ValueTask AddAsync(string id, BffSession session, CancellationToken ct)
    {
        MakeRoom(_sessions, kept => kept.Ends, kept => kept.LastSeen);
        _sessions[id] = session;
        return ValueTask.CompletedTask;
    }

    public ValueTask<BffSession?> FindAsync(string id, CancellationToken ct) => ValueTask.FromResult(_sessions.GetValueOrDefault(id));

    public ValueTask<bool> TryReplaceAsync(string id, BffSession expected, BffSession next, CancellationToken ct) =>
        ValueTask.FromResult(_sessions.TryUpdate(id, next, expected));

    public ValueTask RemoveAsync(string id, CancellationToken ct)
    {
        _sessions.TryRemove(id, out _);
        return ValueTask.CompletedTask;
    }

    public ValueTask<int> RemoveAllAsync(string? subject, string? issuerSession, CancellationToken ct)
    {
        var removed = 0;
        foreach (var (id, session) in _sessions)
        {
            // By id and not by value: a refresh may have replaced the session meanwhile.
            if (session.IsOf(subject, issuerSession) && _sessions.TryRemove(id, out _))
                removed++;
        }
        return ValueTask.FromResult(removed);
    }

    private void MakeRoom<TValue>(ConcurrentDictionary<string, TValue> kept, Func<TValue, DateTimeOffset> ends, Func<TValue, DateTimeOffset> used)
    {
        if (kept.Count < capacity)
            return;
        lock (_room)
        {
            var now = clock.GetUtcNow();
            foreach (var (id, value) in kept)
            {
                if (ends(value) <= now)
                    kept.TryRemove(id, out _);
            }
            // A tenth at a time, so that a full store is not searched for each newcomer.
            if (kept.Count >= capacity)
            {
                foreach (var id in kept.OrderBy(pair => used(pair.Value)).Take(Math.Max(1, capacity / 10)).Select(pair => pair.Key).ToList())
                    kept.TryRemove(id, out _);
            }
        }
    }
}
