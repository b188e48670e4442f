using System.Runtime.Versioning;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Storage.Sqlite;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Faults;

/// <summary>Both engines on a real small disk, where the process may mount one. The same faults without one: <see cref="JournalFaultTests"/>, <see cref="SqliteFaultTests"/>.</summary>
[SupportedOSPlatform("linux")]
[Trait("Speed", "Slow")]
public sealed class DiskFaultTests
{
    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task A_full_disk_refuses_writes_serves_reads_and_recovers_by_itself(string engine)
    {
        using var disk = new SmallDisk();
        if (!disk.CanBeFilled)
            return;
        var stores = await OpenAsync(engine, disk);
        var work = new Workload(stores);
        for (var i = 0; i < 10; i++)
            await work.LiveAsync(ends: i % 2 == 0, () => 0);
        disk.Fill();
        var full = 0;
        for (var i = 0; i < 400 && full < 20; i++)
        {
            try
            {
                await work.LiveAsync(ends: i % 2 == 0, () => 0);
            }
            catch (StoreException fault)
            {
                Assert.Equal(Reason.StorageFull, fault.Reason);
                full++;
            }
        }
        Assert.Equal(20, full);
        await Workload.CheckAsync(stores, work.All, long.MaxValue);
        disk.Free();
        await work.LiveAsync(ends: true, () => 0);
        await stores.DisposeAsync();
        await using var recovered = await OpenAsync(engine, disk);
        await Workload.CheckAsync(recovered, work.All, long.MaxValue);
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task A_disk_that_cannot_be_written_is_named_as_such(string engine)
    {
        using var disk = new SmallDisk();
        var stores = await OpenAsync(engine, disk);
        await stores.Grants.TryCreateAsync(Samples.Active(), CancellationToken.None);
        await stores.DisposeAsync();
        disk.MakeReadOnly();
        var fault = await Assert.ThrowsAsync<StoreException>(async () =>
        {
            await using var opened = await OpenAsync(engine, disk);
            await opened.ProbeAsync(CancellationToken.None);
        });
        Assert.True(fault.Reason == Reason.StorageReadOnly, $"{fault.Reason}: {fault.Message}");
        Assert.Equal(Reason.StorageReadOnly, Assert.Throws<StoreException>(() => DataDirectory.Open(disk.Path)).Reason);
    }

    private static async Task<IStores> OpenAsync(string engine, SmallDisk disk) =>
        engine == "memory"
            ? await MemoryStores.OpenAsync(Path.Combine(disk.Path, "json"), new SettableTime(), CancellationToken.None)
            : await SqliteStores.OpenAsync(Path.Combine(disk.Path, "ostiary.db"), new SettableTime(), CancellationToken.None);
}
