using Ostiary.Protocol.Reasons;
using Ostiary.Server.EndSession;

namespace Ostiary.Server.Stores.Memory;

internal sealed class MemoryLogoutNotices(IMemoryEngine engine) : ILogoutNoticeStore
{
    public ValueTask<bool> TryAddAsync(LogoutNotice notice, CancellationToken ct)
    {
        var row = notice with
        {
            CreatedAt = StoreTime.Cut(notice.CreatedAt),
            DueAt = StoreTime.Cut(notice.DueAt),
            KeptUntil = StoreTime.Cut(notice.KeptUntil),
        };
        return engine.WriteAsync(
            state =>
            {
                if (state.LogoutNotices.Current(row.Id) is not null)
                    return false;
                state.LogoutNotices.Put(row.Id, row);
                return true;
            },
            ct
        );
    }

    public ValueTask<IReadOnlyList<LogoutNotice>> OfSessionAsync(string sessionId, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IReadOnlyList<LogoutNotice>>(
            engine.Read(state =>
                state.LogoutNotices.Rows.Where(row => row.SessionId == sessionId).OrderBy(row => row.ClientId, StringComparer.Ordinal).ToList()
            )
        );
    }

    public ValueTask<IReadOnlyList<LogoutNotice>> DueAsync(DateTimeOffset now, int limit, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var at = StoreTime.Cut(now);
        return ValueTask.FromResult<IReadOnlyList<LogoutNotice>>(
            engine.Read(state =>
                state
                    .LogoutNotices.Rows.Where(row => row.State == LogoutNoticeState.Waiting && row.DueAt <= at)
                    .OrderBy(row => row.DueAt)
                    .ThenBy(row => row.Id, StringComparer.Ordinal)
                    .Take(limit)
                    .ToList()
            )
        );
    }

    public ValueTask<bool> TryTakeAsync(string id, int tries, DateTimeOffset leaseUntil, DateTimeOffset now, CancellationToken ct) =>
        ChangeAsync(id, tries, row => row.DueAt <= StoreTime.Cut(now), row => row with { Tries = tries + 1, DueAt = StoreTime.Cut(leaseUntil) }, ct);

    public ValueTask<bool> TrySettleAsync(
        string id,
        int tries,
        LogoutNoticeState state,
        DateTimeOffset dueAt,
        Reason? refused,
        CancellationToken ct
    ) => ChangeAsync(id, tries, _ => true, row => row with { State = state, DueAt = StoreTime.Cut(dueAt), Refused = refused }, ct);

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                var over = state.LogoutNotices.CurrentWhere(row => row.KeptUntil <= before, limit);
                foreach (var row in over)
                    state.LogoutNotices.Remove(row.Id);
                return over.Count;
            },
            ct
        );

    private ValueTask<bool> ChangeAsync(
        string id,
        int tries,
        Func<LogoutNotice, bool> allowed,
        Func<LogoutNotice, LogoutNotice> change,
        CancellationToken ct
    ) =>
        engine.WriteAsync(
            state =>
            {
                var row = state.LogoutNotices.Current(id);
                if (row is not { State: LogoutNoticeState.Waiting } || row.Tries != tries || !allowed(row))
                    return false;
                state.LogoutNotices.Put(id, change(row));
                return true;
            },
            ct
        );
}
