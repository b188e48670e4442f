using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

internal sealed class SqliteSessions(SqliteEngine engine) : ISessionStore
{
    public ValueTask<bool> TryCreateAsync(Session session, CancellationToken ct) =>
        engine.WriteAsync(
            connection =>
            {
                using var insert = SessionRow.Insert(connection, session, " ON CONFLICT DO NOTHING");
                return insert.Run() == 1;
            },
            ct
        );

    public ValueTask<Session?> FindAsync(string id, CancellationToken ct) =>
        engine.ReadAsync(
            connection =>
            {
                using var select = connection.Prepare(SessionRow.Select + " WHERE id = ?1").Bind(1, id);
                return select.Next() ? SessionRow.Read(select) : null;
            },
            ct
        );

    public ValueTask<bool> TryTouchAsync(string id, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(
            connection =>
            {
                using var update = connection
                    .Prepare("UPDATE sessions SET seen = ?2 WHERE id = ?1 AND ended IS NULL AND expires > ?2")
                    .Bind(1, id)
                    .Bind(2, StoreTime.ToUnix(now));
                return update.Run() == 1;
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
            connection =>
            {
                using var update = connection
                    .Prepare(
                        """
                        UPDATE sessions SET secret = ?2, amr = ?3, expires = ?4, authenticated = ?5, seen = ?5
                        WHERE id = ?1 AND ended IS NULL AND expires > ?5
                        """
                    )
                    .Bind(1, id)
                    .Bind(2, secretHash)
                    .BindJson(3, GrantJson.Bytes(json => GrantJson.WriteList(json, amr)))
                    .Bind(4, StoreTime.ToUnix(expiresAt))
                    .Bind(5, StoreTime.ToUnix(now));
                return update.Run() == 1;
            },
            ct
        );

    public ValueTask<bool> TryEndAsync(string id, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(connection => End(connection, id, now), ct);

    public ValueTask<IReadOnlyList<string>> EndOfSubjectAsync(string subject, string? exceptId, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync<IReadOnlyList<string>>(
            connection =>
            {
                using var select = connection
                    .Prepare("SELECT id FROM sessions WHERE subject = ?1 AND (?2 IS NULL OR id <> ?2) AND ended IS NULL AND expires > ?3")
                    .Bind(1, subject)
                    .Bind(2, exceptId)
                    .Bind(3, StoreTime.ToUnix(now));
                var ids = new List<string>();
                while (select.Next())
                    ids.Add(select.Text(0));
                foreach (var id in ids)
                    End(connection, id, now);
                return ids;
            },
            ct
        );

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(connection => SqliteSweep.DeleteOver(connection, "sessions", before, limit), ct);

    private bool End(Connection connection, string id, DateTimeOffset now)
    {
        using var update = connection
            .Prepare("UPDATE sessions SET ended = ?2 WHERE id = ?1 AND ended IS NULL AND expires > ?2")
            .Bind(1, id)
            .Bind(2, StoreTime.ToUnix(now));
        if (update.Run() != 1)
            return false;
        SqliteChanges.Append(connection, ChangeKind.SessionEnded, id, now + engine.Retention, now);
        return true;
    }
}

internal static class SessionRow
{
    public const string Select = "SELECT id, secret, subject, created, authenticated, expires, seen, ended, amr, acr, device, network FROM sessions";

    public static Statement Insert(Connection connection, Session session, string onConflict = "") =>
        connection
            .Prepare(
                "INSERT INTO sessions (id, secret, subject, created, authenticated, expires, seen, ended, amr, acr, device, network) "
                    + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
                    + onConflict
            )
            .Bind(1, session.Id)
            .Bind(2, session.SecretHash)
            .Bind(3, session.Subject)
            .Bind(4, StoreTime.ToUnix(session.CreatedAt))
            .Bind(5, StoreTime.ToUnix(session.AuthenticatedAt))
            .Bind(6, StoreTime.ToUnix(session.ExpiresAt))
            .Bind(7, StoreTime.ToUnix(session.SeenAt))
            .Bind(8, StoreTime.ToUnix(session.EndedAt))
            .BindJson(9, GrantJson.Bytes(json => GrantJson.WriteList(json, session.Amr)))
            .Bind(10, session.Acr)
            .Bind(11, session.Device)
            .Bind(12, session.Network);

    public static Session Read(Statement row) =>
        new()
        {
            Id = row.Text(0),
            SecretHash = row.Text(1),
            Subject = row.Text(2),
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
