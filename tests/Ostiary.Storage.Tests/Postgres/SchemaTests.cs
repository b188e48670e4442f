using Npgsql;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres;
using Ostiary.Storage.Postgres.Schema;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Postgres;

/// <summary>Tables change under nodes that serve: first what older ones need not know, and only when asked what they cannot live with.</summary>
[Trait("Speed", "Slow")]
public sealed class SchemaTests : IDisposable
{
    private static readonly SchemaStep Expand = new()
    {
        Version = 3,
        OldestThatRuns = 1,
        Statements = ["ALTER TABLE grants ADD COLUMN IF NOT EXISTS colour text"],
        Indexes = [("grants_of_client", "grants (client)")],
    };
    private static readonly SchemaStep Contract = new()
    {
        Version = 4,
        OldestThatRuns = 3,
        Fill = "UPDATE grants SET colour = 'red' WHERE id = ANY (ARRAY(SELECT id FROM grants WHERE colour IS NULL LIMIT 1000))",
        Removals = ["ALTER TABLE grants DROP COLUMN IF EXISTS used"],
    };

    private readonly OnPostgres engine = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => engine.Dispose();

    [Fact]
    public async Task Nodes_that_start_at_once_on_an_empty_database_all_succeed()
    {
        var address = await engine.AddressAsync();
        var nodes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PostgresStores.OpenAsync(address, new SettableTime(), Ct).AsTask()));
        foreach (var node in nodes)
        {
            Assert.True(await node.Grants.TryCreateAsync(Samples.Active(), Ct));
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_older_node_works_beside_a_newer_one_until_the_tables_are_contracted()
    {
        await using var old = await OpenAsync([]);
        await using (var next = await OpenAsync([Expand]))
        {
            Assert.True(await old.Grants.TryCreateAsync(Samples.Active(), Ct));
            Assert.True(await next.Grants.TryCreateAsync(Samples.Active(), Ct));
        }
        // It starts again, too.
        await (await OpenAsync([])).DisposeAsync();
        Assert.Equal(new(3, 1), await MigrateAsync([Expand, Contract], contract: false));
        await (await OpenAsync([])).DisposeAsync();
        await MigrateAsync([Expand, Contract], contract: true);
        var fault = await Assert.ThrowsAsync<StoreException>(async () => await OpenAsync([]));
        Assert.Equal(Reason.StorageNewer, fault.Reason);
        Assert.Contains("version 4", fault.Message, StringComparison.Ordinal);
        Assert.Equal("red", await engine.ValueAsync("SELECT min(colour) FROM grants"));
    }

    [Fact]
    public async Task A_step_fills_and_indexes_the_column_that_it_adds()
    {
        await using (var old = await OpenAsync([]))
            Assert.True(await old.Grants.TryCreateAsync(Samples.Active(), Ct));
        var step = Expand with { Fill = Contract.Fill, Indexes = [("grants_of_colour", "grants (colour)")] };
        Assert.Equal(new(3, 1), await MigrateAsync([step], contract: false));
        Assert.Equal("red", await engine.ValueAsync("SELECT min(colour) FROM grants"));
        Assert.Equal(
            1L,
            await engine.ValueAsync("SELECT count(*) FROM pg_indexes WHERE indexname = 'grants_of_colour' AND schemaname = current_schema")
        );
    }

    [Fact]
    public async Task Nodes_that_make_the_same_steps_at_once_bring_nothing_back()
    {
        await (await OpenAsync([])).DisposeAsync();
        var again = Contract with { Removals = ["ALTER TABLE grants DROP COLUMN IF EXISTS colour"], Fill = null };
        var made = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => MigrateAsync([Expand, again], contract: true)));
        Assert.All(made, state => Assert.Equal(new(4, 3), state));
        const string Columns =
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'grants' AND column_name = 'colour' AND table_schema = current_schema";
        Assert.Equal(0L, await engine.ValueAsync(Columns));
    }

    [Fact]
    public async Task What_was_added_behind_a_contraction_waits_for_it()
    {
        await MigrateAsync([Expand], contract: false);
        var later = Expand with { Version = 5, OldestThatRuns = 3, Statements = ["ALTER TABLE grants ADD COLUMN IF NOT EXISTS shape text"] };
        var fault = await Assert.ThrowsAsync<StoreException>(async () => await OpenAsync([Expand, Contract, later]));
        Assert.Contains("contracted", fault.Message, StringComparison.Ordinal);
        Assert.Equal(new(5, 3), await MigrateAsync([Expand, Contract, later], contract: true));
    }

    [Fact]
    public async Task A_step_waits_for_a_table_in_use_without_holding_up_those_behind_it()
    {
        await using var node = await OpenAsync([]);
        var grant = Samples.Active();
        await node.Grants.TryCreateAsync(grant, Ct);
        await using var busy = new NpgsqlConnection(await engine.ConnectionAsync());
        await busy.OpenAsync(Ct);
        var longWork = await busy.BeginTransactionAsync(Ct);
        await using (var select = new NpgsqlCommand("SELECT count(*) FROM grants", busy))
            await select.ExecuteScalarAsync(Ct);
        var migrating = MigrateAsync([Expand with { Indexes = [] }], contract: false);
        // The step tries and gives way again and again; the node's own work passes in between.
        for (var generation = 1; generation <= 30; generation++)
            Assert.True(await node.Grants.TryRotateAsync(grant.Id, generation, Samples.Start, Ct));
        Assert.False(migrating.IsCompleted);
        await longWork.RollbackAsync(Ct);
        Assert.Equal(3, (await migrating).Version);
    }

    [Fact]
    public async Task A_plan_names_what_is_missing()
    {
        var migrations = await MigrationsAsync([Expand, Contract]);
        Assert.Equal([1, 2, 3, 4], migrations.Missing(null, contract: false).Select(step => step.Version));
        Assert.Equal([3], migrations.Missing(new(2, 1), contract: false).Select(step => step.Version));
        Assert.Equal([3, 4], migrations.Missing(new(2, 1), contract: true).Select(step => step.Version));
        Assert.Empty(migrations.Missing(new(4, 3), contract: true));
    }

    [Fact]
    public async Task Neither_a_redemption_nor_a_rotation_touches_an_index()
    {
        await using var node = await OpenAsync([]);
        var grant = Samples.Approved();
        await node.Grants.TryCreateAsync(grant, Ct);
        await node.Grants.TryRedeemAsync(grant, Samples.Start.AddDays(1), Samples.Start, Ct);
        // As many as fit into one page beside their predecessors, which other tests' transactions may keep from being pruned.
        for (var generation = 1; generation <= 7; generation++)
            await node.Grants.TryRotateAsync(grant.Id, generation, Samples.Start, Ct);
        const string Updates = "SELECT n_tup_upd - n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'grants' AND schemaname = current_schema";
        const string All = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'grants' AND schemaname = current_schema";
        await node.DisposeAsync();
        while ((long)(await engine.ValueAsync(All))! < 8)
            await Task.Delay(50, Ct);
        Assert.Equal(0L, await engine.ValueAsync(Updates));
    }

    [Fact]
    public async Task Acts_and_sweeps_find_their_rows_by_an_index()
    {
        await using var node = await OpenAsync([]);
        await engine.ValueAsync(
            """
            INSERT INTO grants (id, status, generation, created, expires, due, client, request, writer)
            SELECT gen_random_uuid(), 2, 1, 0, 1000000 + n, 1000000 + n, 'app', '{}', 0 FROM generate_series(1, 20000) n
            """
        );
        await engine.ValueAsync("ANALYZE grants");
        foreach (
            var statement in new[]
            {
                "UPDATE grants SET generation = 2 WHERE id = gen_random_uuid_once AND status = 2",
                "SELECT id FROM grants WHERE due <= 1000100 ORDER BY due LIMIT 1000 FOR UPDATE SKIP LOCKED",
                "SELECT sequence FROM changes WHERE until <= 5 ORDER BY until LIMIT 1000 FOR UPDATE SKIP LOCKED",
            }
        )
        {
            var sql = statement.Replace("gen_random_uuid_once", "'00000000-0000-0000-0000-000000000001'", StringComparison.Ordinal);
            var plan = (string)(await engine.ValueAsync("EXPLAIN (FORMAT JSON) " + sql))!;
            Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
        }
        Assert.Equal(1000, await node.Grants.SweepAsync(DateTimeOffset.FromUnixTimeMilliseconds(2_000_000), 1000, Ct));
    }

    [Fact]
    public async Task Nodes_that_sweep_at_once_share_the_work()
    {
        await using var first = await OpenAsync([]);
        await using var second = await OpenAsync([]);
        for (var i = 0; i < 60; i++)
            await first.Grants.TryCreateAsync(Samples.Active() with { ExpiresAt = Samples.Start }, Ct);
        var prolonged = Samples.Approved();
        await first.Grants.TryCreateAsync(prolonged, Ct);
        await first.Grants.TryRedeemAsync(prolonged, Samples.Start.AddDays(30), Samples.Start, Ct);
        var swept = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(sweep => (sweep % 2 == 0 ? first : second).Grants.SweepAsync(Samples.Start.AddHours(1), 10, Ct).AsTask())
        );
        var rest = await first.Grants.SweepAsync(Samples.Start.AddHours(1), 1000, Ct);
        Assert.Equal(60, swept.Sum() + rest);
        Assert.NotNull(await first.Grants.FindAsync(prolonged.Id, Ct));
        Assert.Equal(1, await first.Grants.SweepAsync(Samples.Start.AddDays(30), 10, Ct));
    }

    private async Task<PostgresStores> OpenAsync(IReadOnlyList<SchemaStep> later) =>
        await PostgresStores.OpenAsync(await engine.AddressAsync(), [.. PostgresSchema.Steps, .. later], new SettableTime(), Ct);

    private async Task<Migrations> MigrationsAsync(IReadOnlyList<SchemaStep> later) =>
        new(
            NpgsqlDataSource.Create(await engine.ConnectionAsync()),
            PostgresDialect.Of("PostgreSQL 15"),
            IssuerSchema.Unnamed(),
            [.. PostgresSchema.Steps, .. later],
            TimeProvider.System
        );

    private async Task<SchemaState> MigrateAsync(IReadOnlyList<SchemaStep> later, bool contract) =>
        await (await MigrationsAsync(later)).ApplyAsync(contract, Ct);
}
