using Ostiary.Protocol;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests.Contract;

public abstract class ConsentContract(StoreEngine engine) : StoreContract(engine)
{
    [Fact]
    public async Task Puts_replaces_and_removes()
    {
        Assert.Null(await Stores.Consents.FindAsync("ada", "app", Ct));
        Assert.True(await Stores.Consents.TryPutAsync(Samples.Consent(), null, Ct));
        Assert.Equal(Samples.Consent(), await Stores.Consents.FindAsync("ada", "app", Ct));
        var wider = Samples.Consent() with { Scope = ScopeSet.Of(["openid", "email"]), GrantedAt = Start.AddDays(1) };
        Assert.True(await Stores.Consents.TryPutAsync(wider, Samples.Consent(), Ct));
        Assert.Equal(wider, await Stores.Consents.FindAsync("ada", "app", Ct));
        Assert.Null(await Stores.Consents.FindAsync("ada", "other", Ct));
        Assert.Null(await Stores.Consents.FindAsync("bob", "app", Ct));
        Assert.True(await Stores.Consents.TryRemoveAsync("ada", "app", Ct));
        Assert.False(await Stores.Consents.TryRemoveAsync("ada", "app", Ct));
        Assert.Null(await Stores.Consents.FindAsync("ada", "app", Ct));
    }

    [Fact]
    public async Task Replaces_only_what_was_found()
    {
        var first = Samples.Consent();
        var other = first with { Scope = ScopeSet.Of(["openid", "email"]) };
        Assert.True(await Stores.Consents.TryPutAsync(first, null, Ct));
        Assert.False(await Stores.Consents.TryPutAsync(other, null, Ct));
        Assert.False(await Stores.Consents.TryPutAsync(other, other, Ct));
        Assert.False(await Stores.Consents.TryPutAsync(other, first with { GrantedAt = Start.AddDays(2) }, Ct));
        Assert.Equal(first, await Stores.Consents.FindAsync("ada", "app", Ct));
        Assert.True(await Stores.Consents.TryRemoveAsync("ada", "app", Ct));
        Assert.False(await Stores.Consents.TryPutAsync(other, first, Ct));
        Assert.Null(await Stores.Consents.FindAsync("ada", "app", Ct));
    }

    [Fact]
    public async Task What_many_allow_at_once_is_all_kept()
    {
        var scopes = Enumerable.Range(0, 20).Select(i => $"s{i}").ToList();
        await Task.WhenAll(
            scopes.Select(scope =>
                Task.Run(
                    async () =>
                    {
                        Server.Consents.Consent? known;
                        do known = await Stores.Consents.FindAsync("ada", "app", Ct);
                        while (
                            !await Stores.Consents.TryPutAsync(
                                Samples.Consent() with
                                {
                                    Scope = known?.Scope.Union(ScopeSet.Of([scope])) ?? ScopeSet.Of([scope]),
                                },
                                known,
                                Ct
                            )
                        );
                    },
                    Ct
                )
            )
        );
        Assert.Equal(ScopeSet.Of(scopes), (await Stores.Consents.FindAsync("ada", "app", Ct))!.Scope);
    }
}

public abstract class OneTimeContract(StoreEngine engine) : StoreContract(engine)
{
    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task A_key_is_accepted_once_until_it_is_over()
    {
        var until = Start.AddMinutes(1);
        Assert.True(await Stores.OneTime.TryAddOnceAsync("client/jti", until, Start, Ct));
        Assert.False(await Stores.OneTime.TryAddOnceAsync("client/jti", until.AddDays(1), Start, Ct));
        Assert.False(await Stores.OneTime.TryAddOnceAsync("client/jti", until.AddDays(1), until - Instant, Ct));
        Assert.True(await Stores.OneTime.TryAddOnceAsync("other/jti", until, Start, Ct));
        Assert.True(await Stores.OneTime.TryAddOnceAsync("client/jti", until.AddDays(1), until, Ct));
        Assert.False(await Stores.OneTime.TryAddOnceAsync("client/jti", until.AddDays(2), until, Ct));
    }

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task What_is_over_already_is_accepted_from_nobody()
    {
        Assert.False(await Stores.OneTime.TryAddOnceAsync("late", Start, Start, Ct));
        Assert.True(await Stores.OneTime.TryAddOnceAsync("late", Start + Instant, Start, Ct));
    }

    [Fact]
    public async Task Keys_are_compared_exactly()
    {
        foreach (var key in new[] { "a", "A", "a ", "ä", "a\u0308", "" })
            Assert.True(await Stores.OneTime.TryAddOnceAsync(key, Start.AddMinutes(1), Start, Ct));
    }

