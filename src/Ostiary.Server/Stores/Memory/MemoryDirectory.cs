using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Stores.Memory;

/// <summary>Lists in the order of ids; the cursor is the last id of the page before.</summary>
internal sealed class MemoryDirectory(IMemoryEngine engine, TimeProvider time) : IDirectory
{
    public ValueTask<Page<Grant>> GrantsAsync(GrantQuery query, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var now = StoreTime.Cut(time.GetUtcNow());
        var after = GrantId.TryParse(query.Cursor, out var cursor) ? cursor.Value : (UInt128?)null;
        var rows = engine.Read(state =>
            state
                .Grants.Rows.Where(grant => after is null || grant.Id.Value > after)
                .Where(grant => query.Subject is null || grant.Approval?.Subject == query.Subject)
                .Where(grant => query.ClientId is null || grant.ClientId == query.ClientId)
                .Where(grant => !query.LiveOnly || (grant.Status != GrantStatus.Ended && now < grant.ExpiresAt))
                .OrderBy(grant => grant.Id.Value)
                .Take(query.Limit + 1)
                .ToList()
        );
        return ValueTask.FromResult(Cut(rows, query.Limit, grant => grant.Id.ToString()));
    }

    public ValueTask<Page<Session>> SessionsAsync(string? subject, string? cursor, int limit, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var now = StoreTime.Cut(time.GetUtcNow());
        var rows = engine.Read(state =>
            state
                .Sessions.Rows.Where(session => cursor is null || string.CompareOrdinal(session.Id, cursor) > 0)
                .Where(session => session.IsLive(now) && (subject is null || session.Subject == subject))
                .OrderBy(session => session.Id, StringComparer.Ordinal)
                .Take(limit + 1)
                .ToList()
        );
        return ValueTask.FromResult(Cut(rows, limit, session => session.Id));
    }

    public ValueTask<IReadOnlyList<Consent>> ConsentsAsync(string subject, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IReadOnlyList<Consent>>(
            engine.Read(state =>
                state.Consents.Rows.Where(consent => consent.Subject == subject).OrderBy(consent => consent.ClientId, StringComparer.Ordinal).ToList()
            )
        );
    }

    public ValueTask<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IReadOnlyDictionary<string, long>>(
            engine.Read(state => new Dictionary<string, long>
            {
                ["grants"] = state.Grants.Count,
                ["sessions"] = state.Sessions.Count,
                ["consents"] = state.Consents.Count,
                ["one_time"] = state.OneTime.Count,
                ["logout_notices"] = state.LogoutNotices.Count,
                ["changes"] = state.Changes.Count,
                ["documents"] = state.Documents.Count,
            })
        );
    }

    private static Page<T> Cut<T>(List<T> rows, int limit, Func<T, string> cursor)
    {
        if (rows.Count <= limit)
            return new(rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return new(rows, cursor(rows[^1]));
    }
}
