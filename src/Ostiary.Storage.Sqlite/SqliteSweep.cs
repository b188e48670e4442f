using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

/// <summary>Removes what is over, a limited number of rows at a time, so that a sweep never holds the writer for long.</summary>
internal static class SqliteSweep
{
    /// <summary>The names come from the schema, never from outside.</summary>
    public static string Statement(string table, string key, string time) =>
        $"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {time} <= ?1 LIMIT ?2)";

    public static int Delete(Connection connection, string table, string key, string time, DateTimeOffset before, int limit)
    {
        using var delete = connection.Prepare(Statement(table, key, time)).Bind(1, StoreTime.ToUnix(before)).Bind(2, limit);
        return delete.Run();
    }

    /// <summary>Of a table whose rows expire or end.</summary>
    public static int DeleteOver(Connection connection, string table, DateTimeOffset before, int limit)
    {
        var expired = Delete(connection, table, "id", "expires", before, limit);
        return expired >= limit ? expired : expired + Delete(connection, table, "id", "ended", before, limit - expired);
    }
}
