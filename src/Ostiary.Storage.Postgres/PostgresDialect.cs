using Npgsql;

namespace Ostiary.Storage.Postgres;

/// <summary>Which database speaks PostgreSQL's protocol here. Every statement is the same on all of them; only what may be left out differs.</summary>
internal sealed record PostgresDialect(string Name, bool IsPostgres, bool IsCockroach)
{
    /// <summary>Wakes the other nodes that listen on the channel; null where there is no LISTEN and NOTIFY, and they poll.</summary>
    public string? Wake(string channel) => IsPostgres ? "NOTIFY " + channel : null;

    public static async ValueTask<PostgresDialect> OfAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT version()", connection);
        return Of((string)(await command.ExecuteScalarAsync())!);
    }

    /// <summary>From words as <c>PostgreSQL 15.18 (Debian …)</c>, <c>PostgreSQL 11.2-YB-2.20 on …</c>, <c>CockroachDB CCL v24.1 …</c>.</summary>
    public static PostgresDialect Of(string version)
    {
        var words = version.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = words.Length > 1 ? $"{words[0]} {words[1]}".ToLowerInvariant() : "postgresql";
        var cockroach = name.StartsWith("cockroach", StringComparison.Ordinal);
        var yugabyte = version.Contains("-YB-", StringComparison.Ordinal);
        return new(name, IsPostgres: !cockroach && !yugabyte, cockroach);
    }
}
