using Ostiary.Protocol.Reasons;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Storage.Sqlite;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Faults;

[Trait("Speed", "Slow")]
public sealed class SqliteFaultTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ostiary-sqlite-").FullName;
    private int images;

    private string Live => Path.Combine(root, "live.db");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_write_ahead_log_cut_anywhere_keeps_all_that_was_acknowledged_before()
    {
        await using var stores = await OpenAsync(Live);
        var work = new Workload(stores);
        for (var i = 0; i < 3; i++)
            await work.LiveAsync(ends: i % 2 == 0, () => new FileInfo(Live + "-wal").Length);
        var (database, log) = (await ReadAsync(Live), await ReadAsync(Live + "-wal"));
        var cuts = Enumerable.Range(0, log.Length / 1021).Select(i => i * 1021).Append(log.Length - 1).Append(log.Length);
        foreach (var cut in cuts.Where(cut => cut > log.Length / 3))
        {
            await using var recovered = await OpenAsync(await ImageAsync(database, log[..cut]));
            await Workload.CheckAsync(recovered, work.All, cut);
            Assert.True(await recovered.Grants.TryCreateAsync(Samples.Active(), Ct));
        }
    }

    [Fact]
    public async Task A_flipped_bit_in_the_write_ahead_log_loses_nothing_but_the_last_commit()
    {
        await using var stores = await OpenAsync(Live);
        var work = new Workload(stores);
        for (var i = 0; i < 3; i++)
            await work.LiveAsync(ends: true, () => new FileInfo(Live + "-wal").Length);
        var (database, log) = (await ReadAsync(Live), await ReadAsync(Live + "-wal"));
        var lastCommit = work.All[^2].Mark;
        var refused = 0;
        // The heads of all frames closely, the pages here and there.
        for (var at = 0; at < log.Length; at += at < 32 || (at - 32) % 4120 < 24 ? 5 : 509)
        {
            var flipped = (byte[])log.Clone();
            flipped[at] ^= (byte)(1 << (at % 8));
            try
            {
                await using var recovered = await OpenAsync(await ImageAsync(database, flipped));
                Assert.True(at >= lastCommit - 2 * 4120, $"byte {at} of {log.Length} was missed");
                await Workload.CheckAsync(recovered, work.All, at - 2 * 4120);
            }
            catch (StoreException fault)
            {
                Assert.Equal(Reason.StorageDamaged, fault.Reason);
                refused++;
            }
        }
        Assert.True(refused > 300);
    }

    [Fact]
    public async Task A_failed_flush_is_never_tried_again()
    {
        const int FlushFailed = 1034;
        var grant = Samples.Active();
        await using (var stores = await OpenAsync(Live))
        {
            await stores.Grants.TryCreateAsync(grant, Ct);
            await Assert.ThrowsAsync<StoreException>(async () =>
                await stores.OnWriterAsync<bool>(_ => throw SqliteFault.Of(FlushFailed, Live, "disk I/O error"))
            );
            var fault = await Assert.ThrowsAsync<StoreException>(async () => await stores.Grants.TryTouchAsync(grant.Id, Samples.Start, Ct));
            Assert.Equal(Reason.StorageUnavailable, fault.Reason);
            Assert.NotNull(await stores.Grants.FindAsync(grant.Id, Ct));
        }
        await using var recovered = await OpenAsync(Live);
        Assert.True(await recovered.Grants.TryTouchAsync(grant.Id, Samples.Start, Ct));
    }

    [Fact]
    public async Task Another_fault_of_the_disk_is_over_when_it_is_over()
    {
        const int ReadFailed = 266;
        await using var stores = await OpenAsync(Live);
        var fault = await Assert.ThrowsAsync<StoreException>(async () =>
            await stores.OnWriterAsync<bool>(_ => throw SqliteFault.Of(ReadFailed, Live, "disk I/O error"))
        );
        Assert.Equal(Reason.StorageUnavailable, fault.Reason);
        Assert.True(await stores.Grants.TryCreateAsync(Samples.Active(), Ct));
    }

    [Fact]
    public async Task Names_the_library_it_runs_on()
    {
        await using var stores = await OpenAsync(Live);
        var bundled = AppContext.TryGetSwitch(SqliteLibrary.UseBundled, out var forced) && forced;
        if (!bundled)
            bundled = !System.Runtime.InteropServices.NativeLibrary.TryLoad("libsqlite3.so.0", out _);
        Assert.Matches(bundled ? @"^sqlite 3\.35\.5 \(bundled\)$" : @"^sqlite 3\.\d+\.\d+$", stores.Engine);
    }

    [Fact]
    public async Task Images_taken_between_two_groups_hold_all_that_was_acknowledged()
    {
        await using var stores = await OpenAsync(Live);
        var work = new Workload(stores);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 16).Select(writer => Task.Run(() => WriteAsync(writer), Ct)).ToArray();
        for (var round = 0; round < 25; round++)
        {
            var history = work.All;
            // On the writer, inside a group: what its neighbours have written is not committed yet.
            var (database, log) = await stores.OnWriterAsync(_ => (File.ReadAllBytes(Live), File.ReadAllBytes(Live + "-wal")));
            await using var recovered = await OpenAsync(await ImageAsync(database, log));
            await Workload.CheckAsync(recovered, history, long.MaxValue);
        }
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        async Task WriteAsync(int writer)
        {
            for (var i = 0; i < 300 && !stop.IsCancellationRequested; i++)
                await work.LiveAsync(ends: (writer + i) % 2 == 0, () => 0);
        }
    }

    [Fact]
    public async Task A_full_database_changes_nothing_and_goes_on_when_there_is_space()
    {
        await using var stores = await OpenAsync(Live);
        var grant = Samples.Active();
        await stores.Grants.TryCreateAsync(grant, Ct);
        await stores.OnWriterAsync(connection => connection.Number("PRAGMA max_page_count = 1"));
        var large = new string('x', 200_000);
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await stores.Documents.TryCommitAsync([new("client", "a", large)], 0, Ct));
        Assert.Equal(Reason.StorageFull, refused.Reason);
        Assert.Equal(0, (await stores.Documents.LoadAsync(Ct)).Revision);
        Assert.Empty((await stores.Documents.LoadAsync(Ct)).Documents);
        await stores.OnWriterAsync(connection => connection.Number("PRAGMA max_page_count = 1000000"));
        Assert.True(await stores.Documents.TryCommitAsync([new("client", "a", large)], 0, Ct));
        Assert.Equal(Samples.Text(grant), Samples.Text(await stores.Grants.FindAsync(grant.Id, Ct)));
    }

    [Fact]
    public async Task A_statement_that_fails_harms_nobody_else_in_its_group()
    {
        await using var stores = await OpenAsync(Live);
        var grants = Enumerable.Range(0, 60).Select(_ => Samples.Active()).ToArray();
        using var held = new ManualResetEventSlim();
        var holding = stores.OnWriterAsync(_ =>
        {
            held.Wait(TimeSpan.FromSeconds(10));
            return true;
        });
        var writes = grants.Select(grant => stores.Grants.TryCreateAsync(grant, Ct).AsTask()).ToList();
        var failing = stores.OnWriterAsync<bool>(connection =>
        {
            connection.Execute("INSERT INTO numbers (name, value) VALUES ('half done', 1)");
            connection.Execute("INSERT INTO numbers (name, value) VALUES ('revision', 1)");
            return true;
        });
        var after = stores.Grants.TryEndAsync(grants[0].Id, GrantEnd.LoggedOut, Samples.Start, Ct);
        held.Set();
        await holding;
        Assert.All(await Task.WhenAll(writes), Assert.True);
        Assert.True(await after);
        await Assert.ThrowsAsync<SqliteStatementException>(async () => await failing);
        Assert.Equal(0, await stores.OnWriterAsync(connection => connection.Number("SELECT count(*) FROM numbers WHERE name = 'half done'")));
        Assert.Equal(60, (await stores.Directory.CountAsync(Ct))["grants"]);
    }

    [Fact]
    public async Task Concurrent_writes_share_their_commits()
    {
        const int Callers = 64;
        const int Each = 20;
        await using var stores = await OpenAsync(Live);
        var before = stores.Commits;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(CreateAsync, Ct)));
        Assert.InRange(stores.Commits - before, 1, Callers * Each / 4);

        async Task CreateAsync()
        {
            for (var i = 0; i < Each; i++)
                await stores.Grants.TryCreateAsync(Samples.Active(), Ct);
        }
    }

    [Fact]
    public async Task A_newer_format_is_refused_and_left_alone()
    {
        await using (var stores = await OpenAsync(Live))
            await stores.OnWriterAsync(connection => connection.Number("PRAGMA user_version = 99"));
        var before = await ReadAsync(Live);
        await RefusedAsync(Reason.StorageNewer, Live);
        Assert.Equal(before, await ReadAsync(Live));
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused()
    {
        await using (var stores = await OpenAsync(Live))
            await stores.OnWriterAsync(connection => connection.Number("PRAGMA user_version = 0"));
        await RefusedAsync(Reason.StorageDamaged, Live);
        await RefusedAsync(Reason.StorageDamaged, await ImageAsync("a text, not a database; "u8.ToArray().Concat(new byte[5000]).ToArray(), null));
    }

    [Fact]
    public async Task A_database_without_its_beginning_is_not_taken_for_a_new_one()
    {
        await using var stores = await OpenAsync(Live);
        await new Workload(stores).LiveAsync(ends: true, () => 0);
        var log = await ReadAsync(Live + "-wal");
        await RefusedAsync(Reason.StorageDamaged, await ImageAsync([], log));
        await RefusedAsync(Reason.StorageDamaged, await ImageAsync(null, log));
    }

    [Fact]
    public async Task A_page_that_is_lost_is_found_at_the_start()
    {
        const int Page = 4096;
        await using (var stores = await OpenAsync(Live))
        {
            var work = new Workload(stores);
            for (var i = 0; i < 60; i++)
                await work.LiveAsync(ends: i % 2 == 0, () => 0);
        }
        var database = await ReadAsync(Live);
        Assert.True(database.Length > 15 * Page);
        for (var page = 0; page < database.Length / Page; page++)
        {
            var damaged = (byte[])database.Clone();
            damaged.AsSpan(page * Page, Page).Clear();
            var fault = await Record.ExceptionAsync(async () => await OpenAsync(await ImageAsync(damaged, null)));
            Assert.True(fault is StoreException { Reason: Reason.StorageDamaged }, $"page {page}: {fault}");
        }
        foreach (var length in new[] { 1, 100, Page, database.Length / 2, database.Length - Page })
        {
            var fault = await Record.ExceptionAsync(async () => await OpenAsync(await ImageAsync(database[..length], null)));
            Assert.True(fault is StoreException { Reason: Reason.StorageDamaged }, $"cut at {length}: {fault}");
        }
    }

    [Fact]
    public async Task A_flipped_bit_in_the_header_never_opens_as_something_else()
    {
        IReadOnlyList<Workload.Acknowledged> history;
        await using (var stores = await OpenAsync(Live))
        {
            var work = new Workload(stores);
            await work.LiveAsync(ends: true, () => 0);
            history = work.All;
        }
        var database = await ReadAsync(Live);
        for (var bit = 0; bit < 100 * 8; bit += 3)
        {
            var flipped = (byte[])database.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                await using var recovered = await OpenAsync(await ImageAsync(flipped, null));
                await Workload.CheckAsync(recovered, history, long.MaxValue);
            }
            catch (StoreException fault)
            {
                Assert.True(
                    fault.Reason is Reason.StorageDamaged or Reason.StorageNewer or Reason.StorageReadOnly,
                    $"bit {bit}: {fault.Reason} {fault.Message}"
                );
            }
        }
    }

    private static ValueTask<SqliteStores> OpenAsync(string file) => SqliteStores.OpenAsync(file, new SettableTime(), Ct);

    private static async Task RefusedAsync(Reason reason, string file) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<StoreException>(async () => await OpenAsync(file))).Reason);

    private static Task<byte[]> ReadAsync(string file) => File.ReadAllBytesAsync(file, Ct);

    private async Task<string> ImageAsync(byte[]? database, byte[]? log)
    {
        var file = Path.Combine(root, $"image-{++images}.db");
        if (database is not null)
            await File.WriteAllBytesAsync(file, database, Ct);
        if (log is not null)
            await File.WriteAllBytesAsync(file + "-wal", log, Ct);
        return file;
    }
}
