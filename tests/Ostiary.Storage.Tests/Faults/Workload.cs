using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Faults;

/// <summary>Writes whose whole effect can be recognised, and what was acknowledged of them.</summary>
internal sealed class Workload(IStores stores, Action<Workload.Acknowledged>? told = null)
{
    private readonly List<Acknowledged> acknowledged = [];

    /// <summary>An effect, and the mark (a file's length) that was reached when it was acknowledged.</summary>
    public sealed record Acknowledged(GrantId Id, GrantStatus Status, int Generation, long Mark);

    public IReadOnlyList<Acknowledged> All
    {
        get
        {
            lock (acknowledged)
                return [.. acknowledged];
        }
    }

    /// <summary>The life of one grant: created, redeemed, rotated twice, and every second one ended; beside it a pair of documents.</summary>
    public async Task LiveAsync(bool ends, Func<long> mark)
    {
        var grant = Samples.Approved();
        Assert.True(await stores.Grants.TryCreateAsync(grant, CancellationToken.None));
        Note(grant.Id, GrantStatus.Approved, 0, mark);
        Assert.True(await stores.Grants.TryRedeemAsync(grant, Samples.Start.AddDays(1), Samples.Start, CancellationToken.None));
        Note(grant.Id, GrantStatus.Active, 1, mark);
        for (var generation = 1; generation <= 2; generation++)
        {
            Assert.True(await stores.Grants.TryRotateAsync(grant.Id, generation, Samples.Start, CancellationToken.None));
            Note(grant.Id, GrantStatus.Active, generation + 1, mark);
        }
        var revision = (await stores.Documents.LoadAsync(CancellationToken.None)).Revision;
        var text = grant.Id.ToString();
        await stores.Documents.TryCommitAsync([new("client", "a", text), new("client", "b", text)], revision, CancellationToken.None);
        if (!ends)
            return;
        Assert.True(await stores.Grants.TryEndAsync(grant.Id, GrantEnd.LoggedOut, Samples.Start, CancellationToken.None));
        Note(grant.Id, GrantStatus.Ended, 3, mark);
    }

    /// <summary>Everything acknowledged up to the mark is there, and nothing is there by half.</summary>
    public static async Task CheckAsync(IStores recovered, IReadOnlyList<Acknowledged> history, long mark)
    {
        foreach (var effect in history.Where(effect => effect.Mark <= mark))
        {
            var grant = await recovered.Grants.FindAsync(effect.Id, CancellationToken.None);
            Assert.NotNull(grant);
            Assert.True(grant.Status >= effect.Status, $"{effect} was acknowledged, {grant.Status} came back");
            Assert.True(grant.Generation >= effect.Generation, $"{effect} was acknowledged, generation {grant.Generation} came back");
        }
        var documents = (await recovered.Documents.LoadAsync(CancellationToken.None)).Documents;
        Assert.True(documents.Count is 0 or 2);
        Assert.Single(documents.Select(document => document.Json).Append(documents.Count > 0 ? documents[0].Json : "").Distinct());
        var grants = await recovered.Directory.GrantsAsync(new(Limit: 100_000), CancellationToken.None);
        var ended = grants.Items.Where(grant => grant.Status == GrantStatus.Ended).Select(grant => grant.Id.ToString());
        var feed = await recovered.Changes.ReadAsync(0, 100_000, CancellationToken.None);
        Assert.Equal(ended.Order(StringComparer.Ordinal), feed.Select(change => change.Id).Order(StringComparer.Ordinal));
        Assert.All(grants.Items, grant => Assert.Equal(grant.Status >= GrantStatus.Active, grant.Generation > 0));
    }

    private void Note(GrantId id, GrantStatus status, int generation, Func<long> mark)
    {
        var reached = mark();
        var effect = new Acknowledged(id, status, generation, reached);
        lock (acknowledged)
        {
            acknowledged.Add(effect);
            told?.Invoke(effect);
        }
    }
}
