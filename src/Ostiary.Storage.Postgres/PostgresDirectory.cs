using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>Lists in the order of ids; the cursor is the last id of the page before.</summary>
internal sealed class PostgresDirectory(PostgresEngine engine, TimeProvider time) : IDirectory
{
    public async ValueTask<Page<Grant>> GrantsAsync(GrantQuery query, CancellationToken ct)
    {
        // Two statements, because a condition that may be absent hides the index of the subject.
        const string Rest =
            " AND id > $2 AND ($3::text IS NULL OR client = $3) AND ($4::bigint IS NULL OR (status <> 3 AND expires > $4)) ORDER BY id LIMIT $5";
        const string All = GrantRow.Select + " WHERE $1::text IS NULL" + Rest;
        const string OfSubject = GrantRow.Select + " WHERE subject = $1" + Rest;
        var rows = await engine.ListAsync(
            engine
                .Say(query.Subject is null ? All : OfSubject)
                .Bind(query.Subject)
                .Bind(GrantId.TryParse(query.Cursor, out var cursor) ? cursor : default)
                .Bind(query.ClientId)
                .Bind(query.LiveOnly ? StoreTime.ToUnix(time.GetUtcNow()) : (long?)null)
                .Bind(query.Limit + 1),
            GrantRow.Read,
            ct
        );
        return Cut(rows, query.Limit, grant => grant.Id.ToString());
    }

    public async ValueTask<Page<Session>> SessionsAsync(string? subject, string? cursor, int limit, CancellationToken ct)
    {
        const string Rest = " AND id > $2 AND ended IS NULL AND expires > $3 ORDER BY id LIMIT $4";
        const string All = SessionRow.Select + " WHERE $1::text IS NULL" + Rest;
        const string OfSubject = SessionRow.Select + " WHERE subject = $1" + Rest;
        var rows = await engine.ListAsync(
            engine.Say(subject is null ? All : OfSubject).Bind(subject).Bind(cursor ?? "").Bind(time.GetUtcNow()).Bind(limit + 1),
            SessionRow.Read,
            ct
        );
        return Cut(rows, limit, session => session.Id);
    }

    public async ValueTask<IReadOnlyList<Consent>> ConsentsAsync(string subject, CancellationToken ct) =>
        await engine.ListAsync(engine.Say(PostgresConsents.Select + " WHERE subject = $1 ORDER BY client").Bind(subject), PostgresConsents.Read, ct);

    public async ValueTask<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken ct)
    {
        const string Count = """
            SELECT 'grants', count(*) FROM our.grants UNION ALL SELECT 'sessions', count(*) FROM our.sessions
            UNION ALL SELECT 'consents', count(*) FROM our.consents UNION ALL SELECT 'one_time', count(*) FROM our.one_time
            UNION ALL SELECT 'logout_notices', count(*) FROM our.logout_notices
            UNION ALL SELECT 'changes', count(*) FROM our.changes
            UNION ALL SELECT 'documents', count(*) FROM our.documents WHERE json IS NOT NULL
            """;
        var counts = await engine.ListAsync(engine.Say(Count), row => (Table: row.GetString(0), Rows: row.GetInt64(1)), ct);
        return counts.ToDictionary(count => count.Table, count => count.Rows, StringComparer.Ordinal);
    }

    private static Page<T> Cut<T>(List<T> rows, int limit, Func<T, string> cursor)
    {
        if (rows.Count <= limit)
            return new(rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return new(rows, cursor(rows[^1]));
    }
}
