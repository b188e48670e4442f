using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using static Ostiary.Server.Tests.Configuration.Documents;

namespace Ostiary.Server.Tests.Configuration;

public sealed class LiveConfigurationTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Is_empty_and_usable_on_an_empty_store()
    {
        using var live = await OpenAsync(await StoresAsync());
        Assert.Empty(live.Current.Clients);
        Assert.Equal(TimeSpan.FromSeconds(60), live.Current.Settings.CodeLifetime);
    }

    [Fact]
    public async Task Swaps_the_snapshot_whole_and_keeps_it_over_a_restart()
    {
        var stores = await StoresAsync();
        using var live = await OpenAsync(stores);
        var before = live.Current;
        var outcome = await live.TryChangeAsync(set => set.With(ClientOf("a")).With(UserOf("usr_1", "Alice", "alice@x.example")), null, Stop);
        Assert.Empty(outcome.Faults);
        Assert.Empty(before.Clients);
        Assert.Equal(before.Revision + 1, live.Current.Revision);
        using var again = await OpenAsync(stores);
        Assert.NotNull(again.Current.Client("a"));
        Assert.Equal("usr_1", again.Current.UserByLogin("ALICE")!.Subject);
        Assert.Equal("usr_1", again.Current.UserByLogin("alice@x.example")!.Subject);
        Assert.Equal(live.Current.Revision, again.Current.Revision);
    }

    [Fact]
    public async Task Commits_nothing_where_nothing_changes()
    {
        using var live = await OpenAsync(await StoresAsync());
        await live.TryChangeAsync(set => set.With(ClientOf("a")), null, Stop);
        var revision = live.Current.Revision;
        Assert.Empty((await live.TryChangeAsync(set => set.With(ClientOf("a")), null, Stop)).Changes);
        Assert.Equal(revision, live.Current.Revision);
    }

    [Fact]
    public async Task Refuses_a_change_for_an_older_revision()
    {
        using var live = await OpenAsync(await StoresAsync());
        var seen = live.Current.Revision;
        await live.TryChangeAsync(set => set.With(ClientOf("a")), seen, Stop);
        var late = await live.TryChangeAsync(set => set.With(ClientOf("b")), seen, Stop);
        Assert.Equal(Reason.RevisionConflict, Assert.Single(late.Faults).Reason);
        Assert.Null(live.Current.Client("b"));
    }

    [Fact]
    public async Task Makes_the_change_again_where_another_process_came_first()
    {
        var stores = await StoresAsync();
        using var one = await OpenAsync(stores);
        using var other = await OpenAsync(stores);
        await one.TryChangeAsync(set => set.With(ClientOf("a")), null, Stop);
        var outcome = await other.TryChangeAsync(set => set.With(ClientOf("b")), null, Stop);
        Assert.Empty(outcome.Faults);
        Assert.Equal(["a", "b"], other.Current.Clients.Keys.Order());
        await one.ReloadAsync(Stop);
        Assert.Equal(["a", "b"], one.Current.Clients.Keys.Order());
    }

    [Fact]
    public async Task Is_not_disturbed_by_documents_of_others()
    {
        var stores = await StoresAsync();
        using var live = await OpenAsync(stores);
        var seen = live.Current.Revision;
        Assert.True(await stores.Documents.TryCommitAsync([new("key", "k1", "{}")], seen, Stop));
        var outcome = await live.TryChangeAsync(set => set.With(ClientOf("a")), seen, Stop);
        Assert.Empty(outcome.Faults);
        Assert.NotNull(live.Current.Client("a"));
    }

    [Fact]
    public async Task Loses_no_change_of_many_at_once()
    {
        var stores = await StoresAsync();
        using var one = await OpenAsync(stores);
        using var other = await OpenAsync(stores);
        await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : other).TryChangeAsync(set => set.With(ClientOf("c" + i)), null, Stop).AsTask())
        );
        await one.ReloadAsync(Stop);
        Assert.Equal(20, one.Current.Clients.Count);
    }

    [Theory]
    [InlineData("client", "not json")]
    [InlineData("client", """{"declared":{"client_id":"a","surprise":1}}""")]
    [InlineData("user", """{"declared":{"username":"a"}}""")]
    [InlineData("api", """{"declared":{"identifier":"https://a.example"},"order":"x"}""")]
    [InlineData("setting", """{"declared":{"code_lifetme":"1s"}}""", "issuer")]
    public async Task Does_not_start_on_documents_that_it_does_not_understand(string kind, string json, string id = "x")
    {
        var stores = await StoresAsync();
        Assert.True(await stores.Documents.TryCommitAsync([new(kind, id, json)], 0, Stop));
        var refused = await Assert.ThrowsAsync<StoreException>(() => OpenAsync(stores));
        Assert.Equal(Reason.StorageDamaged, refused.Reason);
    }

    [Fact]
    [Trait("Spec", "RFC 7662 §2.1")]
    public async Task Checks_every_reference_of_the_whole()
    {
        using var live = await OpenAsync(await StoresAsync());
        var outcome = await live.TryChangeAsync(
            set =>
                set.With(
                        ApiOf("""{"identifier":"https://a.example","scopes":[{"name":"read","description":"x"}],"resource_server_clients":["spi"]}""")
                    )
                    .With(
                        ApiOf("""{"identifier":"https://b.example","scopes":[{"name":"read","description":"x"}],"resource_server_clients":["spa"]}""")
                    )
                    .With(ClientOf("spa", ""","token_endpoint_auth_method":"none","scope":"openid rewd ostiary:admin" """))
                    .With(UserOf("usr_1", "alice", "x@x.example"))
                    .With(UserOf("usr_2", "ALICE", null))
                    .With(UserOf("usr_3", "bob", "X@x.example")),
            null,
            Stop
        );
        Assert.Null(outcome.Snapshot);
        Assert.Equal(0, live.Current.Revision);
        string[] expected =
        [
            "apis[https://b.example].scopes: the scope 'read' is already",
            "clients[spa].scope: no API defines the scope 'rewd'. The closest is 'read'.",
            "apis[https://a.example].resource_server_clients: no client 'spi' is registered. The closest is 'spa'.",
            "apis[https://b.example].resource_server_clients: the client 'spa' does not authenticate",
            "users[alice].username: 'alice' already signs in 'ALICE'",
            "users[bob].email: 'X@x.example' already signs in 'alice'",
        ];
        Assert.Equal(expected.Length, outcome.Faults.Count);
        foreach (var text in expected)
            Assert.Contains(outcome.Faults, f => f.ToString().StartsWith(text, StringComparison.Ordinal));
    }

    private static async Task<IStores> StoresAsync() => await MemoryStores.OpenAsync(null, TimeProvider.System, Stop);

    private static async Task<LiveConfiguration> OpenAsync(IStores stores)
    {
        Assert.True(IssuerUrl.TryParse("https://id.example", out var url));
        return await LiveConfiguration.LoadAsync(stores.Documents, url, Stop);
    }

    private static ClientDocument ClientOf(string id, string more = "") =>
        Client(
            """{"client_id":"ID","redirect_uris":["https://rp.example/cb"]MORE}"""
                .Replace("ID", id, StringComparison.Ordinal)
                .Replace("MORE", more, StringComparison.Ordinal)
        ).Client!;

    private static ApiDocument ApiOf(string text) => Api(text).Api!;

    private static UserDocument UserOf(string subject, string name, string? email)
    {
        var user = User(email is null ? $$"""{"username":"{{name}}"}""" : $$"""{"username":"{{name}}","email":"{{email}}"}""").User!;
        return user with { User = user.User with { Subject = subject } };
    }
}
