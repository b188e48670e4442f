using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Postgres;

/// <summary>The statement was done and its answer was lost. The second try recognises its own work, and nobody else wins beside it.</summary>
[Trait("Speed", "Slow")]
public sealed class UnknownOutcomeTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = Samples.Start;
    private readonly OnPostgres engine = new();
    private LossyProxy proxy = null!;
    private PostgresStores node = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var address = await engine.AddressAsync();
        proxy = new((await PostgresCluster.Shared).Port);
        node = await PostgresStores.OpenAsync(address.Through(proxy.Port), new SettableTime(), Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await node.DisposeAsync();
        proxy.Dispose();
        engine.Dispose();
    }

    [Fact]
    public async Task A_creation_is_told_as_made()
    {
        var grant = Samples.Active();
        Assert.True(await LosingAsync(() => node.Grants.TryCreateAsync(grant, Ct)));
        Assert.False(await node.Grants.TryCreateAsync(grant, Ct));
        var session = Samples.Session();
        Assert.True(await LosingAsync(() => node.Sessions.TryCreateAsync(session, Ct)));
        Assert.False(await node.Sessions.TryCreateAsync(session, Ct));
    }

    [Fact]
    public async Task A_flow_goes_on_through_lost_answers()
    {
        var grant = Samples.Requested();
        await node.Grants.TryCreateAsync(grant, Ct);
        Assert.True(await LosingAsync(() => node.Grants.TryApproveAsync(grant.Id, Samples.Approval, Start.AddMinutes(1), Start, Ct)));
        Assert.False(await node.Grants.TryApproveAsync(grant.Id, Samples.Approval, Start.AddMinutes(1), Start, Ct));
        Assert.True(await LosingAsync(() => node.Grants.TryRedeemAsync(grant, Start.AddDays(1), Start, Ct)));
        Assert.False(await node.Grants.TryRedeemAsync(grant, Start.AddDays(1), Start, Ct));
        Assert.True(await LosingAsync(() => node.Grants.TryRotateAsync(grant.Id, 1, Start, Ct)));
        Assert.False(await node.Grants.TryRotateAsync(grant.Id, 1, Start, Ct));
        Assert.Equal(2, (await node.Grants.FindAsync(grant.Id, Ct))!.Generation);
    }

    [Fact]
    public async Task An_end_has_one_entry_in_the_feed()
    {
        var grant = Samples.Active();
        await node.Grants.TryCreateAsync(grant, Ct);
        Assert.True(await LosingAsync(() => node.Grants.TryEndAsync(grant.Id, GrantEnd.RevokedByUser, Start, Ct)));
        Assert.False(await node.Grants.TryEndAsync(grant.Id, GrantEnd.RevokedByUser, Start, Ct));
        var session = Samples.Session();
        await node.Sessions.TryCreateAsync(session, Ct);
        Assert.True(await LosingAsync(() => node.Sessions.TryEndAsync(session.Id, Start, Ct)));
        Assert.False(await node.Sessions.TryEndAsync(session.Id, Start, Ct));
        Assert.Equal([1, 2], (await node.Changes.ReadAsync(0, 10, Ct)).Select(change => change.Sequence));
    }

    [Fact]
    public async Task A_one_time_key_is_accepted_from_the_one_who_brought_it()
    {
        Assert.True(await LosingAsync(() => node.OneTime.TryAddOnceAsync("jti", Start.AddMinutes(1), Start, Ct)));
        Assert.False(await node.OneTime.TryAddOnceAsync("jti", Start.AddMinutes(1), Start, Ct));
    }

    [Fact]
    public async Task A_commit_of_documents_is_told_as_won()
    {
        Assert.True(await LosingAsync(() => node.Documents.TryCommitAsync([new("client", "a", "1")], 0, Ct)));
        Assert.False(await node.Documents.TryCommitAsync([new("client", "a", "2")], 0, Ct));
        Assert.Equal(1, (await node.Documents.LoadAsync(Ct)).Revision);
    }

    [Fact]
    public async Task A_row_that_another_changed_meanwhile_is_not_taken_for_ones_own()
    {
        var grant = Samples.Approved();
        await node.Grants.TryCreateAsync(grant, Ct);
        Assert.True(await node.Grants.TryRedeemAsync(grant, Start.AddDays(1), Start, Ct));
        Assert.False(await LosingAsync(() => node.Grants.TryRedeemAsync(grant, Start.AddDays(1), Start, Ct)));
        Assert.False(await LosingAsync(() => node.Grants.TryRotateAsync(grant.Id, 7, Start, Ct)));
    }

    private async Task<bool> LosingAsync(Func<ValueTask<bool>> act)
    {
        var before = proxy.Lost;
        // A connection is there, so the answer that is lost is that of the act.
        await node.ProbeAsync(Ct);
        await node.Grants.TryTouchAsync(Samples.NewId(), Start, Ct);
        proxy.LoseNextAnswer();
        var won = await act();
        Assert.Equal(before + 1, proxy.Lost);
        return won;
    }
}
