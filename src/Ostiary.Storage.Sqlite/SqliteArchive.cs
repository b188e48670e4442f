using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

internal sealed class SqliteArchive(SqliteEngine engine) : IStoreArchive
{
    /// <summary>One read transaction: the write-ahead log keeps what it sees apart from what is written meanwhile.</summary>
    public async ValueTask ReadAllAsync(Action<StoredRow> take, CancellationToken ct) =>
        await engine.ReadAsync(
            connection =>
            {
                connection.Execute("BEGIN");
                try
                {
                    Read(connection, take, ct);
                    return true;
                }
                finally
                {
                    connection.Execute("COMMIT");
                }
            },
            ct
        );

    public ValueTask<bool> TryFillAsync(IEnumerable<StoredRow> rows, CancellationToken ct) =>
        engine.WriteAsync(
            connection =>
            {
                if (!IsEmpty(connection))
                    return false;
                foreach (var row in rows)
                    Put(connection, row);
                return true;
            },
            ct
        );

    private static bool IsEmpty(Connection connection) =>
        connection.Number("SELECT value FROM numbers WHERE name = 'revision'") == 0
        && connection.Number(
            """
            SELECT EXISTS (SELECT 1 FROM documents) + EXISTS (SELECT 1 FROM grants) + EXISTS (SELECT 1 FROM sessions) + EXISTS (SELECT 1 FROM consents)
              + EXISTS (SELECT 1 FROM one_time) + EXISTS (SELECT 1 FROM changes)
              + EXISTS (SELECT 1 FROM logout_notices)
            """
        ) == 0;

    private static void Read(Connection connection, Action<StoredRow> take, CancellationToken ct)
    {
        take(new StoredNumber(StoredNumber.Revision, connection.Number("SELECT value FROM numbers WHERE name = 'revision'")));
        take(new StoredNumber(StoredNumber.Sequence, connection.Number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'changes'")));
        Each(connection, "SELECT kind, id, json FROM documents", row => new StoredDocument(new(row.Text(0), row.Text(1), row.Text(2))), take, ct);
        Each(connection, "SELECT subject, client, scope, granted FROM consents", row => new StoredConsent(SqliteConsents.Read(row)), take, ct);
        Each(connection, SessionRow.Select, row => new StoredSession(SessionRow.Read(row)), take, ct);
        Each(connection, GrantRow.Select, row => new StoredGrant(GrantRow.Read(row)), take, ct);
        Each(connection, "SELECT key, until FROM one_time", row => new StoredOnce(row.Text(0), row.Time(1)), take, ct);
        Each(connection, LogoutNoticeRow.Select, row => new StoredLogoutNotice(LogoutNoticeRow.Read(row)), take, ct);
        Each(
            connection,
            "SELECT sequence, kind, id, at, until FROM changes ORDER BY sequence",
            row => new StoredChange(new(row.Int64(0), (ChangeKind)row.Int32(1), row.Text(2), row.Time(3), row.Time(4))),
            take,
            ct
        );
    }

    private static void Each(Connection connection, string select, Func<Statement, StoredRow> read, Action<StoredRow> take, CancellationToken ct)
    {
        using var rows = connection.Prepare(select);
        while (rows.Next())
        {
            ct.ThrowIfCancellationRequested();
            take(read(rows));
        }
    }

    private static void Put(Connection connection, StoredRow row)
    {
        using var insert = row switch
        {
            StoredNumber { Name: StoredNumber.Revision } number => connection
                .Prepare("UPDATE numbers SET value = ?1 WHERE name = 'revision'")
                .Bind(1, number.Value),
            StoredNumber number => connection.Prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('changes', ?1)").Bind(1, number.Value),
            StoredDocument { Document: var document } => connection
                .Prepare("INSERT INTO documents (kind, id, json) VALUES (?1, ?2, ?3)")
                .Bind(1, document.Kind)
                .Bind(2, document.Id)
                .Bind(3, document.Json),
            StoredConsent { Consent: var consent } => Put(connection, consent),
            StoredSession { Session: var session } => Put(connection, session),
            StoredGrant { Grant: var grant } => GrantRow.Insert(connection, grant),
            StoredOnce once => connection
                .Prepare("INSERT INTO one_time (key, until) VALUES (?1, ?2)")
                .Bind(1, once.Key)
                .Bind(2, StoreTime.ToUnix(once.Until)),
            StoredLogoutNotice { Notice: var notice } => LogoutNoticeRow.Insert(connection, notice),
            StoredChange { Change: var change } => Put(connection, change),
            _ => throw new ArgumentException("An unknown row.", nameof(row)),
        };
        insert.Run();
    }

    private static Statement Put(Connection connection, Consent consent) =>
        connection
            .Prepare("INSERT INTO consents (subject, client, scope, granted) VALUES (?1, ?2, ?3, ?4)")
            .Bind(1, consent.Subject)
            .Bind(2, consent.ClientId)
            .Bind(3, consent.Scope.ToString())
            .Bind(4, StoreTime.ToUnix(consent.GrantedAt));

    private static Statement Put(Connection connection, Change change) =>
        connection
            .Prepare("INSERT INTO changes (sequence, kind, id, at, until) VALUES (?1, ?2, ?3, ?4, ?5)")
            .Bind(1, change.Sequence)
            .Bind(2, (long)change.Kind)
            .Bind(3, change.Id)
            .Bind(4, StoreTime.ToUnix(change.At))
            .Bind(5, StoreTime.ToUnix(change.Until));

    private static Statement Put(Connection connection, Session session) => SessionRow.Insert(connection, session);
}
