using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;
using SQLitePCL;

namespace Ostiary.Storage.Sqlite;

/// <summary>What SQLite refused. A fault of the storage is a <see cref="StoreException"/>; a fault of one statement is this.</summary>
internal sealed class SqliteStatementException(string message) : Exception(message);

internal static class SqliteFault
{
    private const int FlushFailed = raw.SQLITE_IOERR | (4 << 8);
    private const int DirectoryFlushFailed = raw.SQLITE_IOERR | (5 << 8);

    public static Exception Of(sqlite3 database, int code, string file)
    {
        var extended = code;
        if ((raw.sqlite3_extended_errcode(database) & 0xff) == (code & 0xff))
            extended = raw.sqlite3_extended_errcode(database);
        var text = raw.sqlite3_errmsg(database).utf8_to_string();
        return Of(extended, file, text);
    }

    public static Exception Of(int code, string file, string text) =>
        (code & 0xff) switch
        {
            raw.SQLITE_FULL => new StoreException(Reason.StorageFull, $"There is no space left for the database {file}."),
            raw.SQLITE_READONLY or raw.SQLITE_PERM => new StoreException(Reason.StorageReadOnly, $"The database {file} cannot be written."),
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => new StoreException(Reason.StorageDamaged, $"The database {file} is damaged: {text}."),
            raw.SQLITE_CONSTRAINT or raw.SQLITE_TOOBIG or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE or raw.SQLITE_MISUSE or raw.SQLITE_ERROR =>
                new SqliteStatementException($"SQLite refused a statement ({code}): {text}."),
            raw.SQLITE_CANTOPEN => CannotOpen(file),
            _ => new StoreException(Reason.StorageUnavailable, $"The database {file} failed ({code}): {text}.", new SqliteCode(code)),
        };

    /// <summary>SQLite does not say why; whoever tries to write there hears it.</summary>
    private static StoreException CannotOpen(string file)
    {
        var probe = file + "-probe";
        try
        {
            using (new FileStream(probe, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose))
                return new(Reason.StorageUnavailable, $"The database {file} cannot be opened.");
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            return StorageFault.Of(fault, file);
        }
    }

    /// <summary>After a failed flush nobody knows what is on the disk: a second try may lie.</summary>
    public static bool IsFailedFlush(StoreException fault) => fault.InnerException is SqliteCode { Code: FlushFailed or DirectoryFlushFailed };

    private sealed class SqliteCode(int code) : Exception($"SQLite code {code}")
    {
        public int Code { get; } = code;
    }
}
