using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

/// <summary>Lists in the order of ids; the cursor is the last id of the page before.</summary>
internal sealed class SqliteDirectory(SqliteEngine engine, TimeProvider time) : IDirectory
{
    public ValueTask<Page<Grant>> GrantsAsync(GrantQuery query, CancellationToken ct)
    {
        // Two statements, because a condition that may be absent hides the index of the subject.
        const string Rest = " AND id > ?2 AND (?3 IS NULL OR client = ?3) AND (?4 IS NULL OR (status <> 3 AND expires > ?4)) ORDER BY id LIMIT ?5";
        const string All = GrantRow.Select + " WHERE ?1 IS NULL" + Rest;
        const string OfSubject = GrantRow.Select + " WHERE subject = ?1" + Rest;
        return engine.ReadAsync(
            connection =>
            {
                using var select = connection
                    .Prepare(query.Subject is null ? All : OfSubject)
                    .Bind(1, query.Subject)
                    .BindBlob(2, GrantId.TryParse(query.Cursor, out var cursor) ? cursor.ToArray() : [0])
                    .Bind(3, query.ClientId)
                    .Bind(4, query.LiveOnly ? StoreTime.ToUnix(time.GetUtcNow()) : null)
                    .Bind(5, query.Limit + 1L);
                var rows = new List<Grant>();
                while (select.Next())
                    rows.Add(GrantRow.Read(select));
                return Cut(rows, query.Limit, grant => grant.Id.ToString());
            },
            ct
        );
    }

    public ValueTask<Page<Session>> SessionsAsync(string? subject, string? cursor, int limit, CancellationToken ct)
    {
        const string Rest = " AND id > ?2 AND ended IS NULL AND expires > ?3 ORDER BY id LIMIT ?4";
        const string All = SessionRow.Select + " WHERE ?1 IS NULL" + Rest;
        const string OfSubject = SessionRow.Select + " WHERE subject = ?1" + Rest;
        return engine.ReadAsync(
            connection =>
            {
                using var select = connection
                    .Prepare(subject is null ? All : OfSubject)
                    .Bind(1, subject)
                    .Bind(2, cursor ?? "")
                    .Bind(3, StoreTime.ToUnix(time.GetUtcNow()))
                    .Bind(4, limit + 1L);
                var rows = new List<Session>();
                while (select.Next())
                    rows.Add(SessionRow.Read(select));
                return Cut(rows, limit, session => session.Id);
            },
            ct
        );
    }

    public ValueTask<IReadOnlyList<Consent>> ConsentsAsync(string subject, CancellationToken ct) =>
        engine.ReadAsync<IReadOnlyList<Consent>>(
            connection =>
            {
                using var select = connection
                    .Prepare("SELECT subject, client, scope, granted FROM consents WHERE subject = ?1 ORDER BY client")
                    .Bind(1, subject);
                var rows = new List<Consent>();
                while (select.Next())
                    rows.Add(SqliteConsents.Read(select));
                return rows;
            },
            ct
        );

    public ValueTask<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken ct) =>
        engine.ReadAsync<IReadOnlyDictionary<string, long>>(
            connection => new Dictionary<string, long>
            {
                ["grants"] = connection.Number("SELECT count(*) FROM grants"),
                ["sessions"] = connection.Number("SELECT count(*) FROM sessions"),
                ["consents"] = connection.Number("SELECT count(*) FROM consents"),
                ["one_time"] = connection.Number("SELECT count(*) FROM one_time"),
                ["logout_notices"] = connection.Number("SELECT count(*) FROM logout_notices"),
                ["changes"] = connection.Number("SELECT count(*) FROM changes"),
                ["documents"] = connection.Number("SELECT count(*) FROM documents"),
            },
            ct
        );

    private static Page<T> Cut<T>(List<T> rows, int limit, Func<T, string> cursor)
    {
        if (rows.Count <= limit)
            return new(rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return new(rows, cursor(rows[^1]));
    }
}
