using System.Diagnostics;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Postgres;

/// <summary>An address of two databases, of which the standby is promoted, and the old primary comes back as its standby.</summary>
[Trait("Speed", "Slow")]
public sealed class PromotionTests : IAsyncLifetime
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongerThanHostsAreTrusted = TimeSpan.FromSeconds(4);
    private readonly PostgresCluster[] servers = new PostgresCluster[2];
    private PostgresStores node = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        servers[0] = await PostgresCluster.StartAsync();
        servers[1] = await PostgresCluster.StandbyOfAsync(servers[0]);
        var address = PostgresAddress.Parse($"postgres://postgres@127.0.0.1:{servers[0].Port},127.0.0.1:{servers[1].Port}/postgres");
        node = await PostgresStores.OpenAsync(address, TimeProvider.System, Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await node.DisposeAsync();
        foreach (var server in servers)
            await server.StopAsync();
    }

    [Fact]
    public async Task The_primary_is_found_again_whichever_of_the_two_it_is()
    {
        foreach (var (old, next) in new[] { (servers[0], servers[1]), (servers[1], servers[0]) })
        {
            using var stop = new CancellationTokenSource();
            var reading = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ReadAsync(stop.Token), Ct)));
            await old.CrashAsync();
            // Until everybody knows that there is only a standby.
            await Task.Delay(2_500, Ct);
            await next.ExecuteAsync("SELECT pg_promote()");
            var whole = Stopwatch.StartNew();
            await EventuallyAsync(whole, () => node.ProbeAsync(Ct));
            TestContext.Current.TestOutputHelper?.WriteLine($"written after {whole.Elapsed.TotalSeconds:0.0} s");
            await old.FollowAsync(next);
            // From now on the standby does not know what is written.
            await old.ValueAsync("SELECT pg_wal_replay_pause()");
            for (var rounds = Stopwatch.StartNew(); rounds.Elapsed < LongerThanHostsAreTrusted; )
            {
                var grant = Samples.Active();
                Assert.True(await node.Grants.TryCreateAsync(grant, Ct));
                Assert.True(await node.Grants.FindAsync(grant.Id, Ct) is not null, $"a standby was read after {whole.Elapsed}");
                await Task.Delay(20, Ct);
            }
            Assert.True(node.Hears);
            await stop.CancelAsync();
            await reading;
        }
    }

    [Fact]
    public async Task A_standby_alone_is_not_taken_for_the_database()
    {
        var standby = PostgresAddress.Parse($"postgres://postgres@127.0.0.1:{servers[1].Port}/postgres");

        var fault = await Assert.ThrowsAsync<StoreException>(async () => await PostgresStores.OpenAsync(standby, TimeProvider.System, Ct));

        Assert.Equal(Reason.StorageReadOnly, fault.Reason);
    }

    private async Task ReadAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await node.Documents.RevisionAsync(Ct);
            }
            catch (StoreException)
            {
                // While there is none.
            }
            await Task.Delay(20, Ct);
        }
    }

    private static async Task EventuallyAsync(Stopwatch since, Func<ValueTask> act)
    {
        while (true)
        {
            try
            {
                await act();
                return;
            }
            catch (StoreException) when (since.Elapsed < Longest)
            {
                await Task.Delay(50, Ct);
            }
        }
    }
}