    [Fact]
    public async Task A_sweep_never_frees_a_key_before_its_time()
    {
        await Stores.OneTime.TryAddOnceAsync("over", Start.AddMinutes(1), Start, Ct);
        await Stores.OneTime.TryAddOnceAsync("over too", Start.AddMinutes(1), Start, Ct);
        await Stores.OneTime.TryAddOnceAsync("live", Start.AddMinutes(1) + Instant, Start, Ct);
        Assert.Equal(0, await Stores.OneTime.SweepAsync(Start.AddMinutes(1) - Instant, 10, Ct));
        Assert.Equal(1, await Stores.OneTime.SweepAsync(Start.AddMinutes(1), 1, Ct));
        Assert.Equal(1, await Stores.OneTime.SweepAsync(Start.AddMinutes(1), 10, Ct));
        Assert.False(await Stores.OneTime.TryAddOnceAsync("live", Start.AddHours(1), Start.AddMinutes(1), Ct));
    }
}

public abstract class ChangeFeedContract(StoreEngine engine) : StoreContract(engine)
{
    [Fact]
    public async Task Reads_in_order_after_a_number()
    {
        var first = await Stores.Changes.AppendAsync(ChangeKind.TokenRevoked, "a", Start.AddHours(1), Start, Ct);
        var second = await Stores.Changes.AppendAsync(ChangeKind.KeyRevoked, "b", Start.AddHours(2), Start.AddSeconds(1), Ct);
        var third = await Stores.Changes.AppendAsync(ChangeKind.ClientDisabled, "a", Start.AddHours(3), Start.AddSeconds(2), Ct);
        Assert.True(0 < first && first < second && second < third);
        Assert.Equal(
            [
                new(first, ChangeKind.TokenRevoked, "a", Start, Start.AddHours(1)),
                new(second, ChangeKind.KeyRevoked, "b", Start.AddSeconds(1), Start.AddHours(2)),
                new(third, ChangeKind.ClientDisabled, "a", Start.AddSeconds(2), Start.AddHours(3)),
            ],
            await Stores.Changes.ReadAsync(0, 10, Ct)
        );
        Assert.Equal([second], (await Stores.Changes.ReadAsync(first, 1, Ct)).Select(change => change.Sequence));
        Assert.Empty(await Stores.Changes.ReadAsync(third, 10, Ct));
    }

    [Fact]
    public async Task A_number_is_never_given_twice_even_after_a_sweep()
    {
        var first = await Stores.Changes.AppendAsync(ChangeKind.TokenRevoked, "a", Start.AddHours(1), Start, Ct);
        var second = await Stores.Changes.AppendAsync(ChangeKind.TokenRevoked, "b", Start.AddHours(2), Start, Ct);
        Assert.Equal(1, await Stores.Changes.SweepAsync(Start.AddHours(1), 10, Ct));
        Assert.Equal([second], (await Stores.Changes.ReadAsync(0, 10, Ct)).Select(change => change.Sequence));
        Assert.Equal(1, await Stores.Changes.SweepAsync(Start.AddHours(2), 10, Ct));
        Assert.True(await Stores.Changes.AppendAsync(ChangeKind.TokenRevoked, "c", Start.AddHours(3), Start, Ct) > Math.Max(first, second));
    }

    [Fact]
    public async Task A_follower_misses_nothing_while_many_append()
    {
        const int Writers = 20;
        const int Each = 25;
        var writing = Task.WhenAll(
            Enumerable
                .Range(0, Writers)
                .Select(writer =>
                    Task.Run(
                        async () =>
                        {
                            for (var i = 0; i < Each; i++)
                                await Stores.Changes.AppendAsync(ChangeKind.TokenRevoked, $"{writer}/{i}", Start.AddHours(1), Start, Ct);
                        },
                        Ct
                    )
                )
        );
        var seen = new List<Change>();
        while (seen.Count < Writers * Each)
        {
            var done = writing.IsCompleted;
            var news = await Stores.Changes.ReadAsync(seen.Count == 0 ? 0 : seen[^1].Sequence, 7, Ct);
            seen.AddRange(news);
            if (done && news.Count == 0)
                break;
            await Task.Yield();
        }
        await writing;
        Assert.Equal(Writers * Each, seen.DistinctBy(change => change.Id).Count());
        Assert.True(seen.Zip(seen.Skip(1)).All(pair => pair.First.Sequence < pair.Second.Sequence));
    }
}

