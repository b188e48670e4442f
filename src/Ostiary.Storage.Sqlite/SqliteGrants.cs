using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

internal sealed class SqliteGrants(SqliteEngine engine) : IGrantStore
{
    public ValueTask<bool> TryCreateAsync(Grant grant, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(grant.Status, GrantStatus.Ended);
        return engine.WriteAsync(
            connection =>
            {
                using var insert = GrantRow.Insert(connection, grant);
                return insert.Run() == 1;
            },
            ct
        );
    }

    public ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct) =>
        engine.ReadAsync(
            connection =>
            {
                using var select = connection.Prepare(GrantRow.Select + " WHERE id = ?1").BindId(1, id);
                return select.Next() ? GrantRow.Read(select) : null;
            },
            ct
        );

    public ValueTask<bool> TryApproveAsync(GrantId id, Approval approval, DateTimeOffset codeExpiresAt, DateTimeOffset now, CancellationToken ct)
    {
        var json = GrantRow.Bytes(approval);
        return engine.WriteAsync(
            connection =>
            {
                using var update = connection
                    .Prepare(
                        """
                        UPDATE grants SET status = 1, expires = ?3, subject = ?4, session = ?5, offline = ?6, authenticated = ?7, approval = ?8
                        WHERE id = ?1 AND status = 0 AND expires > ?2
                        """
                    )
                    .BindId(1, id)
                    .Bind(2, StoreTime.ToUnix(now))
                    .Bind(3, StoreTime.ToUnix(codeExpiresAt))
                    .Bind(4, approval.Subject)
                    .Bind(5, approval.SessionId)
                    .Bind(6, approval.Offline ? 1 : 0)
                    .Bind(7, StoreTime.ToUnix(approval.AuthenticatedAt))
                    .BindJson(8, json);
                return update.Run() == 1;
            },
            ct
        );
    }

    public ValueTask<bool> TryRedeemAsync(Grant grant, DateTimeOffset grantExpiresAt, DateTimeOffset now, CancellationToken ct)
    {
        var kept = GrantRow.Bytes(grant.Request.Redeemed());
        return engine.WriteAsync(
            connection =>
            {
                using var update = connection
                    .Prepare(
                        """
                        UPDATE grants SET status = 2, generation = 1, rotated = ?2, expires = ?3, request = ?4
                        WHERE id = ?1 AND status = 1 AND expires > ?2
                        """
                    )
                    .BindId(1, grant.Id)
                    .Bind(2, StoreTime.ToUnix(now))
                    .Bind(3, StoreTime.ToUnix(grantExpiresAt))
                    .BindJson(4, kept);
                return update.Run() == 1;
            },
            ct
        );
    }

    public ValueTask<bool> TryRotateAsync(GrantId id, int generation, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(
            connection =>
            {
                using var update = connection
                    .Prepare(
                        """
                        UPDATE grants SET generation = generation + 1, rotated = ?2, used = ?2
                        WHERE id = ?1 AND status = 2 AND generation = ?3 AND expires > ?2
                        """
                    )
                    .BindId(1, id)
                    .Bind(2, StoreTime.ToUnix(now))
                    .Bind(3, generation);
                return update.Run() == 1;
            },
            ct
        );

    public ValueTask<bool> TryTouchAsync(GrantId id, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(
            connection =>
            {
                using var update = connection
                    .Prepare("UPDATE grants SET used = ?2 WHERE id = ?1 AND status = 2 AND expires > ?2")
                    .BindId(1, id)
                    .Bind(2, StoreTime.ToUnix(now));
                return update.Run() == 1;
            },
            ct
        );

    public ValueTask<bool> TryEndAsync(GrantId id, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(connection => End(connection, id, end, now), ct);

    public ValueTask<IReadOnlyList<GrantId>> EndOfSessionAsync(string sessionId, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync<IReadOnlyList<GrantId>>(
            connection =>
            {
                using var select = connection.Prepare("SELECT id FROM grants WHERE session = ?1 AND offline = 0 AND status <> 3").Bind(1, sessionId);
                return EndEach(connection, select, end, now);
            },
            ct
        );

    public ValueTask<IReadOnlyList<GrantId>> EndOfSubjectAsync(
        string subject,
        string? clientId,
        GrantEnd end,
        DateTimeOffset now,
        CancellationToken ct
    ) =>
        engine.WriteAsync<IReadOnlyList<GrantId>>(
            connection =>
            {
                using var select = connection
                    .Prepare("SELECT id FROM grants WHERE subject = ?1 AND (?2 IS NULL OR client = ?2) AND status <> 3")
                    .Bind(1, subject)
                    .Bind(2, clientId);
                return EndEach(connection, select, end, now);
            },
            ct
        );

    public ValueTask<IReadOnlyList<string>> ClientsOfSessionAsync(string sessionId, CancellationToken ct) =>
        engine.ReadAsync<IReadOnlyList<string>>(
            connection =>
            {
                using var select = connection
                    .Prepare("SELECT DISTINCT client FROM grants WHERE session = ?1 AND generation > 0 ORDER BY client")
                    .Bind(1, sessionId);
                var clients = new List<string>();
                while (select.Next())
                    clients.Add(select.Text(0));
                return clients;
            },
            ct
        );

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(connection => SqliteSweep.DeleteOver(connection, "grants", before, limit), ct);

    private List<GrantId> EndEach(Connection connection, Statement select, GrantEnd end, DateTimeOffset now)
    {
        var ids = new List<GrantId>();
        while (select.Next())
            ids.Add(GrantId.Read(select.Bytes(0)));
        foreach (var id in ids)
            End(connection, id, end, now);
        return ids;
    }

    private bool End(Connection connection, GrantId id, GrantEnd end, DateTimeOffset now)
    {
        using var update = connection
            .Prepare("UPDATE grants SET status = 3, reason = ?2, ended = ?3 WHERE id = ?1 AND status <> 3")
            .BindId(1, id)
            .Bind(2, (long)end)
            .Bind(3, StoreTime.ToUnix(now));
        if (update.Run() != 1)
            return false;
        SqliteChanges.Append(connection, ChangeKind.GrantEnded, id.ToString(), now + engine.Retention, now);
        return true;
    }
}
