using Ostiary.Protocol.Reasons;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Postgres;

/// <summary>Several issuers in one database, over the same connections.</summary>
[Trait("Speed", "Slow")]
public sealed class IssuerSchemaTests : IDisposable
{
    private readonly OnPostgres engine = new();
    private readonly string issuer = "id.example%2F" + Guid.NewGuid().ToString("N");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => engine.Dispose();

    [Theory]
    [InlineData("id.example%2Fred", "ostiary_id_example_red_cb38bf897d45d7e9")]
    [InlineData("id.example%2Fred%22%3Bdrop", "ostiary_id_example_red__drop_428d027e7543b2d2")]
    public void A_name_never_changes_and_needs_no_quotes(string issuer, string name) => Assert.Equal(name, IssuerSchema.Of(issuer).Name);

    [Fact]
    public void Names_of_two_issuers_differ_and_are_never_longer_than_PostgreSQL_keeps()
    {
        var length = new string('a', 190);
        string[] issuers = ["id.example%2Fa-b", "id.example%2Fa_b", "id.example%2Fa.b", "id.example%2FA.b", length + "b", length + "c"];
        var names = issuers.Select(text => IssuerSchema.Of(text).Name!).ToList();
        Assert.Equal(names.Count, names.Distinct(StringComparer.Ordinal).Count());
        Assert.All(names, name => Assert.Matches("^ostiary_[a-z0-9_]{1,55}$", name));
    }

    [Fact]
    public async Task Two_issuers_share_connections_and_nothing_else()
    {
        PostgresDatabase database = new(await engine.AddressAsync(), new SettableTime(), issuers: 2);
        await using var red = await PostgresStores.OpenAsync(database, IssuerSchema.Of(issuer + "red"), Ct);
        await using var blue = await PostgresStores.OpenAsync(database, IssuerSchema.Of(issuer + "blue"), Ct);
        var (grant, session) = (Samples.Active(), Samples.Session());
        foreach (var stores in new[] { red, blue })
        {
            Assert.True(await stores.Grants.TryCreateAsync(grant, Ct));
            Assert.True(await stores.Sessions.TryCreateAsync(session, Ct));
            Assert.True(await stores.OneTime.TryAddOnceAsync("once", Samples.Start.AddHours(1), Samples.Start, Ct));
        }
        // Often enough that every connection has the statements of both prepared.
        for (var generation = 1; generation <= 20; generation++)
        {
            Assert.True(await red.Grants.TryRotateAsync(grant.Id, generation, Samples.Start, Ct));
            Assert.Equal(generation + 1, (await red.Grants.FindAsync(grant.Id, Ct))!.Generation);
            Assert.Equal(1, (await blue.Grants.FindAsync(grant.Id, Ct))!.Generation);
        }

        Assert.True(await red.Grants.TryEndAsync(grant.Id, GrantEnd.RevokedByUser, Samples.Start, Ct));
        Assert.True(await red.Sessions.TryEndAsync(session.Id, Samples.Start, Ct));
        Assert.True(await red.Documents.TryCommitAsync([new("client", "a", "{}")], 0, Ct));

        Assert.Equal(2, (await red.Changes.ReadAsync(0, 10, Ct)).Count);
        Assert.Empty(await blue.Changes.ReadAsync(0, 10, Ct));
        Assert.Equal(GrantStatus.Active, (await blue.Grants.FindAsync(grant.Id, Ct))!.Status);
        Assert.Null((await blue.Sessions.FindAsync(session.Id, Ct))!.EndedAt);
        Assert.Equal((1, 0), (await red.Documents.RevisionAsync(Ct), await blue.Documents.RevisionAsync(Ct)));
        await red.DisposeAsync();
        await Assert.ThrowsAsync<StoreException>(async () => await red.Documents.RevisionAsync(Ct));
        Assert.True(await blue.Grants.TryRotateAsync(grant.Id, 1, Samples.Start, Ct));
    }

    [Fact]
    public async Task News_of_one_issuer_wake_its_nodes_and_not_those_of_another()
    {
        PostgresDatabase here = new(await engine.AddressAsync(), TimeProvider.System, issuers: 2);
        PostgresDatabase there = new(await engine.AddressAsync(), TimeProvider.System, issuers: 2);
        await using var red = await PostgresStores.OpenAsync(here, IssuerSchema.Of(issuer + "red"), Ct);
        await using var redThere = await PostgresStores.OpenAsync(there, IssuerSchema.Of(issuer + "red"), Ct);
        await using var blueThere = await PostgresStores.OpenAsync(there, IssuerSchema.Of(issuer + "blue"), Ct);
        foreach (var stores in new[] { redThere, blueThere })
        {
            while (!stores.Hears)
                await stores.WaitForNewsAsync(TimeSpan.FromMilliseconds(50), Ct);
            await stores.WaitForNewsAsync(TimeSpan.FromMilliseconds(100), Ct);
        }

        var woken = redThere.WaitForNewsAsync(TimeSpan.FromMinutes(5), Ct).AsTask();
        var asleep = blueThere.WaitForNewsAsync(TimeSpan.FromSeconds(1), Ct).AsTask();
        await red.Changes.AppendAsync(ChangeKind.TokenRevoked, "a", Samples.Start, Samples.Start, Ct);

        await woken;
        Assert.False(asleep.IsCompleted);
        await asleep;
    }

