using Ostiary.Server.Hosting;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Storage.Postgres;
using Ostiary.Storage.Sqlite;

namespace Ostiary.Cli.Hosting;

/// <summary>Opens the engine that the options name. The engines live in assemblies of their own; here they meet.</summary>
internal static class Engines
{
    private const string SqliteFile = "ostiary.db";

    /// <summary>For all issuers of a server: those in one database share the connections to it.</summary>
    public static StoreOpener Of(ServerOptions server)
    {
        PostgresDatabase? database = null;
        return async (options, time, ct) =>
            options.Store switch
            {
                "memory" => await MemoryStores.OpenAsync(options.DataDirectory, time, ct),
                "postgres" => await PostgresStores.OpenAsync(
                    database ??= new(DatabaseSetting.Resolve(options.Database!), time, server.MoreIssuers.Count + 1),
                    SchemaOf(options),
                    ct
                ),
                _ => await SqliteStores.OpenAsync(Path.Combine(options.DataDirectory!, SqliteFile), time, ct),
            };
    }

    public static ValueTask<IStores> OpenAsync(ServerOptions options, TimeProvider time, CancellationToken ct) => Of(options)(options, time, ct);

    public static long NewestFormat(ServerOptions options) =>
        options.Store switch
        {
            "memory" => MemoryStores.NewestFormat,
            "postgres" => PostgresStores.NewestFormat,
            _ => SqliteStores.NewestFormat,
        };

    /// <summary>The format that the store has now, without opening it for writing; 0 where there is none yet.</summary>
    public static ValueTask<long> FormatAsync(ServerOptions options, CancellationToken ct) =>
        options.Store switch
        {
            "memory" => ValueTask.FromResult(MemoryStores.FormatOf(options.DataDirectory!)),
            "postgres" => PostgresStores.FormatOfAsync(DatabaseSetting.Resolve(options.Database!), SchemaOf(options), TimeProvider.System, ct),
            _ => SqliteStores.FormatOfAsync(Path.Combine(options.DataDirectory!, SqliteFile), ct),
        };

    /// <summary>Removes what only programs of an older version need. Where the store is of one process there are none.</summary>
    public static ValueTask ContractAsync(ServerOptions options, CancellationToken ct) =>
        options.Store == "postgres"
            ? PostgresStores.ContractAsync(DatabaseSetting.Resolve(options.Database!), SchemaOf(options), TimeProvider.System, ct)
            : ValueTask.CompletedTask;

    /// <summary>The store that a data directory was made with; SQLite where it is new.</summary>
    public static string KindOf(string data) =>
        DatabaseSetting.Of(data) is not null ? "postgres"
        : !File.Exists(Path.Combine(data, SqliteFile)) && Directory.Exists(data) && Directory.EnumerateFiles(data, "*.json*").Any() ? "memory"
        : "sqlite";

    /// <summary>A directory of its own goes with a schema of its own. A command without a server knows the directory, but not always the issuer.</summary>
    private static IssuerSchema SchemaOf(ServerOptions options) =>
        Partition.NameIn(options.DataDirectory!, options.Issuer) is { } own ? IssuerSchema.Of(own)
        : options.Listen.Count > 0 ? IssuerSchema.Unnamed(Partition.NameOf(options.Issuer))
        : IssuerSchema.Unnamed();
}
