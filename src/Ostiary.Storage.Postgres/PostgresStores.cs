using Npgsql;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres.Schema;

namespace Ostiary.Storage.Postgres;

/// <summary>Everything of one issuer in one schema of a PostgreSQL database, shared by any number of nodes. Every acknowledged write is on the disk of the primary.</summary>
public sealed class PostgresStores : IStores
{
    private readonly PostgresEngine engine;

    private PostgresStores(PostgresEngine engine, TimeProvider time)
    {
        this.engine = engine;
        Grants = new PostgresGrants(engine);
        Sessions = new PostgresSessions(engine);
        Consents = new PostgresConsents(engine);
        OneTime = new PostgresOneTime(engine);
        LogoutNotices = new PostgresLogoutNotices(engine);
        Changes = new PostgresChanges(engine);
        Documents = new PostgresDocuments(engine);
        Archive = new PostgresArchive(engine);
        Directory = new PostgresDirectory(engine, time);
    }

    /// <summary>Connects, makes or brings up to date the tables, and refuses a server that acknowledges what it may lose. Throws <see cref="StoreException"/>.</summary>
    public static ValueTask<PostgresStores> OpenAsync(PostgresAddress address, TimeProvider time, CancellationToken ct) =>
        OpenAsync(address, PostgresSchema.Steps, time, ct);

    /// <summary>The same, over connections that other issuers use too.</summary>
    public static ValueTask<PostgresStores> OpenAsync(PostgresDatabase database, IssuerSchema schema, CancellationToken ct) =>
        OpenAsync(database, schema, PostgresSchema.Steps, ct);

    internal static ValueTask<PostgresStores> OpenAsync(
        PostgresAddress address,
        IReadOnlyList<SchemaStep> steps,
        TimeProvider time,
        CancellationToken ct
    ) => OpenAsync(new(address, time), IssuerSchema.Unnamed(), steps, ct);

    private static async ValueTask<PostgresStores> OpenAsync(
        PostgresDatabase database,
        IssuerSchema schema,
        IReadOnlyList<SchemaStep> steps,
        CancellationToken ct
    )
    {
        var (address, lines) = (database.Address, database.Take());
        try
        {
            var reserve = lines.Of(Lane.Reserve);
            var dialect = await GreetAsync(reserve, address, ct);
            var migrations = new Migrations(reserve, dialect, schema, steps, database.Time);
            var state = await migrations.StateAsync(ct); // On a connection of its own: who may have only one gets by with it.
            await using (var connection = await reserve.OpenConnectionAsync(ct))
                await OnePlace.CheckAsync(connection, schema, state, address.ForPeople, ct);
            await migrations.ApplyAsync(contract: false, ct);
            await using (var connection = await reserve.OpenConnectionAsync(ct))
                await OnePlace.RememberAsync(connection, schema);
            var engine = new PostgresEngine(database, lines, dialect, schema);
            if (dialect.IsPostgres)
                lines.News.Join(schema.Channel, engine.News);
            return new(engine, database.Time);
        }
        catch (Exception fault)
        {
            await database.LeaveAsync();
            if (PostgresFault.IsOne(fault))
                throw PostgresFault.Of(fault, address.ForPeople);
            throw;
        }
    }

    public static long NewestFormat => PostgresSchema.Steps[^1].Version;

    /// <summary>The version of the tables; 0 where there are none yet. Changes nothing.</summary>
    public static async ValueTask<long> FormatOfAsync(PostgresAddress address, IssuerSchema schema, TimeProvider time, CancellationToken ct) =>
        (await MigrateAsync(address, schema, migrations => migrations.StateAsync(ct), time, ct))?.Version ?? 0;

    /// <summary>Makes every step that is missing, also those that programs of an older version cannot live with. Throws <see cref="StoreException"/>.</summary>
    public static async ValueTask ContractAsync(PostgresAddress address, IssuerSchema schema, TimeProvider time, CancellationToken ct) =>
        await MigrateAsync(address, schema, migrations => migrations.ApplyAsync(contract: true, ct), time, ct);

    public string Engine => engine.Dialect.Name;
    public IGrantStore Grants { get; }
    public ISessionStore Sessions { get; }
    public IConsentStore Consents { get; }
    public IOneTimeStore OneTime { get; }
    public ILogoutNoticeStore LogoutNotices { get; }
    public IChangeFeed Changes { get; }
    public IDocumentStore Documents { get; }
    public IDirectory Directory { get; }
    public IStoreArchive Archive { get; }

    /// <summary>Whether the listening connection is there; without it the node polls.</summary>
    internal bool Hears => engine.Hears;

    public async ValueTask ProbeAsync(CancellationToken ct) =>
        await engine.WinsAsync(engine.Say("UPDATE our.numbers SET value = value + 1 WHERE name = 'probe'"), ct, Lane.Reserve);

    public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => engine.WaitForNewsAsync(patience, ct);

    public ValueTask DisposeAsync() => engine.DisposeAsync();

    private static async ValueTask<T> MigrateAsync<T>(
        PostgresAddress address,
        IssuerSchema schema,
        Func<Migrations, ValueTask<T>> act,
        TimeProvider time,
        CancellationToken ct
    )
    {
        await using var source = PostgresPool.Build(address.Connection(2, "ostiary migration"));
        try
        {
            return await act(new(source, await GreetAsync(source, address, ct), schema, PostgresSchema.Steps, time));
        }
        catch (Exception fault) when (PostgresFault.IsOne(fault))
        {
            throw PostgresFault.Of(fault, address.ForPeople);
        }
    }

    private static async ValueTask<PostgresDialect> GreetAsync(NpgsqlDataSource source, PostgresAddress address, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        var dialect = await PostgresDialect.OfAsync(connection);
        if (!dialect.IsPostgres)
            return dialect;
        await using var command = new NpgsqlCommand("SELECT current_setting('synchronous_commit'), current_setting('fsync')", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        if (reader.GetString(0) == "off" || reader.GetString(1) == "off")
            throw new StoreException(
                Reason.SettingInvalid,
                $"{address.ForPeople} acknowledges what is not on its disk (synchronous_commit or fsync is off): a power cut would lose revocations."
            );
        return dialect;
    }
}
