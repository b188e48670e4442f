using SQLitePCL;

namespace Ostiary.Storage.Sqlite;

/// <summary>One connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class Connection : IDisposable
{
    private const int LongestWaitForAnotherProcess = 5000;

    private readonly sqlite3 database;

    // Statements are constants of the program, so the text's identity is enough.
    private readonly Dictionary<string, Statement> statements = new(ReferenceEqualityComparer.Instance);

    private Connection(string file, sqlite3 database) => (File, this.database) = (file, database);

    public string File { get; }

    public int Changes => raw.sqlite3_changes(database);

    public long LastRowId => raw.sqlite3_last_insert_rowid(database);

    /// <summary>Whether the transaction holds something for those who follow the feed or the documents.</summary>
    public bool HasNews { get; set; }

    public bool InTransaction => raw.sqlite3_get_autocommit(database) == 0;

    public static Connection Open(string file)
    {
        _ = SqliteLibrary.Name;
        const int Flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX;
        var code = raw.sqlite3_open_v2(file, out var database, Flags, null);
        if (code != raw.SQLITE_OK)
        {
            database.Dispose();
            throw SqliteFault.Of(code, file, "it cannot be opened");
        }
        _ = raw.sqlite3_busy_timeout(database, LongestWaitForAnotherProcess);
        return new(file, database);
    }

    public Statement Prepare(string sql)
    {
        if (statements.TryGetValue(sql, out var kept))
            return kept;
        var code = raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out var prepared);
        if (code != raw.SQLITE_OK)
            throw Fault(code);
        return statements[sql] = new(this, prepared);
    }

    public void Execute(string sql)
    {
        using var statement = Prepare(sql);
        statement.Run();
    }

    public long Number(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Next() ? statement.Int64(0) : 0;
    }

    public string Word(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Next() ? statement.Text(0) : "";
    }

    public Exception Fault(int code) => SqliteFault.Of(database, code, File);

    public void Dispose()
    {
        foreach (var statement in statements.Values)
            statement.Close();
        statements.Clear();
        database.Dispose();
    }
}
