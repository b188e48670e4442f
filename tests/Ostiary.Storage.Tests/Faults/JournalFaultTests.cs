using Ostiary.Protocol.Reasons;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Faults;

[Trait("Speed", "Slow")]
public sealed class JournalFaultTests : IDisposable
{
    private const long NeverFolds = long.MaxValue;

    private readonly string root = Directory.CreateTempSubdirectory("ostiary-journal-").FullName;
    private int images;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_journal_cut_at_any_byte_of_its_last_lines_keeps_all_that_was_acknowledged_before()
    {
        await using var stores = await OpenAsync("live");
        var work = new Workload(stores);
        for (var i = 0; i < 3; i++)
            await work.LiveAsync(ends: i % 2 == 0, () => Length("live"));
        var journal = await File.ReadAllBytesAsync(JournalOf("live"), Ct);
        var from = journal.Length - 1500;
        for (var cut = from; cut <= journal.Length; cut++)
        {
            var image = await ImageAsync(journal[..cut]);
            await using var recovered = await OpenAsync(image);
            await Workload.CheckAsync(recovered, work.All, cut);
            // It goes on from there.
            Assert.True(await recovered.Grants.TryCreateAsync(Samples.Active(), Ct));
        }
    }

    [Fact]
    public async Task A_line_with_a_hole_at_the_end_was_never_flushed()
    {
        await using var stores = await OpenAsync("live");
        var work = new Workload(stores);
        await work.LiveAsync(ends: true, () => Length("live"));
        var before = (int)Length("live");
        await stores.Documents.TryCommitAsync([new("client", "c", new string('x', 9000))], 1, Ct);
        var journal = await File.ReadAllBytesAsync(JournalOf("live"), Ct);
        journal.AsSpan(8192, 512).Clear();
        await using var recovered = await OpenAsync(await ImageAsync(journal));
        await Workload.CheckAsync(recovered, work.All, before);
        Assert.Equal(1, (await recovered.Documents.LoadAsync(Ct)).Revision);
    }

    [Fact]
    public async Task A_flipped_bit_anywhere_in_the_journal_or_snapshot_is_found()
    {
        var first = await OpenAsync("live");
        await new Workload(first).LiveAsync(ends: true, () => 0);
        await first.DisposeAsync();
        await using var stores = await OpenAsync("live");
        var work = new Workload(stores);
        await work.LiveAsync(ends: false, () => 0);
        var journal = await File.ReadAllBytesAsync(JournalOf("live"), Ct);
        var snapshot = await File.ReadAllBytesAsync(SnapshotOf("live"), Ct);
        for (var at = 0; at < journal.Length; at++)
            await FlippedAsync(journal, at, flipped => ImageAsync(flipped, snapshot));
        for (var at = 0; at < snapshot.Length; at++)
            await FlippedAsync(snapshot, at, flipped => ImageAsync(journal, flipped));

        async Task FlippedAsync(byte[] whole, int at, Func<byte[], Task<string>> imageOf)
        {
            var flipped = (byte[])whole.Clone();
            flipped[at] ^= (byte)(1 << (at % 8));
            var image = await imageOf(flipped);
            try
            {
                // Only the last line break can be given back, because nothing but it can have been there.
                await using var recovered = await OpenAsync(image);
                Assert.True(ReferenceEquals(whole, journal) && at == whole.Length - 1, $"byte {at} was not missed");
                await Workload.CheckAsync(recovered, work.All, 0);
            }
            catch (StoreException fault)
            {
                Assert.True(fault.Reason is Reason.StorageDamaged or Reason.StorageNewer, fault.Message);
                if (fault.Reason == Reason.StorageDamaged)
                    Assert.Matches(@"line \d+", fault.Message);
            }
            Directory.Delete(Path.Combine(root, image), recursive: true);
        }
    }

