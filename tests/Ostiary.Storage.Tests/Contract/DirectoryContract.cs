using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests.Contract;

public abstract class DirectoryContract(StoreEngine engine) : StoreContract(engine)
{
    [Fact]
    public async Task Pages_through_all_grants_once()
    {
        var ids = new List<string>();
        for (var i = 0; i < 25; i++)
        {
            var grant = Samples.Active();
            ids.Add(grant.Id.ToString());
            await Stores.Grants.TryCreateAsync(grant, Ct);
        }
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await Stores.Directory.GrantsAsync(new(Cursor: cursor, Limit: 10), Ct);
            Assert.InRange(page.Items.Count, 1, 10);
            seen.AddRange(page.Items.Select(grant => grant.Id.ToString()));
            cursor = page.Next;
        } while (cursor is not null);
        Assert.Equal(25, seen.Count);
        Assert.Equal(ids.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_page_that_is_just_full_is_the_last()
    {
        for (var i = 0; i < 3; i++)
            await Stores.Grants.TryCreateAsync(Samples.Active(), Ct);
        var page = await Stores.Directory.GrantsAsync(new(Limit: 3), Ct);
        Assert.Equal((3, (string?)null), (page.Items.Count, page.Next));
    }

    [Fact]
    public async Task Filters_grants_by_subject_client_and_life()
    {
        var live = Samples.Active();
        var elsewhere = Samples.Active() with { ClientId = "other" };
        var foreign = Samples.Active() with { Approval = Samples.Approval with { Subject = "bob" } };
        var over = Samples.Active() with { ExpiresAt = Start.AddMinutes(5) };
        var ended = Samples.Active();
        foreach (var grant in new[] { live, elsewhere, foreign, over, ended })
            await Stores.Grants.TryCreateAsync(grant, Ct);
        await Stores.Grants.TryEndAsync(ended.Id, GrantEnd.LoggedOut, Start, Ct);
        Now = Start.AddMinutes(5);

        Assert.Equal([elsewhere.Id], await IdsAsync(new("ada", "other")));
        Assert.Equal(Sorted(foreign, live, over, ended), await IdsAsync(new(ClientId: "app")));
        Assert.Equal(Sorted(live, elsewhere), await IdsAsync(new("ada", LiveOnly: true)));
        Assert.Equal(Sorted(live, elsewhere, foreign), await IdsAsync(new(LiveOnly: true)));
        Assert.Empty(await IdsAsync(new("nobody")));
        Assert.Equal(Samples.Text(foreign), Samples.Text((await Stores.Directory.GrantsAsync(new("bob"), Ct)).Items[0]));
    }

    [Fact]
    public async Task Lists_live_sessions_page_by_page()
    {
        var sessions = Enumerable.Range(0, 5).Select(_ => Samples.Session()).ToList();
        var over = Samples.Session() with { ExpiresAt = Start };
        var ended = Samples.Session();
        var foreign = Samples.Session("bob");
        foreach (var session in sessions.Append(over).Append(ended).Append(foreign))
            await Stores.Sessions.TryCreateAsync(session, Ct);
        await Stores.Sessions.TryEndAsync(ended.Id, Start, Ct);

        var first = await Stores.Directory.SessionsAsync("ada", null, 3, Ct);
        var second = await Stores.Directory.SessionsAsync("ada", first.Next, 3, Ct);
        Assert.Equal((3, 2, (string?)null), (first.Items.Count, second.Items.Count, second.Next));
        Assert.Equal(
            sessions.Select(session => session.Id).Order(StringComparer.Ordinal),
            first.Items.Concat(second.Items).Select(session => session.Id)
        );
        Assert.Equal(6, (await Stores.Directory.SessionsAsync(null, null, 100, Ct)).Items.Count);
    }

    [Fact]
    public async Task Lists_consents_of_a_subject()
    {
        await Stores.Consents.TryPutAsync(Samples.Consent("ada", "b"), null, Ct);
        await Stores.Consents.TryPutAsync(Samples.Consent("ada", "a"), null, Ct);
        await Stores.Consents.TryPutAsync(Samples.Consent("bob", "a"), null, Ct);
        Assert.Equal([Samples.Consent("ada", "a"), Samples.Consent("ada", "b")], await Stores.Directory.ConsentsAsync("ada", Ct));
    }

    [Fact]
    public async Task Counts_rows_by_table()
    {
        var grant = Samples.Active();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        await Stores.Grants.TryCreateAsync(Samples.Active(), Ct);
        await Stores.Grants.TryEndAsync(grant.Id, GrantEnd.LoggedOut, Start, Ct);
        await Stores.Sessions.TryCreateAsync(Samples.Session(), Ct);
        await Stores.Consents.TryPutAsync(Samples.Consent(), null, Ct);
        await Stores.OneTime.TryAddOnceAsync("k", Start.AddDays(1), Start, Ct);
        await Stores.Documents.TryCommitAsync([new("client", "a", "{}")], 0, Ct);
        Assert.Equal(
            new Dictionary<string, long>
            {
                ["grants"] = 2,
                ["sessions"] = 1,
                ["consents"] = 1,
                ["one_time"] = 1,
                ["logout_notices"] = 0,
                ["changes"] = 1,
                ["documents"] = 1,
            },
            await Stores.Directory.CountAsync(Ct)
        );
    }

    private async Task<IEnumerable<GrantId>> IdsAsync(GrantQuery query) =>
        (await Stores.Directory.GrantsAsync(query, Ct)).Items.Select(grant => grant.Id);

    private static IEnumerable<GrantId> Sorted(params Grant[] grants) => grants.Select(grant => grant.Id).OrderBy(id => id.Value);
}

public sealed class DirectoryInMemory() : DirectoryContract(new InMemory());

public sealed class DirectoryInMemoryKept() : DirectoryContract(new InMemoryKept());

public sealed class DirectoryOnSqlite() : DirectoryContract(new OnSqlite());
