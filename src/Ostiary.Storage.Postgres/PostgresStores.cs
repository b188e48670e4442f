using Npgsql;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres.Schema;

namespace Ostiary.Storage.Postgres;

/// <summary>Everything in one PostgreSQL database, shared by any number of nodes. Every acknowledged write is on the disk of the primary.</summary>
public sealed class PostgresStores : IStores
{
    // The server does one thing at a time for a connection; more than a few for each of its cores only wait there instead of here.
    private const int MostActs = 20;
    private const int MostReserved = 8;

    private readonly PostgresEngine engine;
    private readonly PostgresNews news;

    private PostgresStores(PostgresEngine engine, PostgresNews news, TimeProvider time)
    {
        (this.engine, this.news) = (engine, news);
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

    internal static async ValueTask<PostgresStores> OpenAsync(
        PostgresAddress address,
        IReadOnlyList<SchemaStep> steps,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var acts = PostgresPool.Build(address.Connection(MostActs, "ostiary"));
        var reserve = PostgresPool.Build(address.Connection(MostReserved, "ostiary reserve"));
        try
        {
            var dialect = await GreetAsync(reserve, address, ct);
            await new Migrations(reserve, dialect, steps, time).ApplyAsync(contract: false, ct);
            var engine = new PostgresEngine(address, dialect, time, acts, reserve);
            var listener = address.Connection(1, "ostiary news");
            (listener.KeepAlive, listener.ConnectionLifetime) = (5, 0);
            return new(engine, new PostgresNews(engine, PostgresPool.Build(listener), time), time);
        }
        catch (Exception fault)
        {
            await acts.DisposeAsync();
            await reserve.DisposeAsync();
            if (PostgresFault.IsOne(fault))
                throw PostgresFault.Of(fault, address.ForPeople);
            throw;
        }
    }

    public static long NewestFormat => PostgresSchema.Steps[^1].Version;

    /// <summary>The version of the tables; 0 where there are none yet. Changes nothing.</summary>
    public static async ValueTask<long> FormatOfAsync(PostgresAddress address, TimeProvider time, CancellationToken ct) =>
        (await MigrateAsync(address, migrations => migrations.StateAsync(ct), time, ct))?.Version ?? 0;

    /// <summary>Makes every step that is missing, also those that programs of an older version cannot live with. Throws <see cref="StoreException"/>.</summary>
    public static async ValueTask ContractAsync(PostgresAddress address, TimeProvider time, CancellationToken ct) =>
        await MigrateAsync(address, migrations => migrations.ApplyAsync(contract: true, ct), time, ct);

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
    internal bool Hears => news.Hears;

    public async ValueTask ProbeAsync(CancellationToken ct) =>
        await engine.WinsAsync(new Statement("UPDATE numbers SET value = value + 1 WHERE name = 'probe'"), ct, Lane.Reserve);

    public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => news.WaitAsync(patience, ct);

    public async ValueTask DisposeAsync()
    {
        await news.DisposeAsync();
        await engine.DisposeAsync();
    }

    private static async ValueTask<T> MigrateAsync<T>(
        PostgresAddress address,
        Func<Migrations, ValueTask<T>> act,
        TimeProvider time,
        CancellationToken ct
    )
    {
        await using var source = PostgresPool.Build(address.Connection(2, "ostiary migration"));
        try
        {
            return await act(new(source, await GreetAsync(source, address, ct), PostgresSchema.Steps, time));
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
