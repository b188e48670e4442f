using Npgsql;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.EndSession;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

internal sealed class PostgresLogoutNotices(PostgresEngine engine) : ILogoutNoticeStore
{
    public ValueTask<bool> TryAddAsync(LogoutNotice notice, CancellationToken ct) =>
        engine.WinsAsync(LogoutNoticeRow.Insert(engine, notice, PostgresEngine.NewMark()), ct);

    public async ValueTask<IReadOnlyList<LogoutNotice>> OfSessionAsync(string sessionId, CancellationToken ct) =>
        await engine.ListAsync(engine.Say(LogoutNoticeRow.Select + " WHERE session = $1 ORDER BY client").Bind(sessionId), LogoutNoticeRow.Read, ct);

    public async ValueTask<IReadOnlyList<LogoutNotice>> DueAsync(DateTimeOffset now, int limit, CancellationToken ct) =>
        await engine.ListAsync(
            engine.Say(LogoutNoticeRow.Select + " WHERE state = 0 AND due <= $1 ORDER BY due, id LIMIT $2").Bind(now).Bind(limit),
            LogoutNoticeRow.Read,
            ct
        );

    public ValueTask<bool> TryTakeAsync(string id, int tries, DateTimeOffset leaseUntil, DateTimeOffset now, CancellationToken ct)
    {
        const string Update = """
            UPDATE our.logout_notices SET tries = $2 + 1, due = $3, writer = $5
            WHERE id = $1 AND state = 0 AND ((tries = $2 AND due <= $4) OR (tries = $2 + 1 AND writer = $5))
            """;
        return engine.WinsAsync(engine.Say(Update).Bind(id).Bind(tries).Bind(leaseUntil).Bind(now).Bind(PostgresEngine.NewMark()), ct);
    }

    public ValueTask<bool> TrySettleAsync(string id, int tries, LogoutNoticeState state, DateTimeOffset dueAt, Reason? refused, CancellationToken ct)
    {
        const string Update = """
            UPDATE our.logout_notices SET state = $3, due = $4, refused = $5, writer = $6
            WHERE id = $1 AND tries = $2 AND (state = 0 OR (state = $3 AND writer = $6))
            """;
        return engine.WinsAsync(
            engine.Say(Update).Bind(id).Bind(tries).Bind((int)state).Bind(dueAt).Bind((long?)refused).Bind(PostgresEngine.NewMark()),
            ct
        );
    }

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        PostgresSweep.PastAsync(engine, "logout_notices", "id", before, limit, ct);
}

internal static class LogoutNoticeRow
{
    public const string Select = "SELECT session, client, subject, created, due, until, state, tries, refused FROM our.logout_notices";

    public static Statement Insert(PostgresEngine engine, LogoutNotice notice, long mark) =>
        engine
            .Say(
                """
                INSERT INTO our.logout_notices (id, session, client, subject, created, due, until, state, tries, refused, writer)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                ON CONFLICT (id) DO UPDATE SET writer = excluded.writer WHERE logout_notices.writer = excluded.writer
                """
            )
            .Bind(notice.Id)
            .Bind(notice.SessionId)
            .Bind(notice.ClientId)
            .Bind(notice.Subject)
            .Bind(notice.CreatedAt)
            .Bind(notice.DueAt)
            .Bind(notice.KeptUntil)
            .Bind((int)notice.State)
            .Bind(notice.Tries)
            .Bind((long?)notice.Refused)
            .Bind(mark);

    public static LogoutNotice Read(NpgsqlDataReader row) =>
        new()
        {
            SessionId = row.GetString(0),
            ClientId = row.GetString(1),
            Subject = row.GetString(2),
            CreatedAt = row.Time(3),
            DueAt = row.Time(4),
            KeptUntil = row.Time(5),
            State = (LogoutNoticeState)row.GetInt32(6),
            Tries = row.GetInt32(7),
            Refused = row.IsDBNull(8) ? null : (Reason)row.GetInt64(8),
        };
}
