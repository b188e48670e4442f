using Ostiary.Server.Sessions;

namespace Ostiary.Server.Stores.Memory;

internal sealed class MemorySessions(IMemoryEngine engine) : ISessionStore
{
    public ValueTask<bool> TryCreateAsync(Session session, CancellationToken ct)
    {
        var row = session with
        {
            CreatedAt = StoreTime.Cut(session.CreatedAt),
            AuthenticatedAt = StoreTime.Cut(session.AuthenticatedAt),
            ExpiresAt = StoreTime.Cut(session.ExpiresAt),
            SeenAt = StoreTime.Cut(session.SeenAt),
            EndedAt = StoreTime.Cut(session.EndedAt),
        };
        return engine.WriteAsync(
            state =>
            {
                if (state.Sessions.Current(row.Id) is not null)
                    return false;
                state.Sessions.Put(row.Id, row);
                return true;
            },
            ct
        );
    }

    public ValueTask<Session?> FindAsync(string id, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult(engine.Read(state => state.Sessions.Find(id)));
    }

    public ValueTask<bool> TryTouchAsync(string id, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                if (state.Sessions.Current(id) is not { } session || !session.IsLive(StoreTime.Cut(now)))
                    return false;
                state.Sessions.Put(id, session with { SeenAt = StoreTime.Cut(now) });
                return true;
            },
            ct
        );

    public ValueTask<bool> TryRenewAsync(
        string id,
        string secretHash,
        IReadOnlyList<string> amr,
        DateTimeOffset expiresAt,
        DateTimeOffset now,
        CancellationToken ct
    ) =>
        engine.WriteAsync(
            state =>
            {
                var at = StoreTime.Cut(now);
                if (state.Sessions.Current(id) is not { } session || !session.IsLive(at))
                    return false;
                var renewed = session with
                {
                    SecretHash = secretHash,
                    Amr = amr,
                    AuthenticatedAt = at,
                    SeenAt = at,
                    ExpiresAt = StoreTime.Cut(expiresAt),
                };
                state.Sessions.Put(id, renewed);
                return true;
            },
            ct
        );

    public ValueTask<bool> TryEndAsync(string id, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                if (state.Sessions.Current(id) is not { } session || !session.IsLive(StoreTime.Cut(now)))
                    return false;
                End(state, session, now);
                return true;
            },
            ct
        );

    public ValueTask<IReadOnlyList<string>> EndOfSubjectAsync(string subject, string? exceptId, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync<IReadOnlyList<string>>(
            state =>
            {
                var at = StoreTime.Cut(now);
                var live = state.Sessions.CurrentWhere(session => session.Subject == subject && session.Id != exceptId && session.IsLive(at));
                foreach (var session in live)
                    End(state, session, now);
                return [.. live.Select(session => session.Id)];
            },
            ct
        );

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                var over = state.Sessions.CurrentWhere(session => session.ExpiresAt <= before || session.EndedAt <= before, limit);
                foreach (var session in over)
                    state.Sessions.Remove(session.Id);
                return over.Count;
            },
            ct
        );

    private static void End(MemoryState state, Session session, DateTimeOffset now)
    {
        state.Sessions.Put(session.Id, session with { EndedAt = StoreTime.Cut(now) });
        state.Append(ChangeKind.SessionEnded, session.Id, now + state.Retention, now);
    }
}
