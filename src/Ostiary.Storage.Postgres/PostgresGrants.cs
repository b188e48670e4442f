using Npgsql;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>
/// The mark in <c>writer</c> says whose act a row holds last. A statement that is sent a second time matches either the state before it or its own work,
/// so the second try tells the same as the first would have told.
/// </summary>
internal sealed class PostgresGrants(PostgresEngine engine) : IGrantStore
{
    public ValueTask<bool> TryCreateAsync(Grant grant, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(grant.Status, GrantStatus.Ended);
        const string Insert = """
            INSERT INTO our.grants
              (id, status, generation, created, expires, due, rotated, used, client, subject, session, offline, request, approval, writer)
            VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (id) DO UPDATE SET writer = excluded.writer WHERE grants.writer = excluded.writer
            """;
        return engine.WinsAsync(
            engine
                .Say(Insert)
                .Bind(grant.Id)
                .Bind((int)grant.Status)
                .Bind(grant.Generation)
                .Bind(grant.CreatedAt)
                .Bind(grant.ExpiresAt)
                .Bind(grant.RotatedAt)
                .Bind(grant.UsedAt)
                .Bind(grant.ClientId)
                .Bind(grant.Approval?.Subject)
                .Bind(grant.Approval?.SessionId)
                .Bind(grant.Approval is { Offline: true })
                .BindJson(GrantJson.Bytes(json => GrantJson.Write(json, grant.Request)))
                .BindJson(grant.Approval is { } value ? GrantJson.Bytes(json => GrantJson.Write(json, value)) : null)
                .Bind(PostgresEngine.NewMark()),
            ct
        );
    }

