using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Registration;
using Ostiary.Server.Stores.Memory;
using static Ostiary.Server.Tests.Configuration.Documents;

namespace Ostiary.Server.Tests.Configuration;

/// <summary>One more client costs as much among many as among few, and is judged and seen as if all had been read again.</summary>
public sealed class ClientTableTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Tells_what_was_put_since_it_was_settled_and_nothing_after_a_removal()
    {
        var settled = ConfigurationSet.Empty.With(ClientOf("a")).With(ClientOf("b")).Settled().Clients;
        Assert.Empty(settled.PutSince(settled)!);
        var put = settled.SetItem("c", ClientOf("c")).SetItem("a", ClientOf("a"));
        Assert.Equal(["a", "c"], put.PutSince(settled)!.Order());
        Assert.Null(put.Settled().PutSince(settled));
        Assert.Null(put.Remove("b").PutSince(settled));
        Assert.Null(put.Remove("b").SetItem("d", ClientOf("d")).PutSince(settled));
    }

    [Fact]
    public void Knows_how_many_registered_themselves_and_the_place_after_all()
    {
        var registered = ClientOf("r") with { Registration = new ClientRegistration("hash", null), Order = 7 };
        var table = ClientTable.Empty.SetItem("a", ClientOf("a") with { Order = 3 }).SetItem("r", registered).SetItem("r", registered);
        Assert.Equal((1, 8), (table.Registered, table.NextOrder));
        Assert.Equal((0, 8), (table.SetItem("r", registered with { Registration = null }).Registered, table.NextOrder));
        Assert.Equal((0, 4), (table.Remove("r").Registered, table.Remove("r").NextOrder));
        Assert.Equal((0, 0), (table.RemoveRange(["r", "a"]).Registered, table.RemoveRange(["r", "a"]).NextOrder));
    }

    [Fact]
    public async Task One_client_more_is_seen_as_if_all_were_read_again()
    {
        var stores = await MemoryStores.OpenAsync(null, TimeProvider.System, Stop);
        Assert.True(IssuerUrl.TryParse("https://id.example", out var url));
        using var live = await LiveConfiguration.LoadAsync(stores.Documents, url, Stop);
        var stayed = new List<long>();
        live.KeysStayed = stayed.Add;
        await live.TryChangeAsync(
            set => set.With(Api("""{"identifier":"https://a.example","scopes":[{"name":"read","description":"x"}]}""").Api!).With(ClientOf("a")),
            null,
            Stop
        );
        var before = live.Current;
        await live.TryChangeAsync(
            set =>
                set.With(
                    ClientOf(
                        "b",
                        ""","scope":"read","access_token_lifetime":"20h","id_token_signed_response_alg":"PS256","allow_unsafe":["access_token_lifetime"]"""
                    )
                ),
            null,
            Stop
        );
        var after = live.Current;
        using var again = await LiveConfiguration.LoadAsync(stores.Documents, url, Stop);

        Assert.Equal([after.Revision], stayed);
        Assert.Same(before.Apis, after.Apis);
        Assert.Null(before.Client("b"));
        Assert.Equal(again.Current.Revision, after.Revision);
        Assert.Equal(again.Current.Clients.Keys.Order(), after.Clients.Keys.Order());
        Assert.Equal(again.Current.SigningAlgorithms.Order(), after.SigningAlgorithms.Order());
        Assert.Contains("PS256", after.SigningAlgorithms);
        Assert.Equal(again.Current.LongestToken, after.LongestToken);
        Assert.True(after.LongestToken > before.LongestToken);
        Assert.Equal(again.CurrentSet.NextOrder, live.CurrentSet.NextOrder);
    }

    [Fact]
    public async Task One_client_more_is_held_to_the_references_and_not_to_the_faults_of_others()
    {
        var stores = await MemoryStores.OpenAsync(null, TimeProvider.System, Stop);
        Assert.True(IssuerUrl.TryParse("https://id.example", out var url));
        using var live = await LiveConfiguration.LoadAsync(stores.Documents, url, Stop);
        await live.TryChangeAsync(set => set.With(ClientOf("a", ""","scope":"later" """)), null, Stop, early: true);

        var outcome = await live.TryChangeAsync(set => set.With(ClientOf("b", ""","scope":"nothing" """)), null, Stop);
        Assert.Equal((Reason.ReferenceUnknown, "clients[b].scope"), (Assert.Single(outcome.Faults).Reason, outcome.Faults[0].Path));
        Assert.Empty((await live.TryChangeAsync(set => set.With(ClientOf("b")), null, Stop)).Faults);
        Assert.Empty((await live.TryChangeAsync(set => set.With(ClientOf("a", ""","scope":"later","client_name":"A" """)), null, Stop)).Faults);
        var gone = await live.TryChangeAsync(set => set.With(ClientOf("c", ""","may_act":"b" """)), null, Stop);
        Assert.Empty(gone.Faults);
        gone = await live.TryChangeAsync(set => set with { Clients = set.Clients.Remove("b") }, null, Stop);
        Assert.Equal("clients[c].may_act", Assert.Single(gone.Faults).Path);
    }

    private static ClientDocument ClientOf(string id, string more = "") =>
        Client($$"""{"client_id":"{{id}}","redirect_uris":["https://rp.example/cb"]{{more}}}""").Client!;
}
