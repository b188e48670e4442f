using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Postgres;

/// <summary>Several nodes end and append at once; who follows the feed by its numbers sees each entry, once, in order.</summary>
[Trait("Speed", "Slow")]
public sealed class FeedTests : IAsyncLifetime
{
    private const int Nodes = 4;
    private const int CallersOfNode = 12;
    private const int EachCaller = 12;

    private readonly OnPostgres engine = new();
    private readonly List<IStores> nodes = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        for (var node = 0; node < Nodes; node++)
            nodes.Add(await engine.OpenAsync(new SettableTime()));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
            await node.DisposeAsync();
        engine.Dispose();
    }

    [Fact]
    public async Task A_follower_has_no_gap_while_many_connections_commit()
    {
        var grants = await GrantsAsync(Nodes * CallersOfNode * EachCaller);
        var following = Task.Run(() => FollowAsync(nodes[0], grants.Count), Ct);
        await Task.WhenAll(
            Enumerable.Range(0, Nodes * CallersOfNode).Select(caller => Task.Run(() => EndAsync(nodes[caller % Nodes], grants, caller), Ct))
        );
        var seen = await following;
        Assert.Equal(
            grants.Select(id => id.ToString()).Order(StringComparer.Ordinal),
            seen.Select(change => change.Id).Order(StringComparer.Ordinal)
        );
        Assert.Equal(Enumerable.Range(1, grants.Count).Select(number => (long)number), seen.Select(change => change.Sequence));
    }

    [Fact]
    public async Task An_end_on_one_node_wakes_the_others()
    {
        var id = (await GrantsAsync(1))[0];
        await Task.WhenAll(nodes.Select(node => HearsAsync((PostgresStores)node)));
        foreach (var node in nodes)
            await node.WaitForNewsAsync(TimeSpan.FromMilliseconds(100), Ct);
        var waiting = nodes.Select(node => node.WaitForNewsAsync(TimeSpan.FromMinutes(5), Ct).AsTask()).ToArray();
        Assert.True(await nodes[0].Grants.TryEndAsync(id, GrantEnd.RevokedByUser, Samples.Start, Ct));
        await Task.WhenAll(waiting);
        foreach (var node in nodes)
            Assert.Equal(id.ToString(), Assert.Single(await node.Changes.ReadAsync(0, 10, Ct)).Id);
    }

    [Fact]
    public async Task A_node_whose_listening_connection_is_cut_looks_again_and_comes_back()
    {
        var node = (PostgresStores)nodes[1];
        await HearsAsync(node);
        var cluster = await PostgresCluster.Shared;
        await cluster.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ostiary news'");
        var id = (await GrantsAsync(1))[0];
        await nodes[0].Grants.TryEndAsync(id, GrantEnd.RevokedByUser, Samples.Start, Ct);
        while ((await node.Changes.ReadAsync(0, 10, Ct)).Count == 0)
            await node.WaitForNewsAsync(TimeSpan.FromMinutes(5), Ct);
        await HearsAsync(node);
    }

    private static async Task HearsAsync(PostgresStores node)
    {
        while (!node.Hears)
            await node.WaitForNewsAsync(TimeSpan.FromMilliseconds(50), Ct);
    }

    private async Task<List<GrantId>> GrantsAsync(int count)
    {
        var grants = Enumerable.Range(0, count).Select(_ => Samples.Active()).ToList();
        foreach (var some in grants.Chunk(Nodes * CallersOfNode))
            await Task.WhenAll(some.Select((grant, at) => nodes[at % Nodes].Grants.TryCreateAsync(grant, Ct).AsTask()));
        return grants.ConvertAll(grant => grant.Id);
    }

    private static async Task EndAsync(IStores node, List<GrantId> grants, int caller)
    {
        for (var i = 0; i < EachCaller; i++)
            Assert.True(await node.Grants.TryEndAsync(grants[(caller * EachCaller) + i], GrantEnd.LoggedOut, Samples.Start, Ct));
    }

    private static async Task<List<Change>> FollowAsync(IStores node, int count)
    {
        var seen = new List<Change>();
        while (seen.Count < count)
        {
            var news = await node.Changes.ReadAsync(seen.Count == 0 ? 0 : seen[^1].Sequence, 50, Ct);
            seen.AddRange(news);
            if (news.Count == 0)
                await node.WaitForNewsAsync(TimeSpan.FromSeconds(1), Ct);
        }
        return seen;
    }
}
