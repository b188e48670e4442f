using Ostiary.Server.Grants;

namespace Ostiary.Storage.Tests.Contract;

public abstract class DurabilityContract(StoreEngine engine) : StoreContract(engine)
{
    [Fact]
    public Task Everything_is_there_after_a_restart() => ComesBackAsync(ReopenAsync);

    [Fact]
    public Task Everything_is_there_after_a_crash() => ComesBackAsync(CrashAsync);

    private async Task ComesBackAsync(Func<Task> restartAsync)
    {
        var (requested, active, ended, swept) = (Samples.Requested(), Samples.Approved(), Samples.Active(), Samples.Active());
        foreach (var grant in new[] { requested, active, ended, swept with { ExpiresAt = Start } })
            await Stores.Grants.TryCreateAsync(grant, Ct);
        await Stores.Grants.TryRedeemAsync(active, Start.AddDays(1), Start, Ct);
        await Stores.Grants.TryRotateAsync(active.Id, 1, Start.AddSeconds(5), Ct);
        await Stores.Grants.TryEndAsync(ended.Id, GrantEnd.RevokedByOperator, Start + Instant, Ct);
        await Stores.Grants.SweepAsync(Start, 10, Ct);
        var session = Samples.Session();
        await Stores.Sessions.TryCreateAsync(session, Ct);
        await Stores.Sessions.TryTouchAsync(session.Id, Start.AddMinutes(1), Ct);
        await Stores.Consents.TryPutAsync(Samples.Consent(), null, Ct);
        await Stores.Consents.TryPutAsync(Samples.Consent("bob"), null, Ct);
        await Stores.Consents.TryRemoveAsync("bob", "app", Ct);
        await Stores.OneTime.TryAddOnceAsync("old", Start, Start - Instant, Ct);
        await Stores.OneTime.SweepAsync(Start, 10, Ct);
        await Stores.Changes.AppendAsync(Server.Stores.ChangeKind.KeyRevoked, "k", Start, Start, Ct);
        await Stores.Changes.SweepAsync(Start, 10, Ct);
        var old = Samples.Session() with { ExpiresAt = Start };
        await Stores.Sessions.TryCreateAsync(old, Ct);
        await Stores.Sessions.SweepAsync(Start, 10, Ct);
        await Stores.OneTime.TryAddOnceAsync("jti", Start.AddHours(1), Start, Ct);
        await Stores.Documents.TryCommitAsync([new("client", "a", """{"name":"Ä"}"""), new("client", "b", "{}")], 0, Ct);
        await Stores.Documents.TryCommitAsync([new("client", "b", null)], 1, Ct);

        var before = await PictureAsync();
        await restartAsync();
        Assert.Equal(before, await PictureAsync());
        Assert.Null(await Stores.Sessions.FindAsync(old.Id, Ct));
        Assert.Null(await Stores.Grants.FindAsync(swept.Id, Ct));
        Assert.False(await Stores.OneTime.TryAddOnceAsync("jti", Start.AddHours(1), Start, Ct));
        Assert.False(await Stores.Grants.TryRotateAsync(active.Id, 1, Start.AddSeconds(6), Ct));
        Assert.True(await Stores.Grants.TryRotateAsync(active.Id, 2, Start.AddSeconds(6), Ct));
        Assert.False(await Stores.Documents.TryCommitAsync([], 1, Ct));
    }

    [Fact]
    public async Task The_feed_goes_on_counting_after_a_restart()
    {
        var last = await Stores.Changes.AppendAsync(Server.Stores.ChangeKind.TokenRevoked, "a", Start, Start, Ct);
        await Stores.Changes.SweepAsync(Start, 10, Ct);
        await ReopenAsync();
        Assert.Empty(await Stores.Changes.ReadAsync(0, 10, Ct));
        Assert.True(await Stores.Changes.AppendAsync(Server.Stores.ChangeKind.TokenRevoked, "b", Start, Start, Ct) > last);
    }

    [Fact]
    public async Task A_closed_store_refuses()
    {
        await Stores.DisposeAsync();
        await Assert.ThrowsAsync<Server.Stores.StoreException>(async () => await Stores.Grants.TryCreateAsync(Samples.Active(), Ct));
        await ReopenAsync();
    }

    private async Task<string> PictureAsync()
    {
        var grants = (await Stores.Directory.GrantsAsync(new(), Ct)).Items.Select(Samples.Text);
        var sessions = (await Stores.Directory.SessionsAsync(null, null, 100, Ct)).Items.Select(Samples.Text);
        var consents = (await Stores.Directory.ConsentsAsync("ada", Ct)).Concat(await Stores.Directory.ConsentsAsync("bob", Ct));
        var documents = await Stores.Documents.LoadAsync(Ct);
        var changes = await Stores.Changes.ReadAsync(0, 100, Ct);
        return string.Join(
            '\n',
            grants
                .Concat(sessions)
                .Concat(consents.Select(consent => $"{consent}"))
                .Concat(documents.Documents.Select(document => $"{document}"))
                .Append($"revision {documents.Revision}")
                .Concat(changes.Select(change => $"{change}"))
        );
    }
}

public sealed class DurabilityInMemoryKept() : DurabilityContract(new InMemoryKept());

public sealed class DurabilityOnSqlite() : DurabilityContract(new OnSqlite());
