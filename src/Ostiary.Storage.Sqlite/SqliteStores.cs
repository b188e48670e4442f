using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

/// <summary>Everything in one SQLite database. Every acknowledged write is on the disk.</summary>
public sealed class SqliteStores : IStores
{
    // Reading a file of this size whole costs a fraction of a second at start.
    private const long CheckedAtStart = 64 << 20;

    private readonly SqliteEngine engine;
    private readonly TimeProvider time;

    private SqliteStores(SqliteEngine engine, TimeProvider time)
    {
        (this.engine, this.time) = (engine, time);
        Grants = new SqliteGrants(engine);
        Sessions = new SqliteSessions(engine);
        Consents = new SqliteConsents(engine);
        OneTime = new SqliteOneTime(engine);
        LogoutNotices = new SqliteLogoutNotices(engine);
        Changes = new SqliteChanges(engine);
        Documents = new SqliteDocuments(engine);
        Archive = new SqliteArchive(engine);
        Directory = new SqliteDirectory(engine, time);
    }

    /// <summary>Opens the database, or makes it. A second process is kept out by <see cref="DataDirectory"/>.</summary>
    public static async ValueTask<SqliteStores> OpenAsync(string file, TimeProvider time, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        // The work is blocking, and a caller may hold the only thread.
        var writer = await Task.Run(() => OpenWriter(file), ct);
        return new(new(file, writer), time);
    }

    /// <summary>The format of the database that this version writes.</summary>
    public static long NewestFormat => SqliteSchema.Version;

    /// <summary>The format of a database, read beside a server that may run on it; 0 where there is none yet. Throws <see cref="StoreException"/>.</summary>
    public static async ValueTask<long> FormatOfAsync(string file, CancellationToken ct)
    {
        if (!File.Exists(file))
            return 0;
        return await Task.Run(
            () =>
            {
                using var connection = Connection.Open(file);
                return connection.Number("PRAGMA user_version");
            },
            ct
        );
    }

    public string Engine => SqliteLibrary.Name;
    public IGrantStore Grants { get; }
    public ISessionStore Sessions { get; }
    public IConsentStore Consents { get; }
    public IOneTimeStore OneTime { get; }
    public ILogoutNoticeStore LogoutNotices { get; }
    public IChangeFeed Changes { get; }
    public IDocumentStore Documents { get; }
    public IDirectory Directory { get; }
    public IStoreArchive Archive { get; }

    public async ValueTask ProbeAsync(CancellationToken ct)
    {
        await engine.WriteAsync(
            connection =>
            {
                connection.Execute("UPDATE numbers SET value = value + 1 WHERE name = 'probe'");
                return true;
            },
            ct
        );
        await engine.ReadAsync(connection => connection.Number("SELECT value FROM numbers WHERE name = 'probe'"), ct);
    }

    public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => engine.News.WaitAsync(patience, time, ct);

    public ValueTask DisposeAsync() => engine.DisposeAsync();

    internal long Commits => engine.Commits;

    /// <summary>For tests of faults: runs on the writer, in a group.</summary>
    internal ValueTask<T> OnWriterAsync<T>(Func<Connection, T> write) => engine.WriteAsync(write, CancellationToken.None);

    private static Connection OpenWriter(string file)
    {
        var (database, log) = (new FileInfo(file), new FileInfo(file + "-wal"));
        // SQLite would take an empty file for a new database and throw its log away.
        if (database is { Exists: true, Length: 0 } && log is { Exists: true, Length: > 0 })
            throw new StoreException(Reason.StorageDamaged, $"The database {file} is empty although its write-ahead log is not.");
        if (!database.Exists && log is { Exists: true, Length: > 0 })
            throw new StoreException(Reason.StorageDamaged, $"The database {file} is missing although its write-ahead log is there.");
        // Shorter than the smallest page: SQLite would take that for a new database, too.
        if (database is { Exists: true, Length: > 0 and < 512 })
            throw new StoreException(Reason.StorageDamaged, $"The database {file} is only {database.Length} bytes long.");
        WriteAheadLog.Check(log.FullName);
        var connection = Connection.Open(file);
        try
        {
            SqliteSchema.Prepare(connection);
            Check(connection, database);
            return connection;
        }
        catch (SqliteStatementException fault)
        {
            connection.Dispose();
            throw new StoreException(Reason.StorageDamaged, $"The database {file} cannot be read as one of ours.", fault);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Check(Connection connection, FileInfo database)
    {
        if (!database.Exists || database.Length > CheckedAtStart)
            return;
        var answer = connection.Word("PRAGMA quick_check(1)");
        if (answer != "ok")
            throw new StoreException(Reason.StorageDamaged, $"The database {connection.File} is damaged: {answer}.");
    }
}
