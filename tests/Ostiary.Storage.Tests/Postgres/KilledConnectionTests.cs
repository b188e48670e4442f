using Ostiary.Protocol.Reasons;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres;
using Ostiary.Storage.Tests.Contract;
using Ostiary.Storage.Tests.Faults;

namespace Ostiary.Storage.Tests.Postgres;

/// <summary>A database of its own that is mistreated while nodes write.</summary>
[Trait("Speed", "Slow")]
public sealed class KilledConnectionTests : IAsyncLifetime
{
    private const int Callers = 12;
    private const int Enough = 100;
    private readonly List<PostgresStores> nodes = [];
    private PostgresCluster cluster = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        cluster = await PostgresCluster.StartAsync();
        for (var node = 0; node < 2; node++)
            nodes.Add(await OpenAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
            await node.DisposeAsync();
        await cluster.StopAsync();
    }

    [Fact]
    public async Task Connections_killed_under_load_lose_nothing_that_was_acknowledged()
    {
        var history = await UnderLoadAsync(async () =>
        {
            const string Kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'ostiary%'";
            for (var round = 0; round < 12; round++)
            {
                Assert.True((long)(await cluster.ValueAsync(Kill))! > 0);
                await nodes[0].ProbeAsync(Ct);
            }
        });
        await CheckAsync(history);
    }

    [Fact]
    public async Task A_primary_that_crashes_and_comes_back_has_everything_that_was_acknowledged()
    {
        var history = await UnderLoadAsync(async () =>
        {
            await cluster.CrashAndRestartAsync();
            await EventuallyAsync(() => nodes[0].ProbeAsync(Ct));
            await EventuallyAsync(() => nodes[1].ProbeAsync(Ct));
        });
        await CheckAsync(history);
    }

    [Fact]
    public async Task Redemptions_race_while_connections_die_and_never_two_win()
    {
        const string Kill = """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'ostiary' AND random() < 0.5
            """;
        for (var round = 0; round < 10; round++)
        {
            var grant = Samples.Approved();
            await EventuallyAsync(async ValueTask () => await nodes[0].Grants.TryCreateAsync(grant, Ct));
            var racing = Task.WhenAll(Enumerable.Range(0, 24).Select(caller => Task.Run(() => RedeemAsync(nodes[caller % 2], grant), Ct)));
            await cluster.ValueAsync(Kill);
            var told = await racing;
            Assert.True(told.Count(won => won is true) <= 1);
            // Where everybody was told, somebody won.
            if (told.All(won => won is not null))
                Assert.Single(told, won => won is true);
        }
    }

    [Fact]
    public async Task A_database_that_may_not_be_written_says_so_and_is_read_on()
    {
        var grant = Samples.Active();
        await nodes[0].Grants.TryCreateAsync(grant, Ct);
        await cluster.ExecuteAsync("ALTER SYSTEM SET default_transaction_read_only = on");
        await cluster.ValueAsync("SELECT pg_reload_conf()");
        await Assert.ThrowsAsync<StoreException>(async () =>
        {
            while (true)
                await nodes[0].Grants.TryRotateAsync(grant.Id, 99, Samples.Start, Ct);
        });
        var fault = await Assert.ThrowsAsync<StoreException>(async () => await nodes[0].Grants.TryRotateAsync(grant.Id, 1, Samples.Start, Ct));
        Assert.Equal(Reason.StorageReadOnly, fault.Reason);
        Assert.Equal(1, (await nodes[0].Grants.FindAsync(grant.Id, Ct))!.Generation);
        await cluster.ExecuteAsync("ALTER SYSTEM RESET default_transaction_read_only");
        await cluster.ValueAsync("SELECT pg_reload_conf()");
        await EventuallyAsync(async ValueTask () => Assert.True(await nodes[0].Grants.TryRotateAsync(grant.Id, 1, Samples.Start, Ct)));
    }

    [Fact]
    public async Task A_database_that_is_away_is_said_to_be_away_without_its_password()
    {
        var address = PostgresAddress.Parse("postgres://someone:hidden-word@127.0.0.1:1/none");
        var fault = await Assert.ThrowsAsync<StoreException>(async () => await PostgresStores.OpenAsync(address, new SettableTime(), Ct));
        Assert.Equal(Reason.StorageUnavailable, fault.Reason);
        Assert.DoesNotContain("hidden-word", fault.ToString(), StringComparison.Ordinal);
    }

    private async Task<PostgresStores> OpenAsync() =>
        await PostgresStores.OpenAsync(PostgresAddress.Parse(cluster.Connection), new SettableTime(), Ct);

    private static async Task<bool?> RedeemAsync(PostgresStores node, Grant grant)
    {
        try
        {
            return await node.Grants.TryRedeemAsync(grant, Samples.Start.AddDays(1), Samples.Start, Ct);
        }
        catch (StoreException)
        {
            return null;
        }
    }

    /// <summary>Callers go on living lives on both nodes until the fault is over, and one more each.</summary>
    private async Task<List<Workload.Acknowledged>> UnderLoadAsync(Func<Task> fault)
    {
        var works = nodes.ConvertAll(node => new Workload(node));
        var over = 0;
        var living = Task.WhenAll(
            Enumerable.Range(0, Callers).Select(caller => Task.Run(() => LiveAsync(works[caller % 2], () => Volatile.Read(ref over) == 1), Ct))
        );
        while (works.Sum(work => work.All.Count) < Enough)
            await Task.Delay(10, Ct);
        await fault();
        Volatile.Write(ref over, 1);
        await living;
        return [.. works.SelectMany(work => work.All)];
    }

    private static async Task LiveAsync(Workload work, Func<bool> over)
    {
        for (var i = 0; ; i++)
        {
            var last = over();
            try
            {
                await work.LiveAsync(ends: i % 2 == 0, () => 0);
            }
            catch (StoreException) when (!last)
            {
                // Told that it is not known: the next life begins.
            }
            if (last)
                return;
        }
    }

    private async Task CheckAsync(List<Workload.Acknowledged> history)
    {
        Assert.True(history.Count > Enough);
        await using var other = await OpenAsync();
        await Workload.CheckAsync(other, history, long.MaxValue);
    }

    private static async Task EventuallyAsync(Func<ValueTask> act)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await act();
                return;
            }
            catch (StoreException) when (tries < 100)
            {
                await Task.Delay(50, Ct);
            }
        }
    }
}