    [Fact]
    public async Task A_line_that_is_missing_or_moved_is_found()
    {
        await using var stores = await OpenAsync("live");
        await new Workload(stores).LiveAsync(ends: true, () => 0);
        var lines = await File.ReadAllLinesAsync(JournalOf("live"), Ct);
        string[][] damaged =
        [
            [lines[0], .. lines[2..]],
            [lines[0], lines[2], lines[1], .. lines[3..]],
            [.. lines[..3], lines[2], .. lines[3..]],
        ];
        foreach (var file in damaged)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(string.Join('\n', file) + "\n");
            var image = await ImageAsync(bytes);
            await RefusedAsync(Reason.StorageDamaged, image);
            Assert.Equal(bytes, await File.ReadAllBytesAsync(JournalOf(image), Ct));
        }
    }

    [Fact]
    public async Task A_newer_format_is_refused_and_left_alone()
    {
        byte[] journal = [.. """{"ostiary":"journal","format":2,"number":1,"other":"x"}"""u8, (byte)'\n'];
        var image = await ImageAsync(journal);
        await RefusedAsync(Reason.StorageNewer, image);
        Assert.Equal(journal, await File.ReadAllBytesAsync(JournalOf(image), Ct));
        byte[] snapshot = [.. """{"ostiary":"snapshot","format":9,"journal":1,"rows":["""u8, (byte)'\n'];
        await RefusedAsync(Reason.StorageNewer, await ImageAsync(journal, snapshot));
    }

    [Fact]
    public async Task Files_that_do_not_belong_together_are_refused()
    {
        var first = await OpenAsync("live");
        await new Workload(first).LiveAsync(ends: true, () => 0);
        var old = await File.ReadAllBytesAsync(JournalOf("live"), Ct);
        await first.DisposeAsync();
        var (journal, snapshot) = (await File.ReadAllBytesAsync(JournalOf("live"), Ct), await File.ReadAllBytesAsync(SnapshotOf("live"), Ct));
        await RefusedAsync(Reason.StorageDamaged, await ImageAsync(journal));
        await RefusedAsync(Reason.StorageDamaged, await ImageAsync(null, snapshot));
        await RefusedAsync(Reason.StorageDamaged, await ImageAsync([], snapshot));
        await RefusedAsync(Reason.StorageDamaged, await ImageAsync(journal, []));
        await RefusedAsync(Reason.StorageDamaged, await ImageAsync(journal, snapshot[..(snapshot.Length / 2)]));
        // A crash between the two renames of a fold: the old journal is in the snapshot already.
        await using var recovered = await OpenAsync(await ImageAsync(old, snapshot));
        Assert.Equal(1, (await recovered.Directory.CountAsync(Ct))["grants"]);
        Assert.True(await recovered.Grants.TryCreateAsync(Samples.Active(), Ct));
    }

    [Fact]
    public async Task Copies_taken_while_it_is_written_hold_all_that_was_acknowledged()
    {
        await using var stores = await OpenAsync("live");
        var work = new Workload(stores);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(() => WriteAsync(writer), Ct)).ToArray();
        for (var round = 0; round < 25; round++)
        {
            await Task.Yield();
            var history = work.All;
            await using var recovered = await OpenAsync(await ImageAsync(await File.ReadAllBytesAsync(JournalOf("live"), Ct)));
            await Workload.CheckAsync(recovered, history, long.MaxValue);
        }
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        async Task WriteAsync(int writer)
        {
            for (var i = 0; i < 400 && !stop.IsCancellationRequested; i++)
                await work.LiveAsync(ends: (writer + i) % 2 == 0, () => 0);
        }
    }

    [Fact]
    public async Task Folds_while_it_is_written_and_loses_nothing()
    {
        const long Small = 20_000;
        var stores = await OpenAsync("live", Small);
        var work = new Workload(stores);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async i => await RunAsync(i)));
        Assert.True(File.Exists(SnapshotOf("live")), "it never folded");
        await stores.DisposeAsync();
        await using var recovered = await OpenAsync("live");
        await Workload.CheckAsync(recovered, work.All, long.MaxValue);
        Assert.Equal(160, (await recovered.Directory.CountAsync(Ct))["grants"]);

        async Task RunAsync(int writer)
        {
            for (var i = 0; i < 10; i++)
                await work.LiveAsync(ends: (writer + i) % 2 == 0, () => 0);
        }
    }

    [Fact]
    public async Task A_full_disk_changes_nothing_and_the_store_goes_on_when_there_is_space()
    {
        var files = new FaultyFiles();
        var stores = await OpenAsync("live", NeverFolds, files);
        var grant = Samples.Active();
        await stores.Grants.TryCreateAsync(grant, Ct);
        var length = Length("live");
        files.Full = true;
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await stores.Grants.TryRotateAsync(grant.Id, 1, Samples.Start, Ct));
        Assert.Equal(Reason.StorageFull, refused.Reason);
        await Assert.ThrowsAsync<StoreException>(async () => await stores.Grants.TryEndAsync(grant.Id, GrantEnd.LoggedOut, Samples.Start, Ct));
        await Assert.ThrowsAsync<StoreException>(async () => await stores.ProbeAsync(Ct));
        Assert.Equal(length, Length("live"));
        Assert.Equal(Samples.Text(grant), Samples.Text(await stores.Grants.FindAsync(grant.Id, Ct)));
        Assert.Empty(await stores.Changes.ReadAsync(0, 10, Ct));
        files.Full = false;
        Assert.True(await stores.Grants.TryRotateAsync(grant.Id, 1, Samples.Start, Ct));
        await stores.DisposeAsync();
        await using var recovered = await OpenAsync("live");
        Assert.Equal(2, (await recovered.Grants.FindAsync(grant.Id, Ct))!.Generation);
    }

    [Fact]
    public async Task A_full_disk_only_postpones_a_fold()
    {
        var files = new FaultyFiles();
        var stores = await OpenAsync("live", 1, files);
        await stores.Grants.TryCreateAsync(Samples.Active(), Ct);
        await stores.DisposeAsync();
        var again = await OpenAsync("live", NeverFolds, files);
        await again.Grants.TryCreateAsync(Samples.Active(), Ct);
        files.Full = true;
        await again.DisposeAsync();
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(root, "live"), "*.tmp"));
        await using var recovered = await OpenAsync("live");
        Assert.Equal(2, (await recovered.Directory.CountAsync(Ct))["grants"]);
    }

    [Fact]
    public async Task A_failed_flush_is_never_tried_again()
    {
        var files = new FaultyFiles();
        var stores = await OpenAsync("live", NeverFolds, files);
        var grant = Samples.Active();
        await stores.Grants.TryCreateAsync(grant, Ct);
        files.FlushFails = true;
        await RefusesAsync();
        files.FlushFails = false;
        var flushes = files.Flushes;
        await RefusesAsync();
        await RefusesAsync();
        Assert.Equal(flushes, files.Flushes);
        Assert.Equal(1, (await stores.Grants.FindAsync(grant.Id, Ct))!.Generation);
        await stores.DisposeAsync();
        Assert.Equal(flushes, files.Flushes);
        await using var recovered = await OpenAsync("live");
        Assert.NotNull(await recovered.Grants.FindAsync(grant.Id, Ct));

        async Task RefusesAsync() =>
            Assert.Equal(
                Reason.StorageUnavailable,
                (await Assert.ThrowsAsync<StoreException>(async () => await stores.Grants.TryRotateAsync(grant.Id, 1, Samples.Start, Ct))).Reason
            );
    }

    [Fact]
    public async Task A_write_that_cannot_be_kept_harms_nobody_else_in_its_group()
    {
        await using var stores = await OpenAsync("live");
        var good = Enumerable.Range(0, 50).Select(_ => Samples.Active()).ToArray();
        var bad = Samples.Active() with { Request = null! };
        var writes = good.Take(25).Select(grant => stores.Grants.TryCreateAsync(grant, Ct).AsTask()).ToList();
        var failing = stores.Grants.TryCreateAsync(bad, Ct).AsTask();
        writes.AddRange(good.Skip(25).Select(grant => stores.Grants.TryCreateAsync(grant, Ct).AsTask()));
        Assert.All(await Task.WhenAll(writes), Assert.True);
        await Assert.ThrowsAnyAsync<NullReferenceException>(() => failing);
        Assert.Null(await stores.Grants.FindAsync(bad.Id, Ct));
        await using var recovered = await OpenAsync(await ImageAsync(await File.ReadAllBytesAsync(JournalOf("live"), Ct)));
        Assert.Equal(50, (await recovered.Directory.CountAsync(Ct))["grants"]);
    }

    [Fact]
    public async Task Stops_where_a_part_of_a_line_cannot_be_cut_off()
    {
        var files = new FaultyFiles();
        var stores = await OpenAsync("live", NeverFolds, files);
        var grant = Samples.Active();
        await stores.Grants.TryCreateAsync(grant, Ct);
        (files.Full, files.TruncateFails) = (true, true);
        for (var i = 0; i < 2; i++)
        {
            var fault = await Assert.ThrowsAsync<StoreException>(async () => await stores.Grants.TryTouchAsync(grant.Id, Samples.Start, Ct));
            Assert.Equal(Reason.StorageUnavailable, fault.Reason);
            (files.Full, files.TruncateFails) = (false, false);
        }
        await stores.DisposeAsync();
        await using var recovered = await OpenAsync("live");
        Assert.Equal(Samples.Text(grant), Samples.Text(await recovered.Grants.FindAsync(grant.Id, Ct)));
    }

    [Theory]
    [InlineData("snapshot.json")]
    [InlineData("journal.jsonl")]
    public async Task A_fold_that_cannot_be_put_in_place_loses_nothing(string name)
    {
        var files = new FaultyFiles();
        var stores = await OpenAsync("live", NeverFolds, files);
        var work = new Workload(stores);
        await work.LiveAsync(ends: true, () => 0);
        files.RenameFailsTo = name;
        await stores.DisposeAsync();
        await using var recovered = await OpenAsync("live");
        await Workload.CheckAsync(recovered, work.All, long.MaxValue);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string JournalOf(string name) => Path.Combine(root, name, "journal.jsonl");

    private string SnapshotOf(string name) => Path.Combine(root, name, "snapshot.json");

    private long Length(string name) => new FileInfo(JournalOf(name)).Length;

    private ValueTask<MemoryStores> OpenAsync(string name, long bound = NeverFolds, StorageFiles? files = null) =>
        MemoryStores.OpenAsync(Path.Combine(root, name), new SettableTime(), files ?? new StorageFiles(), bound, Ct);

    private async Task RefusedAsync(Reason reason, string image) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<StoreException>(async () => await OpenAsync(image))).Reason);

    private async Task<string> ImageAsync(byte[]? journal, byte[]? snapshot = null)
    {
        var name = $"image {++images}";
        Directory.CreateDirectory(Path.Combine(root, name));
        if (journal is not null)
            await File.WriteAllBytesAsync(JournalOf(name), journal, Ct);
        if (snapshot is not null)
            await File.WriteAllBytesAsync(SnapshotOf(name), snapshot, Ct);
        return name;
    }
}
