using Npgsql;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

internal sealed class PostgresSessions(PostgresEngine engine) : ISessionStore
{
    public ValueTask<bool> TryCreateAsync(Session session, CancellationToken ct)
    {
        const string Insert = """
            INSERT INTO our.sessions
              (id, secret, subject, created, authenticated, expires, due, seen, ended, amr, acr, device, network, writer)
            VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12, $13)
            ON CONFLICT (id) DO UPDATE SET writer = excluded.writer WHERE sessions.writer = excluded.writer
            """;
        return engine.WinsAsync(engine.Say(Insert).Bind(session).Bind(PostgresEngine.NewMark()), ct);
    }

    public ValueTask<Session?> FindAsync(string id, CancellationToken ct) =>
        engine.OneAsync(engine.Say(SessionRow.Select + " WHERE id = $1").Bind(id), SessionRow.Read, ct);

    public ValueTask<bool> TryTouchAsync(string id, DateTimeOffset now, CancellationToken ct)
    {
        const string Update = "UPDATE our.sessions SET seen = $2 WHERE id = $1 AND ended IS NULL AND expires > $2";
        return engine.WinsAsync(engine.Say(Update).Bind(id).Bind(now), ct);
    }

    public ValueTask<bool> TryRenewAsync(
        string id,
        string secretHash,
        IReadOnlyList<string> amr,
        DateTimeOffset expiresAt,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        // Sent twice it does the same twice: it asks for nothing that it changes.
        const string Update = """
            UPDATE our.sessions SET secret = $2, amr = $3, expires = $4, authenticated = $5, seen = $5
            WHERE id = $1 AND ended IS NULL AND expires > $5
            """;
        return engine.WinsAsync(
            engine.Say(Update).Bind(id).Bind(secretHash).BindJson(GrantJson.Bytes(json => GrantJson.WriteList(json, amr))).Bind(expiresAt).Bind(now),
            ct
        );
    }

    public async ValueTask<bool> TryEndAsync(string id, DateTimeOffset now, CancellationToken ct) => (await EndAsync([id], now, ct)).Count == 1;

    public async ValueTask<IReadOnlyList<string>> EndOfSubjectAsync(string subject, string? exceptId, DateTimeOffset now, CancellationToken ct)
    {
        const string Select = "SELECT id FROM our.sessions WHERE subject = $1 AND ($2::text IS NULL OR id <> $2) AND ended IS NULL AND expires > $3";
        var found = await engine.ListAsync(engine.Say(Select).Bind(subject).Bind(exceptId).Bind(now), row => row.GetString(0), ct);
        return found.Count == 0 ? [] : await EndAsync([.. found], now, ct);
    }

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        PostgresSweep.OverAsync(engine, "sessions", before, limit, ct);

    private ValueTask<List<string>> EndAsync(string[] ids, DateTimeOffset now, CancellationToken ct)
    {
        const string Update = """
            WITH over AS (
              UPDATE our.sessions SET ended = $2, due = $2, writer = $4 WHERE id = ANY($1) AND ended IS NULL AND expires > $2 RETURNING id
            ), last AS (
              UPDATE our.numbers SET value = value + (SELECT count(*) FROM over)
              WHERE name = 'sequence' AND (SELECT count(*) FROM over) > 0 RETURNING value
            )
            INSERT INTO our.changes (sequence, kind, id, at, until)
            SELECT last.value + 1 - row_number() OVER (ORDER BY over.id DESC), 3, over.id, $2, $3 FROM over CROSS JOIN last
            """;
        const string Own = "SELECT id FROM our.sessions WHERE id = ANY($1) AND ended IS NOT NULL AND writer = $2";
        var mark = PostgresEngine.NewMark();
        var update = engine.Say(Update, hasNews: true).Bind(ids).Bind(now).Bind(now + engine.Retention).Bind(mark);
        return engine.RunAsync(
            Lane.Reserve,
            async (connection, again) =>
            {
                var ended = await engine.SendAsync(connection, update);
                if (ended == ids.Length && !again)
                    return [.. ids];
                if (ended == 0 && !again)
                    return [];
                return await engine.Say(Own).Bind(ids).Bind(mark).ListAsync(connection, row => row.GetString(0));
            },
            ct
        );
    }
}

internal static class SessionRow
{
    public const string Select =
        "SELECT id, secret, subject, created, authenticated, expires, seen, ended, amr, acr, device, network FROM our.sessions";

    /// <summary>The columns from <c>id</c> to <c>network</c>, without <c>due</c>, in the order in which both inserts number them.</summary>
    public static Statement Bind(this Statement statement, Session session) =>
        statement
            .Bind(session.Id)
            .Bind(session.SecretHash)
            .Bind(session.Subject)
            .Bind(session.CreatedAt)
            .Bind(session.AuthenticatedAt)
            .Bind(session.ExpiresAt)
            .Bind(session.SeenAt)
            .Bind(session.EndedAt)
            .BindJson(GrantJson.Bytes(json => GrantJson.WriteList(json, session.Amr)))
            .Bind(session.Acr)
            .Bind(session.Device)
            .Bind(session.Network);

    public static Session Read(NpgsqlDataReader row) =>
        new()
        {
            Id = row.GetString(0),
            SecretHash = row.GetString(1),
            Subject = row.GetString(2),
            CreatedAt = row.Time(3),
            AuthenticatedAt = row.Time(4),
            ExpiresAt = row.Time(5),
            SeenAt = row.Time(6),
            EndedAt = row.TimeOrNull(7),
            Amr = row.Json(8, GrantJson.ReadList),
            Acr = row.TextOrNull(9),
            Device = row.TextOrNull(10),
            Network = row.TextOrNull(11),
        };
}
