using Npgsql;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres;
using Ostiary.Storage.Tests.Postgres;

namespace Ostiary.Storage.Tests.Contract;

/// <summary>A schema of its own in the shared PostgreSQL.</summary>
public sealed class OnPostgres : StoreEngine
{
    private readonly string schema = "s" + Guid.NewGuid().ToString("N");
    private bool made;

    internal async Task<PostgresAddress> AddressAsync() => PostgresAddress.Parse(await ConnectionAsync());

    public async Task<string> ConnectionAsync()
    {
        var cluster = await PostgresCluster.Shared;
        if (!made)
            await cluster.ExecuteAsync($"CREATE SCHEMA {schema}");
        made = true;
        return $"{cluster.Connection};Search Path={schema}";
    }

    public async Task<object?> ValueAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(await ConnectionAsync() + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>The database is all that a killed node leaves.</summary>
    public override ValueTask<IStores> OpenCopyAsync(TimeProvider time) => OpenAsync(time);

    protected override async ValueTask<IStores> OpenAsync(string directory, TimeProvider time) =>
        await PostgresStores.OpenAsync(await AddressAsync(), time, CancellationToken.None);
}

/// <summary>A schema that each statement names itself, over connections that another issuer uses too. The search path leads to no tables.</summary>
public sealed class InIssuerSchema : StoreEngine
{
    private readonly IssuerSchema schema = IssuerSchema.Of("id.example%2F" + Guid.NewGuid().ToString("N"));
    private PostgresDatabase? database;

    public override ValueTask<IStores> OpenCopyAsync(TimeProvider time) => OpenAsync(time);

    protected override async ValueTask<IStores> OpenAsync(string directory, TimeProvider time)
    {
        database ??= new(PostgresAddress.Parse((await PostgresCluster.Shared).Connection + ";Search Path=nowhere"), time, issuers: 2);
        return await PostgresStores.OpenAsync(database, schema, CancellationToken.None);
    }
}

[Trait("Speed", "Slow")]
public sealed class GrantsOnPostgres() : GrantContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class GrantEndsOnPostgres() : GrantEndContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class SessionsOnPostgres() : SessionContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class ConsentsOnPostgres() : ConsentContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class OneTimeOnPostgres() : OneTimeContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class ChangeFeedOnPostgres() : ChangeFeedContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class NewsOnPostgres() : NewsContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class DocumentsOnPostgres() : DocumentContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class DirectoryOnPostgres() : DirectoryContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class DurabilityOnPostgres() : DurabilityContract(new OnPostgres());

public sealed class RacesOnPostgres() : RaceContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class GrantsInIssuerSchema() : GrantContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class GrantEndsInIssuerSchema() : GrantEndContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class SessionsInIssuerSchema() : SessionContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class ConsentsInIssuerSchema() : ConsentContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class OneTimeInIssuerSchema() : OneTimeContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class ChangeFeedInIssuerSchema() : ChangeFeedContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class NewsInIssuerSchema() : NewsContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class DocumentsInIssuerSchema() : DocumentContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class DirectoryInIssuerSchema() : DirectoryContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class DurabilityInIssuerSchema() : DurabilityContract(new InIssuerSchema());

[Trait("Speed", "Slow")]
public sealed class RacesInIssuerSchema() : RaceContract(new InIssuerSchema());
