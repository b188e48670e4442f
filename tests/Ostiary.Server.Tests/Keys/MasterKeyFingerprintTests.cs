using Ostiary.Protocol.Reasons;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;

namespace Ostiary.Server.Tests.Keys;

public sealed class MasterKeyFingerprintTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_with_another_master_key_does_not_start()
    {
        await using var stores = await MemoryStores.OpenAsync(null, TimeProvider.System, Ct);
        var (key, other) = (MasterKey.Ephemeral(), MasterKey.Ephemeral());
        await MasterKeyFingerprint.CheckAsync(stores.Documents, key, Ct);
        await MasterKeyFingerprint.CheckAsync(stores.Documents, key, Ct);
        var fault = await Assert.ThrowsAsync<StoreException>(async () => await MasterKeyFingerprint.CheckAsync(stores.Documents, other, Ct));
        Assert.Equal(Reason.KeyUnreadable, fault.Reason);
        Assert.Single((await stores.Documents.LoadAsync(Ct)).Documents);
    }

    [Fact]
    public async Task Of_nodes_that_start_at_once_with_several_keys_those_with_the_first_go_on()
    {
        await using var stores = await MemoryStores.OpenAsync(null, TimeProvider.System, Ct);
        var keys = new[] { MasterKey.Ephemeral(), MasterKey.Ephemeral() };
        var started = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(async node => (Key: node % 2, Went: await GoesOnAsync(stores.Documents, keys[node % 2])))
        );
        Assert.Single(started.Where(node => node.Went).Select(node => node.Key).Distinct());
    }

    private static async Task<bool> GoesOnAsync(IDocumentStore documents, MasterKey key)
    {
        try
        {
            await Task.Yield();
            await MasterKeyFingerprint.CheckAsync(documents, key, Ct);
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }
}