    [Fact]
    public async Task An_issuer_that_was_alone_keeps_its_tables_and_a_node_that_would_begin_anew_is_told()
    {
        PostgresDatabase database = new(await engine.AddressAsync(), new SettableTime(), issuers: 2);
        await using (var alone = await PostgresStores.OpenAsync(database, IssuerSchema.Unnamed(issuer), Ct))
            Assert.True(await alone.Documents.TryCommitAsync([], 0, Ct));
        await using (var still = await PostgresStores.OpenAsync(database, IssuerSchema.Unnamed(issuer), Ct))
            Assert.Equal(1, await still.Documents.RevisionAsync(Ct));
        await (await PostgresStores.OpenAsync(database, IssuerSchema.Of(issuer + "second"), Ct)).DisposeAsync();

        var fault = await Assert.ThrowsAsync<StoreException>(async () => await PostgresStores.OpenAsync(database, IssuerSchema.Of(issuer), Ct));

        Assert.Equal(Reason.SettingInvalid, fault.Reason);
        Assert.Contains("the data directory itself", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0L, await engine.ValueAsync($"SELECT count(*) FROM pg_namespace WHERE nspname = '{IssuerSchema.Of(issuer).Name}'"));
    }

    [Fact]
    public async Task An_issuer_with_a_schema_of_its_own_is_not_begun_anew_where_it_would_be_alone()
    {
        PostgresDatabase database = new(await engine.AddressAsync(), new SettableTime());
        await (await PostgresStores.OpenAsync(database, IssuerSchema.Of(issuer), Ct)).DisposeAsync();

        var fault = await Assert.ThrowsAsync<StoreException>(async () => await PostgresStores.OpenAsync(database, IssuerSchema.Unnamed(issuer), Ct));

        Assert.Contains(IssuerSchema.Of(issuer).Name!, fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, await PostgresStores.FormatOfAsync(await engine.AddressAsync(), IssuerSchema.Unnamed(), TimeProvider.System, Ct));
        Assert.Equal(
            PostgresStores.NewestFormat,
            await PostgresStores.FormatOfAsync(await engine.AddressAsync(), IssuerSchema.Of(issuer), TimeProvider.System, Ct)
        );
    }

    [Fact]
    public async Task A_user_who_may_make_no_schema_works_in_one_that_was_made_for_it()
    {
        var (role, ready) = ("r" + Guid.NewGuid().ToString("N"), IssuerSchema.Of(issuer));
        var cluster = await PostgresCluster.Shared;
        await cluster.ExecuteAsync($"CREATE ROLE {role} LOGIN; CREATE SCHEMA {ready.Name} AUTHORIZATION {role}");
        try
        {
            var address = PostgresAddress.Parse(cluster.Connection.Replace("Username=postgres", $"Username={role}", StringComparison.Ordinal));
            PostgresDatabase database = new(address, new SettableTime(), issuers: 2);
            await using (var stores = await PostgresStores.OpenAsync(database, ready, Ct))
            {
                var grant = Samples.Active();
                Assert.True(await stores.Grants.TryCreateAsync(grant, Ct));
                Assert.NotNull(await stores.Grants.FindAsync(grant.Id, Ct));
            }
            await (await PostgresStores.OpenAsync(database, ready, Ct)).DisposeAsync();

            var fault = await Assert.ThrowsAsync<StoreException>(async () =>
                await PostgresStores.OpenAsync(database, IssuerSchema.Of(issuer + "second"), Ct)
            );

            Assert.Equal(Reason.StorageReadOnly, fault.Reason);
            Assert.Contains(IssuerSchema.Of(issuer + "second").Name!, fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            await cluster.ExecuteAsync($"DROP SCHEMA {ready.Name} CASCADE; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_table_of_somebody_else_on_the_search_path_is_not_taken_for_ours()
    {
        await engine.ValueAsync("CREATE TABLE numbers (n integer)");
        PostgresDatabase database = new(await engine.AddressAsync(), new SettableTime(), issuers: 2);

        await using var stores = await PostgresStores.OpenAsync(database, IssuerSchema.Of(issuer), Ct);

        Assert.Equal(0, await stores.Documents.RevisionAsync(Ct));
    }

    [Fact]
    public async Task One_connection_of_a_kind_is_enough_to_begin_with()
    {
        var address = PostgresAddress.Parse(await engine.ConnectionAsync() + ";Maximum Pool Size=1");

        await using var stores = await PostgresStores.OpenAsync(new(address, new SettableTime()), IssuerSchema.Of(issuer), Ct);

        Assert.True(await stores.Documents.TryCommitAsync([], 0, Ct));
    }
}
