using Ostiary.Protocol.Reasons;
using Ostiary.Server.EndSession;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

internal sealed class SqliteLogoutNotices(SqliteEngine engine) : ILogoutNoticeStore
{
    public ValueTask<bool> TryAddAsync(LogoutNotice notice, CancellationToken ct) =>
        engine.WriteAsync(
            connection =>
            {
                using var insert = LogoutNoticeRow.Insert(connection, notice);
                return insert.Run() == 1;
            },
            ct
        );

    public ValueTask<IReadOnlyList<LogoutNotice>> OfSessionAsync(string sessionId, CancellationToken ct) =>
        engine.ReadAsync<IReadOnlyList<LogoutNotice>>(
            connection =>
            {
                using var select = connection.Prepare(LogoutNoticeRow.Select + " WHERE session = ?1 ORDER BY client").Bind(1, sessionId);
                return LogoutNoticeRow.ReadAll(select);
            },
            ct
        );

    public ValueTask<IReadOnlyList<LogoutNotice>> DueAsync(DateTimeOffset now, int limit, CancellationToken ct) =>
        engine.ReadAsync<IReadOnlyList<LogoutNotice>>(
            connection =>
            {
                using var select = connection
                    .Prepare(LogoutNoticeRow.Select + " WHERE state = 0 AND due <= ?1 ORDER BY due, id LIMIT ?2")
                    .Bind(1, StoreTime.ToUnix(now))
                    .Bind(2, limit);
                return LogoutNoticeRow.ReadAll(select);
            },
            ct
        );

    public ValueTask<bool> TryTakeAsync(string id, int tries, DateTimeOffset leaseUntil, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(
            connection =>
            {
                using var update = connection
                    .Prepare("UPDATE logout_notices SET tries = tries + 1, due = ?3 WHERE id = ?1 AND state = 0 AND tries = ?2 AND due <= ?4")
                    .Bind(1, id)
                    .Bind(2, tries)
                    .Bind(3, StoreTime.ToUnix(leaseUntil))
                    .Bind(4, StoreTime.ToUnix(now));
                return update.Run() == 1;
            },
            ct
        );

    public ValueTask<bool> TrySettleAsync(
        string id,
        int tries,
        LogoutNoticeState state,
        DateTimeOffset dueAt,
        Reason? refused,
        CancellationToken ct
    ) =>
        engine.WriteAsync(
            connection =>
            {
                using var update = connection
                    .Prepare("UPDATE logout_notices SET state = ?3, due = ?4, refused = ?5 WHERE id = ?1 AND state = 0 AND tries = ?2")
                    .Bind(1, id)
                    .Bind(2, tries)
                    .Bind(3, (long)state)
                    .Bind(4, StoreTime.ToUnix(dueAt))
                    .Bind(5, (long?)refused);
                return update.Run() == 1;
            },
            ct
        );

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(connection => SqliteSweep.Delete(connection, "logout_notices", "id", "until", before, limit), ct);
}

internal static class LogoutNoticeRow
{
    public const string Select = "SELECT session, client, subject, created, due, until, state, tries, refused FROM logout_notices";

    public static Statement Insert(Connection connection, LogoutNotice notice) =>
        connection
            .Prepare(
                """
                INSERT INTO logout_notices (id, session, client, subject, created, due, until, state, tries, refused)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING
                """
            )
            .Bind(1, notice.Id)
            .Bind(2, notice.SessionId)
            .Bind(3, notice.ClientId)
            .Bind(4, notice.Subject)
            .Bind(5, StoreTime.ToUnix(notice.CreatedAt))
            .Bind(6, StoreTime.ToUnix(notice.DueAt))
            .Bind(7, StoreTime.ToUnix(notice.KeptUntil))
            .Bind(8, (long)notice.State)
            .Bind(9, notice.Tries)
            .Bind(10, (long?)notice.Refused);

    public static List<LogoutNotice> ReadAll(Statement select)
    {
        var rows = new List<LogoutNotice>();
        while (select.Next())
            rows.Add(Read(select));
        return rows;
    }

    public static LogoutNotice Read(Statement row) =>
        new()
        {
            SessionId = row.Text(0),
            ClientId = row.Text(1),
            Subject = row.Text(2),
            CreatedAt = row.Time(3),
            DueAt = row.Time(4),
            KeptUntil = row.Time(5),
            State = (LogoutNoticeState)row.Int32(6),
            Tries = row.Int32(7),
            Refused = row.IsNull(8) ? null : (Reason)row.Int32(8),
        };
}