    public ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct) =>
        engine.OneAsync(engine.Say(GrantRow.Select + " WHERE id = $1").Bind(id), GrantRow.Read, ct);

    public ValueTask<bool> TryApproveAsync(GrantId id, Approval approval, DateTimeOffset codeExpiresAt, DateTimeOffset now, CancellationToken ct)
    {
        const string Update = """
            UPDATE our.grants SET status = 1, expires = $3, due = $3, subject = $4, session = $5, offline = $6, approval = $7, writer = $8
            WHERE id = $1 AND ((status = 0 AND expires > $2) OR (status = 1 AND writer = $8))
            """;
        return engine.WinsAsync(
            engine
                .Say(Update)
                .Bind(id)
                .Bind(now)
                .Bind(codeExpiresAt)
                .Bind(approval.Subject)
                .Bind(approval.SessionId)
                .Bind(approval.Offline)
                .BindJson(GrantJson.Bytes(writer => GrantJson.Write(writer, approval)))
                .Bind(PostgresEngine.NewMark()),
            ct
        );
    }

    public ValueTask<bool> TryRedeemAsync(Grant grant, DateTimeOffset grantExpiresAt, DateTimeOffset now, CancellationToken ct)
    {
        const string Update = """
            UPDATE our.grants SET status = 2, generation = 1, rotated = $2, expires = $3, writer = $4, request = $5
            WHERE id = $1 AND ((status = 1 AND expires > $2) OR (status = 2 AND generation = 1 AND writer = $4))
            """;
        return engine.WinsAsync(
            engine
                .Say(Update)
                .Bind(grant.Id)
                .Bind(now)
                .Bind(grantExpiresAt)
                .Bind(PostgresEngine.NewMark())
                .BindJson(GrantJson.Bytes(json => GrantJson.Write(json, grant.Request.Redeemed()))),
            ct
        );
    }

    public ValueTask<bool> TryRotateAsync(GrantId id, int generation, DateTimeOffset now, CancellationToken ct)
    {
        const string Update = """
            UPDATE our.grants SET generation = $3 + 1, rotated = $2, used = $2, writer = $4
            WHERE id = $1 AND status = 2 AND expires > $2 AND (generation = $3 OR (generation = $3 + 1 AND writer = $4))
            """;
        return engine.WinsAsync(engine.Say(Update).Bind(id).Bind(now).Bind(generation).Bind(PostgresEngine.NewMark()), ct);
    }

    public ValueTask<bool> TryTouchAsync(GrantId id, DateTimeOffset now, CancellationToken ct)
    {
        const string Update = "UPDATE our.grants SET used = $2 WHERE id = $1 AND status = 2 AND expires > $2";
        return engine.WinsAsync(engine.Say(Update).Bind(id).Bind(now), ct);
    }

    public async ValueTask<bool> TryEndAsync(GrantId id, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        (await EndAsync([Statement.Key(id)], [id.ToString()], end, now, ct)).Count == 1;

    public async ValueTask<IReadOnlyList<GrantId>> EndOfSessionAsync(string sessionId, GrantEnd end, DateTimeOffset now, CancellationToken ct)
    {
        const string Select = "SELECT id FROM our.grants WHERE session = $1 AND NOT offline AND status <> 3";
        return await EndEachAsync(await engine.ListAsync(engine.Say(Select).Bind(sessionId), row => row.GrantId(0), ct), end, now, ct);
    }

    public async ValueTask<IReadOnlyList<GrantId>> EndOfSubjectAsync(
        string subject,
        string? clientId,
        GrantEnd end,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        const string Select = "SELECT id FROM our.grants WHERE subject = $1 AND ($2::text IS NULL OR client = $2) AND status <> 3";
        var found = await engine.ListAsync(engine.Say(Select).Bind(subject).Bind(clientId), row => row.GrantId(0), ct);
        return await EndEachAsync(found, end, now, ct);
    }

    public async ValueTask<IReadOnlyList<string>> ClientsOfSessionAsync(string sessionId, CancellationToken ct)
    {
        const string Select = "SELECT DISTINCT client FROM our.grants WHERE session = $1 AND generation > 0 ORDER BY client";
        return await engine.ListAsync(engine.Say(Select).Bind(sessionId), row => row.GetString(0), ct);
    }

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        PostgresSweep.OverAsync(engine, "grants", before, limit, ct);

    private async ValueTask<IReadOnlyList<GrantId>> EndEachAsync(List<GrantId> found, GrantEnd end, DateTimeOffset now, CancellationToken ct)
    {
        if (found.Count == 0)
            return [];
        var ids = found.ConvertAll(Statement.Key).ToArray();
        return await EndAsync(ids, [.. found.Select(id => id.ToString())], end, now, ct);
    }

    /// <summary>
    /// The ends, and their entries in the feed, in one statement. The row of the sequence stays locked until it has committed, so entries become
    /// visible in the order of their numbers, and one that follows misses none.
    /// </summary>
    private ValueTask<List<GrantId>> EndAsync(Guid[] ids, string[] names, GrantEnd end, DateTimeOffset now, CancellationToken ct)
    {
        const string Update = """
            WITH ended AS (
              UPDATE our.grants SET status = 3, reason = $3, ended = $4, due = $4, writer = $6 WHERE id = ANY($1) AND status <> 3 RETURNING id
            ), last AS (
              UPDATE our.numbers SET value = value + (SELECT count(*) FROM ended)
              WHERE name = 'sequence' AND (SELECT count(*) FROM ended) > 0 RETURNING value
            )
            INSERT INTO our.changes (sequence, kind, id, at, until)
            SELECT last.value + 1 - row_number() OVER (ORDER BY ended.id DESC), 1, named.name, $4, $5
            FROM ended JOIN unnest($1, $2) AS named (id, name) ON named.id = ended.id CROSS JOIN last
            """;
        const string Own = "SELECT id FROM our.grants WHERE id = ANY($1) AND status = 3 AND writer = $2";
        var mark = PostgresEngine.NewMark();
        var update = engine.Say(Update, hasNews: true).Bind(ids).Bind(names).Bind((int)end).Bind(now).Bind(now + engine.Retention).Bind(mark);
        return engine.RunAsync(
            Lane.Reserve,
            async (connection, again) =>
            {
                var ended = await engine.SendAsync(connection, update);
                if (ended == ids.Length && !again)
                    return [.. ids.Select(Row.GrantId)];
                if (ended == 0 && !again)
                    return [];
                return await engine.Say(Own).Bind(ids).Bind(mark).ListAsync(connection, row => row.GrantId(0));
            },
            ct
        );
    }
}

internal static class GrantRow
{
    public const string Select =
        "SELECT id, status, generation, created, expires, rotated, used, ended, reason, client, request, approval FROM our.grants";

    public static Grant Read(NpgsqlDataReader row) =>
        new()
        {
            Id = row.GrantId(0),
            Status = (GrantStatus)row.GetInt32(1),
            Generation = row.GetInt32(2),
            CreatedAt = row.Time(3),
            ExpiresAt = row.Time(4),
            RotatedAt = row.TimeOrNull(5),
            UsedAt = row.TimeOrNull(6),
            EndedAt = row.TimeOrNull(7),
            End = (GrantEnd)row.GetInt32(8),
            ClientId = row.GetString(9),
            Request = row.Json(10, GrantJson.ReadRequest),
            Approval = row.IsDBNull(11) ? null : row.Json(11, GrantJson.ReadApproval),
        };
}
