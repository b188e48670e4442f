using System.Globalization;
using Npgsql;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres.Schema;

/// <summary>What the database holds, and the oldest program that can work with it.</summary>
internal readonly record struct SchemaState(int Version, int OldestThatRuns);

/// <summary>
/// Brings the tables to the version that this program knows, beside nodes that serve. Steps that older nodes can live with are made at start; those that
/// would stop them wait until they are asked for. Any number of nodes may do this at once: the first to record a step has made it.
/// </summary>
internal sealed class Migrations(
    NpgsqlDataSource source,
    PostgresDialect dialect,
    IssuerSchema schema,
    IReadOnlyList<SchemaStep> steps,
    TimeProvider time
)
{
    /// <summary>Longer than that nobody behind a change of a table that is in use may wait.</summary>
    private static readonly TimeSpan LongestLock = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private int Known => steps[^1].Version;

    /// <summary>Null: the database is empty.</summary>
    public async ValueTask<SchemaState?> StateAsync(CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await StateAsync(connection, ct);
    }

    /// <summary>The steps that are not made yet: all, or those that a running older node can live with.</summary>
    public IReadOnlyList<SchemaStep> Missing(SchemaState? state, bool contract)
    {
        var missing = steps.Where(step => step.Version > (state?.Version ?? 0));
        // An empty database has no older nodes.
        return [.. state is null || contract ? missing : missing.TakeWhile(step => !Contracts(step))];
    }

    /// <summary>Makes what is missing. Throws <see cref="StoreException"/> where the tables are too new for this program.</summary>
    public async ValueTask<SchemaState> ApplyAsync(bool contract, CancellationToken ct)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            try
            {
                var state = await StateAsync(ct);
                if (state is { } now && now.OldestThatRuns > Known)
                    throw new StoreException(
                        Reason.StorageNewer,
                        $"The database has tables of version {now.Version}, which programs older than {now.OldestThatRuns} cannot use; this one knows version {Known}."
                    );
                if (Missing(state, contract) is not [var next, ..])
                    return Sufficient(state ?? default);
                if (state is null)
                    await MakeSchemaAsync(ct);
                await MakeAsync(next, state is null, ct);
            }
            catch (PostgresException fault) when (MayPass(fault.SqlState) && time.GetElapsedTime(begun) < Patience)
            {
                // Another node makes the same step, or somebody holds the table: those who wait go first.
                await Task.Delay(TimeSpan.FromMilliseconds(50 + Entropy.Below(200)), time, ct);
            }
        }
    }

    /// <summary>Whether programs that could work with the tables before it cannot after it.</summary>
    private bool Contracts(SchemaStep step) => steps.Any(before => before.Version == step.Version - 1 && before.OldestThatRuns < step.OldestThatRuns);

    /// <summary>A program works before and after the contraction that it brings, but not without what it added behind one.</summary>
    private SchemaState Sufficient(SchemaState state) =>
        Missing(state, contract: true).All(Contracts)
            ? state
            : throw new StoreException(
                Reason.StorageNewer,
                $"The database has tables of version {state.Version}, which must be contracted before this version of the program can add to them."
            );

    /// <summary>One that is there already may be used by who may not make one.</summary>
    private async ValueTask MakeSchemaAsync(CancellationToken ct)
    {
        if (schema.Name is not { } name)
            return;
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var present = new NpgsqlCommand("SELECT count(*) FROM pg_namespace WHERE nspname = $1", connection)
        {
            Parameters = { new() { Value = name } },
        };
        if ((long)(await present.ExecuteScalarAsync(ct))! > 0)
            return;
        try
        {
            await RunAsync(connection, $"CREATE SCHEMA IF NOT EXISTS {name}", ct);
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new StoreException(
                Reason.StorageReadOnly,
                $"The database does not let this user make the schema {name}: grant it CREATE on the database, or make the schema for it.",
                fault
            );
        }
    }

    /// <summary>What a step adds stands before it is filled, and what it takes away goes together with the record that says so.</summary>
    private async ValueTask MakeAsync(SchemaStep step, bool first, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        if (!await ChangeAsync(connection, step, dialect.IsPostgres ? step.Statements.Concat(step.OnPostgres) : step.Statements, first, ct))
            return;
        foreach (var (name, on) in step.Indexes)
            await BuildAsync(connection, name, on, ct);
        if (step.Fill is { } fill)
            while (await RunAsync(connection, fill, ct) > 0) { }
        await ChangeAsync(connection, step, step.Removals, first, ct, () => RecordAsync(connection, step, ct));
    }

    /// <summary>One transaction. False: meanwhile another node has made the step, and perhaps those after it.</summary>
    private async ValueTask<bool> ChangeAsync(
        NpgsqlConnection connection,
        SchemaStep step,
        IEnumerable<string> statements,
        bool first,
        CancellationToken ct,
        Func<ValueTask>? record = null
    )
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (dialect.IsPostgres)
        {
            var longest = LongestLock.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
            await RunAsync(connection, $"SET LOCAL lock_timeout = {longest}", ct);
            // Tables that nobody uses yet may take their time.
            if (!first)
                await RunAsync(connection, $"SET LOCAL statement_timeout = {longest}", ct);
        }
        if (!first && await VersionAsync(connection, ct) >= step.Version)
            return false;
        foreach (var statement in statements)
            // Where text is always compared byte by byte, there is no name for it.
            await RunAsync(connection, dialect.IsCockroach ? statement.Replace(" COLLATE \"C\"", "", StringComparison.Ordinal) : statement, ct);
        if (record is not null)
            await record();
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Locked: until the end of the transaction nobody records a step.</summary>
    private async ValueTask<long> VersionAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(schema.In("SELECT version FROM our.ostiary_schema WHERE id = 1 FOR UPDATE"), connection);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Beside the traffic: such a build is not part of a transaction, and one that was cut short leaves an index that nobody uses.</summary>
    private async ValueTask BuildAsync(NpgsqlConnection connection, string name, string on, CancellationToken ct)
    {
        if (dialect.IsPostgres)
        {
            const string Broken = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid";
            await using var broken = new NpgsqlCommand(Broken, connection) { Parameters = { new() { Value = schema.In($" our.{name}").Trim() } } };
            if ((long)(await broken.ExecuteScalarAsync(ct))! > 0)
                await RunAsync(connection, $"DROP INDEX CONCURRENTLY IF EXISTS our.{name}", ct);
        }
        await RunAsync(connection, $"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON our.{on}", ct, TimeSpan.FromHours(6));
    }

    private async ValueTask RecordAsync(NpgsqlConnection connection, SchemaStep step, CancellationToken ct)
    {
        const string Table =
            "CREATE TABLE IF NOT EXISTS our.ostiary_schema (id integer NOT NULL PRIMARY KEY, version bigint NOT NULL, oldest bigint NOT NULL)";
        if (step.Version == 1)
            await RunAsync(connection, Table, ct);
        const string Record = """
            INSERT INTO our.ostiary_schema (id, version, oldest) VALUES (1, $1, $2)
            ON CONFLICT (id) DO UPDATE SET version = excluded.version, oldest = excluded.oldest WHERE ostiary_schema.version = excluded.version - 1
            """;
        await new Statement(schema.In(Record)).Bind((long)step.Version).Bind((long)step.OldestThatRuns).RunAsync(connection, null);
    }

    private async ValueTask<SchemaState?> StateAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        try
        {
            await using var command = new NpgsqlCommand(schema.In("SELECT version, oldest FROM our.ostiary_schema WHERE id = 1"), connection);
            await using var reader = await command.ExecuteReaderAsync(ct);
            return await reader.ReadAsync(ct) ? new((int)reader.GetInt64(0), (int)reader.GetInt64(1)) : null;
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return null;
        }
    }

    private async ValueTask<int> RunAsync(NpgsqlConnection connection, string sql, CancellationToken ct, TimeSpan? limit = null)
    {
        await using var command = new NpgsqlCommand(schema.In(sql), connection)
        {
            CommandTimeout = (int)(limit ?? TimeSpan.FromMinutes(1)).TotalSeconds,
        };
        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>A name that another has just taken, a lock that was not free, a statement that was stopped for its length, a collision.</summary>
    private static bool MayPass(string state) =>
        state is "23505" or "42P06" or "42P07" or "42710" or "42701" or "55P03" or "57014" or "40001" or "40P01" or "XX000" or "55006";
}
