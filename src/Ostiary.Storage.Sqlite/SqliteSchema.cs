using System.Globalization;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

/// <summary>The tables. Times are milliseconds since 1970. Indexes serve lists, sweeps and ends of many; no conditional write looks anything up in one.</summary>
internal static class SqliteSchema
{
    /// <summary>Step by step, from 1. A step that was ever released is never changed: what comes later is a step of its own.</summary>
    // csharpier-ignore
    public static readonly IReadOnlyList<IReadOnlyList<string>> Steps = [First, Second, Third];

    public static int Version => Steps.Count;

    // csharpier-ignore
    private static IReadOnlyList<string> First =>
    [
        """
        CREATE TABLE grants (
          id BLOB NOT NULL PRIMARY KEY, status INTEGER NOT NULL, generation INTEGER NOT NULL,
          created INTEGER NOT NULL, expires INTEGER NOT NULL, rotated INTEGER, used INTEGER, ended INTEGER, reason INTEGER NOT NULL DEFAULT 0,
          client TEXT NOT NULL, subject TEXT, session TEXT, offline INTEGER NOT NULL DEFAULT 0,
          request TEXT NOT NULL, approval TEXT
        ) WITHOUT ROWID
        """,
        "CREATE INDEX grants_of_subject ON grants (subject) WHERE subject IS NOT NULL",
        "CREATE INDEX grants_of_session ON grants (session) WHERE session IS NOT NULL",
        "CREATE INDEX grants_expiring ON grants (expires)",
        "CREATE INDEX grants_ended ON grants (ended) WHERE ended IS NOT NULL",
        """
        CREATE TABLE sessions (
          id TEXT NOT NULL PRIMARY KEY, secret TEXT NOT NULL, subject TEXT NOT NULL, created INTEGER NOT NULL, authenticated INTEGER NOT NULL,
          expires INTEGER NOT NULL, seen INTEGER NOT NULL, ended INTEGER, amr TEXT NOT NULL, acr TEXT, device TEXT, network TEXT
        ) WITHOUT ROWID
        """,
        "CREATE INDEX sessions_of_subject ON sessions (subject)",
        "CREATE INDEX sessions_expiring ON sessions (expires)",
        "CREATE INDEX sessions_ended ON sessions (ended) WHERE ended IS NOT NULL",
        """
        CREATE TABLE consents (
          subject TEXT NOT NULL, client TEXT NOT NULL, scope TEXT NOT NULL, granted INTEGER NOT NULL, PRIMARY KEY (subject, client)
        ) WITHOUT ROWID
        """,
        "CREATE TABLE one_time (key TEXT NOT NULL PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX one_time_over ON one_time (until)",
        // AUTOINCREMENT: a number is never given twice, even when the last entry has been swept.
        """
        CREATE TABLE changes (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL
        )
        """,
        "CREATE INDEX changes_over ON changes (until)",
        "CREATE TABLE documents (kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID",
        "CREATE TABLE numbers (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        "INSERT INTO numbers (name, value) VALUES ('revision', 0), ('probe', 0)",
    ];

    // Rows of before keep the time of authentication in their approval.
    private static IReadOnlyList<string> Second =>
        [
            "ALTER TABLE grants ADD COLUMN authenticated INTEGER",
            "DROP INDEX grants_of_session",
            "CREATE INDEX grants_of_session ON grants (session) WHERE session IS NOT NULL AND offline = 0",
        ];

    // Clients whose grants outlive a session hear of its end like the others, so all grants of a session are looked for by it.
    private static IReadOnlyList<string> Third =>
        [
            """
                CREATE TABLE logout_notices (
                  id TEXT NOT NULL PRIMARY KEY, session TEXT NOT NULL, client TEXT NOT NULL, subject TEXT NOT NULL, created INTEGER NOT NULL,
                  due INTEGER NOT NULL, until INTEGER NOT NULL, state INTEGER NOT NULL, tries INTEGER NOT NULL, refused INTEGER
                ) WITHOUT ROWID
                """,
            "CREATE INDEX logout_notices_of_session ON logout_notices (session)",
            "CREATE INDEX logout_notices_due ON logout_notices (due) WHERE state = 0",
            "CREATE INDEX logout_notices_over ON logout_notices (until)",
            "DROP INDEX grants_of_session",
            "CREATE INDEX grants_of_session ON grants (session) WHERE session IS NOT NULL",
        ];

    /// <summary>Makes the tables in a new database, and the steps that an older one lacks; refuses one of a newer version before anything in it is touched.</summary>
    public static void Prepare(Connection connection)
    {
        var version = connection.Number("PRAGMA user_version");
        if (version > Version)
            throw new StoreException(
                Reason.StorageNewer,
                $"The database {connection.File} has format {version}; this version reads up to {Version}."
            );
        if (version == 0 && connection.Number("SELECT count(*) FROM sqlite_master") > 0)
            throw new StoreException(Reason.StorageDamaged, $"The database {connection.File} holds tables of another program.");
        SetUp(connection);
        for (var made = version; made < Version; made++)
            Make(connection, made + 1);
    }

    /// <summary>The settings of every connection.</summary>
    public static void SetUp(Connection connection)
    {
        if (connection.Word("PRAGMA journal_mode = WAL") != "wal")
            throw new StoreException(Reason.StorageUnavailable, $"The database {connection.File} cannot keep a write-ahead log.");
        connection.Execute("PRAGMA synchronous = FULL");
        connection.Execute("PRAGMA trusted_schema = OFF");
        connection.Execute("PRAGMA cell_size_check = ON");
        connection.Execute("PRAGMA wal_autocheckpoint = 2000");
        connection.Execute("PRAGMA journal_size_limit = 67108864");
        connection.Execute("PRAGMA temp_store = MEMORY");
    }

    /// <summary>Whole or not at all: a start that is cut short finds the step still to be made.</summary>
    private static void Make(Connection connection, long version)
    {
        connection.Execute("BEGIN IMMEDIATE");
        foreach (var statement in Steps[(int)version - 1])
            connection.Execute(statement);
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version}"));
        connection.Execute("COMMIT");
    }
}
