using Npgsql;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres.Schema;

/// <summary>
/// An issuer has its tables once. Which schema it is follows from the data directory of a node; a node whose directory says another than those before it would
/// begin with empty tables, and is told instead.
/// </summary>
internal static class OnePlace
{
    public static async ValueTask CheckAsync(
        NpgsqlConnection connection,
        IssuerSchema schema,
        SchemaState? state,
        string database,
        CancellationToken ct
    )
    {
        const string IsHome = "SELECT count(*) FROM numbers WHERE name = 'home' AND value = $1";
        if (schema.Name is not null && state is null && await CountAsync(connection, IsHome, schema.Mark, ct) > 0)
            throw Elsewhere(database, "where the search path leads", "the data directory itself, not in one below its issuers/");
        if (schema.Own is not { } own)
            return;
        var isElsewhere = own.In("SELECT count(*) FROM our.ostiary_schema WHERE current_schema() <> ") + $"'{own.Name}'";
        if (await CountAsync(connection, isElsewhere, null, ct) > 0)
            throw Elsewhere(database, $"in the schema {own.Name}", "a directory of its own below issuers/, as where it was made");
    }

    /// <summary>For nodes that come later. An issuer that is alone may change its name.</summary>
    public static async ValueTask RememberAsync(NpgsqlConnection connection, IssuerSchema schema)
    {
        const string Remember = """
            INSERT INTO our.numbers (name, value) VALUES ('home', $1)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE numbers.value <> excluded.value
            """;
        if (schema is { Name: null, Mark: { } mark })
            await new Statement(schema.In(Remember)).Bind(mark).RunAsync(connection, null);
    }

    private static StoreException Elsewhere(string database, string where, string directory) =>
        new(Reason.SettingInvalid, $"{database} has the tables of this issuer {where}: its keys and its log belong in {directory}.");

    private static async ValueTask<long> CountAsync(NpgsqlConnection connection, string sql, long? value, CancellationToken ct)
    {
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            if (value is { } number)
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
            return (long)(await command.ExecuteScalarAsync(ct))!;
        }
        catch (PostgresException fault)
            when (fault.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedColumn)
        {
            return 0; // There is none, or one of somebody else.
        }
    }
}
