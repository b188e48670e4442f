using System.Data;
using System.Text;
using Npgsql;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>A whole database out, as one transaction sees it, and in again.</summary>
internal sealed class PostgresArchive(PostgresEngine engine) : IStoreArchive
{
    /// <summary>Rows that are sent together.</summary>
    private const int Together = 500;

    public async ValueTask ReadAllAsync(Action<StoredRow> take, CancellationToken ct) =>
        await engine.OnceAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
                await ReadAsync(connection, take, ct);
                await transaction.CommitAsync(ct);
                return true;
            },
            ct
        );

    public ValueTask<bool> TryFillAsync(IEnumerable<StoredRow> rows, CancellationToken ct) =>
        engine.OnceAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                if (!await IsEmptyAsync(connection))
                    return false;
                foreach (var some in rows.Chunk(Together))
                {
                    await using var batch = new NpgsqlBatch(connection);
                    foreach (var row in some)
                        batch.BatchCommands.Add(Put(row).ToBatchCommand());
                    await batch.ExecuteNonQueryAsync(ct);
                }
                await transaction.CommitAsync(ct);
                await engine.WakeAsync(connection);
                return true;
            },
            ct
        );

    /// <summary>The row of the revision stays locked, so that of two who fill at once one comes after the other and finds its rows.</summary>
    private async ValueTask<bool> IsEmptyAsync(NpgsqlConnection connection)
    {
        const string Lock = "SELECT value FROM our.numbers WHERE name = 'revision' FOR UPDATE";
        const string Count = """
            SELECT (SELECT count(*) FROM (SELECT 1 FROM our.documents LIMIT 1) d) + (SELECT count(*) FROM (SELECT 1 FROM our.grants LIMIT 1) g)
              + (SELECT count(*) FROM (SELECT 1 FROM our.sessions LIMIT 1) s) + (SELECT count(*) FROM (SELECT 1 FROM our.consents LIMIT 1) c)
              + (SELECT count(*) FROM (SELECT 1 FROM our.one_time LIMIT 1) o) + (SELECT count(*) FROM (SELECT 1 FROM our.changes LIMIT 1) f)
              + (SELECT count(*) FROM (SELECT 1 FROM our.logout_notices LIMIT 1) l)
            """;
        var revision = await engine.Say(Lock).ListAsync(connection, row => row.GetInt64(0));
        return revision[0] == 0 && (await engine.Say(Count).ListAsync(connection, row => row.GetInt64(0)))[0] == 0;
    }

    private async ValueTask ReadAsync(NpgsqlConnection connection, Action<StoredRow> take, CancellationToken ct)
    {
        await EachAsync(
            connection,
            "SELECT name, value FROM our.numbers WHERE name IN ('revision', 'sequence')",
            row => new StoredNumber(row.GetString(0), row.GetInt64(1)),
            take,
            ct
        );
        await EachAsync(
            connection,
            "SELECT kind, id, json FROM our.documents WHERE json IS NOT NULL",
            row => new StoredDocument(new(row.GetString(0), row.GetString(1), row.GetString(2))),
            take,
            ct
        );
        await EachAsync(
            connection,
            "SELECT subject, client, scope, granted FROM our.consents",
            row => new StoredConsent(PostgresConsents.Read(row)),
            take,
            ct
        );
        await EachAsync(connection, SessionRow.Select, row => new StoredSession(SessionRow.Read(row)), take, ct);
        await EachAsync(connection, GrantRow.Select, row => new StoredGrant(GrantRow.Read(row)), take, ct);
        await EachAsync(
            connection,
            "SELECT key, until FROM our.one_time",
            row => new StoredOnce(Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(0)), row.Time(1)),
            take,
            ct
        );
        await EachAsync(connection, LogoutNoticeRow.Select, row => new StoredLogoutNotice(LogoutNoticeRow.Read(row)), take, ct);
        await EachAsync(
            connection,
            "SELECT sequence, kind, id, at, until FROM our.changes ORDER BY sequence",
            row => new StoredChange(new(row.GetInt64(0), (ChangeKind)row.GetInt32(1), row.GetString(2), row.Time(3), row.Time(4))),
            take,
            ct
        );
    }

    private async ValueTask EachAsync(
        NpgsqlConnection connection,
        string select,
        Func<NpgsqlDataReader, StoredRow> read,
        Action<StoredRow> take,
        CancellationToken ct
    )
    {
        await using var command = engine.Say(select).ToCommand(connection);
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            take(read(reader));
    }

    private Statement Put(StoredRow row) =>
        row switch
        {
            StoredNumber number => engine.Say("UPDATE our.numbers SET value = $2 WHERE name = $1").Bind(number.Name).Bind(number.Value),
            StoredDocument { Document: var document } => engine
                .Say("INSERT INTO our.documents (kind, id, json) VALUES ($1, $2, $3)")
                .Bind(document.Kind)
                .Bind(document.Id)
                .Bind(document.Json),
            StoredConsent { Consent: var consent } => engine
                .Say("INSERT INTO our.consents (subject, client, scope, granted) VALUES ($1, $2, $3, $4)")
                .Bind(consent.Subject)
                .Bind(consent.ClientId)
                .Bind(consent.Scope.ToString())
                .Bind(consent.GrantedAt),
            StoredOnce once => engine
                .Say("INSERT INTO our.one_time (key, until, writer) VALUES ($1, $2, 0)")
                .BindBytes(Encoding.UTF8.GetBytes(once.Key))
                .Bind(once.Until),
            StoredLogoutNotice { Notice: var notice } => LogoutNoticeRow.Insert(engine, notice, 0),
            StoredChange { Change: var change } => engine
                .Say("INSERT INTO our.changes (sequence, kind, id, at, until) VALUES ($1, $2, $3, $4, $5)")
                .Bind(change.Sequence)
                .Bind((int)change.Kind)
                .Bind(change.Id)
                .Bind(change.At)
                .Bind(change.Until),
            StoredSession { Session: var session } => Put(session),
            StoredGrant { Grant: var grant } => Put(grant),
            _ => throw new ArgumentException("An unknown row.", nameof(row)),
        };

    private Statement Put(Server.Sessions.Session session) =>
        engine
            .Say(
                """
                INSERT INTO our.sessions
                  (id, secret, subject, created, authenticated, expires, due, seen, ended, amr, acr, device, network, writer)
                VALUES ($1, $2, $3, $4, $5, $6, coalesce($8, $6), $7, $8, $9, $10, $11, $12, 0)
                """
            )
            .Bind(session);

    private Statement Put(Server.Grants.Grant grant) =>
        engine
            .Say(
                """
                INSERT INTO our.grants
                  (id, status, generation, created, expires, due, rotated, used, ended, reason, client, subject, session, offline, request, approval, writer)
                VALUES ($1, $2, $3, $4, $5, coalesce($8, $5), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0)
                """
            )
            .Bind(grant.Id)
            .Bind((int)grant.Status)
            .Bind(grant.Generation)
            .Bind(grant.CreatedAt)
            .Bind(grant.ExpiresAt)
            .Bind(grant.RotatedAt)
            .Bind(grant.UsedAt)
            .Bind(grant.EndedAt)
            .Bind((int)grant.End)
            .Bind(grant.ClientId)
            .Bind(grant.Approval?.Subject)
            .Bind(grant.Approval?.SessionId)
            .Bind(grant.Approval is { Offline: true })
            .BindJson(GrantJson.Bytes(json => GrantJson.Write(json, grant.Request)))
            .BindJson(grant.Approval is { } approval ? GrantJson.Bytes(json => GrantJson.Write(json, approval)) : null);
}
