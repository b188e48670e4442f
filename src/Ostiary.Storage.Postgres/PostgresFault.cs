using System.Net.Sockets;
using Npgsql;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>What is known of a statement that failed.</summary>
internal enum Fate
{
    /// <summary>It was not done and will not be: again would be the same.</summary>
    Refused,

    /// <summary>It was not done, and may be the next time.</summary>
    NotDone,

    /// <summary>The connection was lost: it may have been done, or may yet be.</summary>
    Unknown,
}

/// <summary>What PostgreSQL refused. A fault of the storage is a <see cref="StoreException"/>; a fault of one statement is this.</summary>
internal sealed class PostgresStatementException(string message) : Exception(message);

/// <summary>What the server or the wire says, as one of our reasons. No text of the server is passed on: it may hold values.</summary>
internal static class PostgresFault
{
    public static Fate FateOf(Exception fault) =>
        fault switch
        {
            PostgresException server => FateOf(server.SqlState),
            NpgsqlException or IOException or SocketException or TimeoutException => Fate.Unknown,
            _ => Fate.Refused,
        };

    public static bool IsOne(Exception fault) =>
        fault is NpgsqlException or IOException or SocketException or TimeoutException or ObjectDisposedException;

    /// <summary>Whether all connections were in use for as long as one waits for one.</summary>
    public static bool IsExhausted(Exception fault) =>
        fault is NpgsqlException and not PostgresException
        && fault.Message.StartsWith("The connection pool has been exhausted", StringComparison.Ordinal);

    /// <summary>Whether the connections that are open lead nowhere, or to a server that may not write.</summary>
    public static bool LeadsNowhere(Exception fault) =>
        fault is not PostgresException server || server.SqlState is "25006" || server.SqlState.StartsWith("57P", StringComparison.Ordinal);

    public static Exception Of(Exception fault, string where) =>
        fault switch
        {
            PostgresException server => Of(server, where),
            ObjectDisposedException => new StoreException(Reason.StorageUnavailable, "The store is closed."),
            _ => new StoreException(Reason.StorageUnavailable, $"{where} does not answer.", fault),
        };

    private static Fate FateOf(string state) =>
        state switch
        {
            // Rolled back for the sake of another: 40003 alone says that its outcome is not known.
            "40001" or "40P01" or "55P03" => Fate.NotDone,
            "40003" => Fate.Unknown,
            // Not let in, or not to be written at the moment.
            "53300" or "57P03" or "25006" => Fate.NotDone,
            // Stopped in the middle, by an operator, a crash of another process, or the time limit.
            "57P01" or "57P02" or "57014" or "57P05" => Fate.Unknown,
            _ => state.StartsWith("08", StringComparison.Ordinal) ? Fate.Unknown : Fate.Refused,
        };

    private static Exception Of(PostgresException fault, string where)
    {
        StoreException Because(Reason reason, string text) => new(reason, $"{where} {text}", fault);
        return fault.SqlState switch
        {
            "53100" => Because(Reason.StorageFull, "has no space left."),
            "25006" => Because(Reason.StorageReadOnly, "is read-only: a standby, or a primary that was told not to write."),
            "42501" => Because(Reason.StorageReadOnly, "does not allow this user to do that: it must own the tables or be granted them."),
            "53300" => Because(Reason.StorageUnavailable, "has no free connection."),
            "28P01" or "28000" => Because(Reason.StorageUnavailable, "does not let this user in: user, password or pg_hba.conf."),
            "3D000" => Because(Reason.StorageUnavailable, "does not exist: CREATE DATABASE makes it."),
            "3F000" => Because(Reason.StorageUnavailable, "has no schema to keep tables in: search_path."),
            "XX001" or "XX002" => Because(Reason.StorageDamaged, "is damaged."),
            "42P01" or "42703" => Because(Reason.StorageNewer, "has tables that this version does not know."),
            _ when IsOfStatement(fault.SqlState) => new PostgresStatementException($"PostgreSQL refused a statement ({fault.SqlState})."),
            _ => Because(Reason.StorageUnavailable, $"failed ({fault.SqlState})."),
        };
    }

    /// <summary>Values and syntax are our own fault, not the storage's.</summary>
    private static bool IsOfStatement(string state) => state is { Length: 5 } && state[..2] is "22" or "23" or "42" or "0A" or "21" or "54";
}
