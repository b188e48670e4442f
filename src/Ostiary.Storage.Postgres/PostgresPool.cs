using Npgsql;

namespace Ostiary.Storage.Postgres;

/// <summary>
/// Connections that all lead to the primary. What is known of a host is seconds old, and a balancer may lead astray, so each connection asks by itself when it is
/// opened: a standby answers reads with what was true before. No primary becomes a standby without cutting its connections, so asking once is enough.
/// </summary>
internal static class PostgresPool
{
    private const string ReadOnly = "25006";

    public static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder connection)
    {
        var builder = new NpgsqlSlimDataSourceBuilder(connection.ConnectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        builder.UsePhysicalConnectionInitializer(AskPrimary, AskPrimaryAsync);
        return builder.Build();
    }

    private static NpgsqlCommand Question(NpgsqlConnection connection) => new("SELECT pg_is_in_recovery()", connection);

    private static void AskPrimary(NpgsqlConnection connection)
    {
        using var command = Question(connection);
        Judge(command.ExecuteScalar());
    }

    private static async Task AskPrimaryAsync(NpgsqlConnection connection)
    {
        await using var command = Question(connection);
        Judge(await command.ExecuteScalarAsync());
    }

    private static void Judge(object? isStandby)
    {
        if (isStandby is true)
            throw new PostgresException("It is a standby.", "FATAL", "FATAL", ReadOnly);
    }
}
