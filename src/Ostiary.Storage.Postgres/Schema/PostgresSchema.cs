namespace Ostiary.Storage.Postgres.Schema;

/// <summary>
/// The tables. Times are milliseconds since 1970. Indexes serve lists, sweeps and ends of many: no conditional write looks anything up in one, and neither a
/// redemption nor a rotation changes a column that one holds, so PostgreSQL writes the new version of the row into the same page.
/// </summary>
internal static class PostgresSchema
{
    /// <summary>In order, from 1. A step that was ever released is never changed: what comes later is a step of its own.</summary>
    public static readonly IReadOnlyList<SchemaStep> Steps = [First(), Second()];

    // csharpier-ignore
    private static SchemaStep First() => new()
    {
        Version = 1,
        OldestThatRuns = 1,
        Statements =
        [
            """
            CREATE TABLE IF NOT EXISTS our.grants (
              id uuid NOT NULL PRIMARY KEY, created bigint NOT NULL, expires bigint NOT NULL, due bigint NOT NULL,
              rotated bigint, used bigint, ended bigint, writer bigint NOT NULL,
              status integer NOT NULL, generation integer NOT NULL, reason integer NOT NULL DEFAULT 0, offline boolean NOT NULL DEFAULT false,
              client text COLLATE "C" NOT NULL, subject text COLLATE "C", session text COLLATE "C", request text NOT NULL, approval text
            )
            """,
            "CREATE INDEX IF NOT EXISTS grants_of_subject ON our.grants (subject) WHERE subject IS NOT NULL",
            "CREATE INDEX IF NOT EXISTS grants_of_session ON our.grants (session) WHERE session IS NOT NULL",
            "CREATE INDEX IF NOT EXISTS grants_due ON our.grants (due)",
            """
            CREATE TABLE IF NOT EXISTS our.sessions (
              id text COLLATE "C" NOT NULL PRIMARY KEY, created bigint NOT NULL, authenticated bigint NOT NULL, expires bigint NOT NULL, due bigint NOT NULL,
              seen bigint NOT NULL, ended bigint, writer bigint NOT NULL,
              secret text NOT NULL, subject text COLLATE "C" NOT NULL, amr text NOT NULL, acr text, device text, network text
            )
            """,
            "CREATE INDEX IF NOT EXISTS sessions_of_subject ON our.sessions (subject)",
            "CREATE INDEX IF NOT EXISTS sessions_due ON our.sessions (due)",
            """
            CREATE TABLE IF NOT EXISTS our.consents (
              subject text COLLATE "C" NOT NULL, client text COLLATE "C" NOT NULL, scope text NOT NULL, granted bigint NOT NULL,
              PRIMARY KEY (subject, client)
            )
            """,
            "CREATE TABLE IF NOT EXISTS our.one_time (key bytea NOT NULL PRIMARY KEY, until bigint NOT NULL, writer bigint NOT NULL)",
            "CREATE INDEX IF NOT EXISTS one_time_over ON our.one_time (until)",
            """
            CREATE TABLE IF NOT EXISTS our.changes (
              sequence bigint NOT NULL PRIMARY KEY, at bigint NOT NULL, until bigint NOT NULL, kind integer NOT NULL, id text NOT NULL
            )
            """,
            "CREATE INDEX IF NOT EXISTS changes_over ON our.changes (until)",
            """
            CREATE TABLE IF NOT EXISTS our.documents (
              kind text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, json text, PRIMARY KEY (kind, id)
            )
            """,
            "CREATE TABLE IF NOT EXISTS our.numbers (name text NOT NULL PRIMARY KEY, value bigint NOT NULL, writer bigint NOT NULL DEFAULT 0)",
            "INSERT INTO our.numbers (name, value) VALUES ('revision', 0), ('sequence', 0), ('probe', 0) ON CONFLICT (name) DO NOTHING",
        ],
        // Room in each page for the next version of a row, so that rotating a grant touches no index.
        OnPostgres =
        [
            "ALTER TABLE our.grants SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)",
            "ALTER TABLE our.sessions SET (fillfactor = 80)",
            "ALTER TABLE our.numbers SET (fillfactor = 10)",
        ],
    };

    private static SchemaStep Second() =>
        new()
        {
            Version = 2,
            OldestThatRuns = 1,
            Statements =
            [
                """
                    CREATE TABLE IF NOT EXISTS our.logout_notices (
                      id text COLLATE "C" NOT NULL PRIMARY KEY, created bigint NOT NULL, due bigint NOT NULL, until bigint NOT NULL, refused bigint, writer bigint NOT NULL,
                      state integer NOT NULL, tries integer NOT NULL, session text COLLATE "C" NOT NULL, client text COLLATE "C" NOT NULL, subject text COLLATE "C" NOT NULL
                    )
                    """,
                "CREATE INDEX IF NOT EXISTS logout_notices_of_session ON our.logout_notices (session)",
                "CREATE INDEX IF NOT EXISTS logout_notices_due ON our.logout_notices (due) WHERE state = 0",
                "CREATE INDEX IF NOT EXISTS logout_notices_over ON our.logout_notices (until)",
            ],
        };
}
