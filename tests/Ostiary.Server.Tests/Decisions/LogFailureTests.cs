using Ostiary.Protocol.Reasons;
using Ostiary.Server.Decisions;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Decisions;

public sealed class LogFailureTests : IDisposable
{
    private readonly LogFixture _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task A_torn_last_line_is_cut_at_opening()
    {
        _log.Fill(5);
        var whole = File.ReadAllBytes(_log.Files[0]);
        var last = Array.LastIndexOf(whole, (byte)'\n', whole.Length - 2) + 1;
        for (var length = last + 1; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(_log.Files[0], whole[..length]);
            Assert.Contains("not complete", (await _log.VerifyAsync()).Broken!.What, StringComparison.Ordinal);
            using (var log = _log.Open())
                Assert.Null(log.MovedAside);
            Assert.Null((await _log.VerifyAsync()).Broken);
            Assert.Equal(5, (await _log.ListAsync()).Count);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"version\":1,\"seq\":\"x\"}")]
    public void A_damaged_index_is_not_taken_for_an_empty_log(string index)
    {
        _log.Fill(60, new LogRetention(FileSize: 8 * 1024, Files: 2));
        File.WriteAllText(Path.Combine(_log.Events, "n1.index.json"), index);

        var refused = Assert.Throws<StoreException>(() => _log.Open());

        Assert.Equal(Reason.LogDamaged, refused.Reason);
    }

    [Fact]
    public async Task A_file_with_only_a_torn_line_is_begun_again()
    {
        _log.Fill(5);
        var second = Path.Combine(_log.Events, "n1-000002.jsonl");
        File.WriteAllText(second, "{\"seq\":7,\"at\":\"20");

        _log.Fill(1);

        Assert.Null((await _log.VerifyAsync()).Broken);
        Assert.Equal(2, (File.ReadAllLines(second)).Length);
    }

    [Fact]
    public async Task A_damaged_end_is_moved_aside_and_the_chain_goes_on()
    {
        _log.Fill(9);
        var bytes = File.ReadAllBytes(_log.Files[0]);
        bytes.AsSpan(bytes.Length - 900, 899).Clear();
        File.WriteAllBytes(_log.Files[0], bytes);

        string? aside;
        using (var log = _log.Open())
        {
            aside = log.MovedAside;
            log.Record(_log.Decision());
        }

        Assert.NotNull(aside);
        Assert.True(new FileInfo(aside).Length >= 899);
        Assert.Null((await _log.VerifyAsync()).Broken);
    }

    [Fact]
    public async Task A_full_disk_refuses_and_leaves_nothing_of_the_line()
    {
        var disk = new Disk();
        using (var log = disk.Open(_log))
        {
            log.Record(_log.Decision(1));
            disk.Full = true;
            for (var i = 0; i < 3; i++)
                Assert.Equal(Reason.LogUnavailable, Assert.Throws<StoreException>(() => log.Record(_log.Decision(2))).Reason);
            Assert.Single(File.ReadAllLines(_log.Files[0]));
            disk.Full = false;
            log.Record(_log.Decision(3));
        }
        Assert.Null((await _log.VerifyAsync()).Broken);
        Assert.Equal([1, 3], (await _log.ListAsync()).Select(entry => entry.Record.Generation!.Value));
    }

    [Fact]
    public async Task Where_even_cutting_fails_the_half_line_is_cut_before_the_next_one()
    {
        var disk = new Disk();
        using (var log = disk.Open(_log))
        {
            log.Record(_log.Decision(1));
            disk.Full = disk.Stuck = true;
            Assert.Throws<StoreException>(() => log.Record(_log.Decision(2)));
            Assert.Throws<StoreException>(() => log.Record(_log.Decision(2)));
            disk.Full = disk.Stuck = false;
            log.Record(_log.Decision(3) with { Scope = null });
        }
        Assert.Null((await _log.VerifyAsync()).Broken);
        Assert.Equal(2, (await _log.ListAsync()).Count);
    }

    [Fact]
    public void After_a_failed_flush_nothing_is_acknowledged_any_more()
    {
        var disk = new Disk();
        LogFiles files = null!;
        using var log = disk.Open(_log, opened => files = opened);
        log.Record(_log.Decision());
        disk.Lossy = true;
        Assert.Throws<IOException>(() => files.Flush());
        disk.Lossy = false;

        Assert.Equal(Reason.LogUnavailable, Assert.Throws<StoreException>(() => log.Record(_log.Decision())).Reason);
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_named()
    {
        File.WriteAllText(_log.Events, "");

        var fault = Assert.Throws<StoreException>(() => _log.Open());

        Assert.Equal(Reason.LogUnavailable, fault.Reason);
        Assert.Contains(_log.Events, fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Real files on a disk that can fill up in the middle of a line.</summary>
    private sealed class Disk
    {
        public bool Full { get; set; }
        public bool Stuck { get; set; }
        public bool Lossy { get; set; }

        public DecisionLog Open(LogFixture log, Action<LogFiles>? opened = null) =>
            new(
                "n1",
                log.Time,
                log.Sign,
                prove =>
                {
                    var files = new LogFiles(log.Events, "n1", new LogRetention(), prove, stream => new Faulty(this, new AppendFile(stream)));
                    opened?.Invoke(files);
                    return files;
                }
            );

        private sealed class Faulty(Disk disk, AppendFile file) : IAppendFile
        {
            public void Reserve(long offset, long length) => file.Reserve(offset, length);

            public void Write(ReadOnlySpan<byte> bytes, long offset)
            {
                file.Write(disk.Full ? bytes[..(bytes.Length / 2)] : bytes, offset);
                if (disk.Full)
                    throw new IOException("No space left on device");
            }

            public void SetLength(long length)
            {
                if (disk.Stuck)
                    throw new IOException("Input/output error");
                file.SetLength(length);
            }

            public void Flush()
            {
                if (disk.Lossy)
                    throw new IOException("Input/output error");
                file.Flush();
            }

            public void Dispose() => file.Dispose();
        }
    }
}
