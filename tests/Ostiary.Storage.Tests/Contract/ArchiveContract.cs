using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests.Contract;

public abstract class ArchiveContract(StoreEngine engine) : StoreContract(engine)
{
    protected virtual StoreEngine[] Others => [new InMemory(), new InMemoryKept(), new OnSqlite()];

    [Fact]
    public async Task Every_row_comes_back_in_another_engine()
    {
        await FillAsync();
        var rows = await RowsAsync(Stores);
        foreach (var other in Others)
        {
            using var disposed = other;
            await using var copy = await other.OpenAsync(TimeProvider.System);
            Assert.True(await copy.Archive.TryFillAsync(rows, Ct));
            Assert.Equal(Texts(rows), Texts(await RowsAsync(copy)));
            var next = await copy.Changes.AppendAsync(ChangeKind.TokenRevoked, "next", Start.AddHours(1), Start, Ct);
            Assert.True(next > (await Stores.Changes.ReadAsync(0, 100, Ct))[^1].Sequence);
            Assert.Equal((await Stores.Documents.LoadAsync(Ct)).Revision, (await copy.Documents.LoadAsync(Ct)).Revision);
        }
    }

    [Fact]
    public async Task A_store_that_holds_something_is_not_filled()
    {
        await FillAsync();
        var rows = await RowsAsync(Stores);
        Assert.False(await Stores.Archive.TryFillAsync(rows, Ct));
        Assert.Equal(Texts(rows), Texts(await RowsAsync(Stores)));
    }

    [Fact]
    public async Task A_fill_that_breaks_off_leaves_the_store_empty()
    {
        await Assert.ThrowsAsync<InvalidDataException>(async () => await Stores.Archive.TryFillAsync(Broken(), Ct));
        Assert.Empty((await Stores.Documents.LoadAsync(Ct)).Documents);
        Assert.Equal(0, await Stores.Documents.RevisionAsync(Ct));
        Assert.True(await Stores.Archive.TryFillAsync([new StoredDocument(new("client", "a", "{}"))], Ct));
    }

    [Fact]
    public async Task What_is_read_is_of_one_moment()
    {
        await FillAsync();
        var before = Texts(await RowsAsync(Stores));
        var seen = new List<StoredRow>();
        Task? write = null;
        await Stores.Archive.ReadAllAsync(
            row =>
            {
                seen.Add(row);
                write ??= Task.Run(async () => await Stores.Documents.TryCommitAsync([new("user", "late", "{}")], 1, Ct), Ct);
                if (seen.Count == 1)
                    write.Wait(Ct);
            },
            Ct
        );
        await write!;
        Assert.Equal(before, Texts(seen));
        Assert.Equal(2, await Stores.Documents.RevisionAsync(Ct));
    }

    private async Task FillAsync()
    {
        await Stores.Documents.TryCommitAsync([new("client", "a", """{"ü":"\n"}"""), new("key", "b", "{}")], 0, Ct);
        await Stores.Consents.TryPutAsync(Samples.Consent(), null, Ct);
        await Stores.Sessions.TryCreateAsync(Samples.Session(), Ct);
        await Stores.OneTime.TryAddOnceAsync("a/b", Start.AddMinutes(1), Start, Ct);
        await Stores.LogoutNotices.TryAddAsync(Samples.Notice() with { Refused = Protocol.Reasons.Reason.FetchTimedOut }, Ct);
        var grant = Samples.Active();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        var ended = Samples.Active();
        await Stores.Grants.TryCreateAsync(ended, Ct);
        await Stores.Grants.TryEndAsync(ended.Id, GrantEnd.LoggedOut, Start, Ct);
        await Stores.Changes.AppendAsync(ChangeKind.TokenRevoked, "t", Start.AddHours(1), Start, Ct);
    }

    private static async Task<List<StoredRow>> RowsAsync(IStores stores)
    {
        var rows = new List<StoredRow>();
        await stores.Archive.ReadAllAsync(rows.Add, Ct);
        return rows;
    }

    private static List<string> Texts(IEnumerable<StoredRow> rows) =>
        [
            .. rows.Select(row => System.Text.Encoding.UTF8.GetString(GrantJson.Bytes(json => BackupRow.Write(json, row))))
                .Order(StringComparer.Ordinal),
        ];

    private static IEnumerable<StoredRow> Broken()
    {
        yield return new StoredNumber(StoredNumber.Revision, 7);
        yield return new StoredDocument(new("client", "a", "{}"));
        throw new InvalidDataException("It ends here.");
    }
}

public sealed class ArchiveInMemory() : ArchiveContract(new InMemory());

public sealed class ArchiveInMemoryKept() : ArchiveContract(new InMemoryKept());

public sealed class ArchiveOnSqlite() : ArchiveContract(new OnSqlite());

[Trait("Speed", "Slow")]
public sealed class ArchiveOnPostgres() : ArchiveContract(new OnPostgres())
{
    protected override StoreEngine[] Others => [.. base.Others, new OnPostgres()];
}

[Trait("Speed", "Slow")]
public sealed class ArchiveInIssuerSchema() : ArchiveContract(new InIssuerSchema())
{
    protected override StoreEngine[] Others => [.. base.Others, new OnPostgres()];
}