public abstract class NewsContract(StoreEngine engine) : StoreContract(engine)
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Who_waits_is_woken_by_an_end()
    {
        var grant = Samples.Active();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        await QuietAsync();
        var waiting = Stores.WaitForNewsAsync(Long, Ct).AsTask();
        await Stores.Grants.TryEndAsync(grant.Id, Server.Grants.GrantEnd.LoggedOut, Start, Ct);
        await waiting;
    }

    [Fact]
    public async Task Who_waits_is_woken_by_a_change_of_the_documents()
    {
        await QuietAsync();
        var waiting = Stores.WaitForNewsAsync(Long, Ct).AsTask();
        Assert.True(await Stores.Documents.TryCommitAsync([new("client", "a", "{}")], 0, Ct));
        await waiting;
    }

    [Fact]
    public async Task What_changed_before_the_wait_began_is_not_slept_over()
    {
        await QuietAsync();
        await Stores.Changes.AppendAsync(ChangeKind.KeyRevoked, "k", Start.AddHours(1), Start, Ct);
        await Stores.WaitForNewsAsync(Long, Ct);
    }

    [Fact]
    public async Task Patience_ends_without_news()
    {
        await QuietAsync();
        await Stores.WaitForNewsAsync(TimeSpan.FromMilliseconds(20), Ct);
        using var stop = new CancellationTokenSource();
        var waiting = Stores.WaitForNewsAsync(Long, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    /// <summary>Takes what may have rung at the start.</summary>
    private async Task QuietAsync() => await Stores.WaitForNewsAsync(TimeSpan.FromMilliseconds(100), Ct);
}

public abstract class DocumentContract(StoreEngine engine) : StoreContract(engine)
{
    [Fact]
    public async Task Commits_all_changes_under_one_revision()
    {
        var empty = await Stores.Documents.LoadAsync(Ct);
        Assert.Equal(0, empty.Revision);
        Assert.Empty(empty.Documents);
        Assert.True(
            await Stores.Documents.TryCommitAsync(
                [new("client", "b", """{"n":1}"""), new("api", "a", "{}"), new("client", "a", """{"ü":"\n"}""")],
                0,
                Ct
            )
        );
        Assert.True(
            await Stores.Documents.TryCommitAsync([new("client", "b", """{"n":2}"""), new("api", "a", null), new("api", "none", null)], 1, Ct)
        );
        var set = await Stores.Documents.LoadAsync(Ct);
        Assert.Equal(2, set.Revision);
        Assert.Equal([new("client", "a", """{"ü":"\n"}"""), new("client", "b", """{"n":2}""")], set.Documents);
    }

    [Fact]
    public async Task Changes_nothing_at_another_revision()
    {
        await Stores.Documents.TryCommitAsync([new("client", "a", "1")], 0, Ct);
        foreach (var revision in new long[] { 0, 2, -1 })
            Assert.False(await Stores.Documents.TryCommitAsync([new("client", "a", "2"), new("client", "b", "2")], revision, Ct));
        var set = await Stores.Documents.LoadAsync(Ct);
        Assert.Equal(1, set.Revision);
        Assert.Equal([new("client", "a", "1")], set.Documents);
    }

    [Fact]
    public async Task The_last_change_of_a_document_counts()
    {
        await Stores.Documents.TryCommitAsync([new("user", "a", "1"), new("user", "a", null), new("user", "b", null), new("user", "b", "3")], 0, Ct);
        Assert.Equal([new("user", "b", "3")], (await Stores.Documents.LoadAsync(Ct)).Documents);
    }

    [Fact]
    public async Task Can_be_probed()
    {
        await Stores.ProbeAsync(Ct);
        await Stores.ProbeAsync(Ct);
        Assert.Equal(0, (await Stores.Documents.LoadAsync(Ct)).Revision);
        Assert.NotEmpty(Stores.Engine);
    }
}

public sealed class ConsentsInMemory() : ConsentContract(new InMemory());

public sealed class ConsentsInMemoryKept() : ConsentContract(new InMemoryKept());

public sealed class ConsentsOnSqlite() : ConsentContract(new OnSqlite());

public sealed class OneTimeInMemory() : OneTimeContract(new InMemory());

public sealed class OneTimeInMemoryKept() : OneTimeContract(new InMemoryKept());

public sealed class OneTimeOnSqlite() : OneTimeContract(new OnSqlite());

public sealed class ChangeFeedInMemory() : ChangeFeedContract(new InMemory());

public sealed class ChangeFeedInMemoryKept() : ChangeFeedContract(new InMemoryKept());

public sealed class ChangeFeedOnSqlite() : ChangeFeedContract(new OnSqlite());

public sealed class DocumentsInMemory() : DocumentContract(new InMemory());

public sealed class DocumentsInMemoryKept() : DocumentContract(new InMemoryKept());

public sealed class DocumentsOnSqlite() : DocumentContract(new OnSqlite());

public sealed class NewsInMemory() : NewsContract(new InMemory());

public sealed class NewsInMemoryKept() : NewsContract(new InMemoryKept());

public sealed class NewsOnSqlite() : NewsContract(new OnSqlite());
