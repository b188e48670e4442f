using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Decisions;

namespace Ostiary.Server.Tests.Decisions;

public sealed class LogReaderTests : IDisposable
{
    private readonly LogFixture _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Lists_what_the_filter_takes()
    {
        using (var log = _log.Open())
        {
            log.Record(_log.Decision(1));
            log.Record(_log.Decision(2) with { Refused = Reason.SecretWrong, ClientId = "bff", Subject = null });
            log.Record(_log.Decision(3) with { Act = "authorize.request", Flow = "flow_2", GrantId = null });
        }
        Assert.Equal([1, 3], await NumbersAsync(new LogFilter { Refused = false }));
        Assert.Equal([2], await NumbersAsync(new LogFilter { Refused = true }));
        Assert.Equal([2], await NumbersAsync(new LogFilter { Reason = Reason.SecretWrong }));
        Assert.Equal([2], await NumbersAsync(new LogFilter { Client = "bff" }));
        Assert.Equal([1, 3], await NumbersAsync(new LogFilter { Subject = "alice" }));
        Assert.Equal([1, 2], await NumbersAsync(new LogFilter { Act = "token" }));
        Assert.Equal([3], await NumbersAsync(new LogFilter { Act = "authorize.request" }));
        Assert.Equal([3], await NumbersAsync(new LogFilter { Flow = "flow_2" }));
        Assert.Equal([1], await NumbersAsync(new LogFilter { Grant = "g-1" }));
        Assert.Equal([3], await NumbersAsync(new LogFilter { Since = _log.Time.Now.AddMilliseconds(3) }));
        Assert.Equal([2, 3], await NumbersAsync(new LogFilter { Limit = 2 }));
    }

    [Fact]
    public async Task Reads_all_from_the_oldest_on_across_files_and_nodes()
    {
        _log.Fill(100, new LogRetention(FileSize: 8 * 1024, Files: 100));
        using (var other = _log.Open(node: "n2"))
            other.Record(_log.Decision(50) with { Generation = 1000 });
        var read = LogReader
            .Open(_log.Path, _log.Time)
            .Read(new LogFilter { Limit = 1 }, CancellationToken.None)
            .Select(e => e.Record.Generation!.Value)
            .ToList();
        Assert.Equal(101, read.Count);
        Assert.Equal([1, 100], [read[0], read[^1]]);
        Assert.InRange(read.IndexOf(1000), 49, 51);
        Assert.Equal([.. await NumbersAsync(new LogFilter { Act = "token", Limit = 1000 })], read);
    }

    /// <summary>40 MB of log, of which never more than a few lines are held.</summary>
    [Fact]
    public void Holds_no_more_of_a_large_log_than_it_reads()
    {
        _log.Fill(1);
        var line = File.ReadAllLines(_log.Files[0]).First(l => l.Contains("\"token.refresh\"", StringComparison.Ordinal));
        using (var file = new StreamWriter(_log.Files[0]))
        {
            for (var i = 0; i < 40 * 1024 * 1024 / line.Length; i++)
                file.WriteLine(line);
        }
        var (before, most, count) = (GC.GetTotalMemory(forceFullCollection: true), 0L, 0);
        foreach (var entry in LogReader.Open(_log.Path, _log.Time).Read(new LogFilter(), CancellationToken.None))
        {
            if (++count % 20_000 == 0)
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            Assert.Equal("spa", entry.Record.ClientId);
        }
        Assert.True(count > 60_000, $"{count} lines");
        Assert.True(most < 16 * 1024 * 1024, $"{most} bytes are held");
    }

    [Fact]
    public async Task Lists_the_newest_across_files_and_nodes_in_order()
    {
        _log.Fill(100, new LogRetention(FileSize: 8 * 1024, Files: 100));
        using (var other = _log.Open(node: "n2"))
            other.Record(_log.Decision(98) with { Generation = 1000 });

        Assert.Equal([97, 98, 1000, 99, 100], await NumbersAsync(new LogFilter { Limit = 5 }));
        Assert.Equal(101, (await NumbersAsync(new LogFilter { Limit = 1000 })).Count);
    }

    [Fact]
    public async Task Follows_new_decisions_over_the_end_of_a_file()
    {
        using var log = _log.Open(new LogRetention(FileSize: 8 * 1024, Files: 100));
        log.Record(_log.Decision(1));
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var seen = new List<int>();
        await foreach (var entry in log.Reader.TailAsync(new LogFilter { Limit = 1 }, follow: true, stop.Token))
        {
            seen.Add(entry.Record.Generation!.Value);
            if (seen.Count == 1)
            {
                for (var i = 2; i <= 60; i++)
                    log.Record(_log.Decision(i));
            }
            if (seen.Count == 60)
                await stop.CancelAsync();
        }
        Assert.Equal(Enumerable.Range(1, 60), seen);
        Assert.True(_log.Files.Count > 1);
    }

    [Fact]
    public async Task Follows_from_now_on_where_nothing_old_is_wanted()
    {
        using var log = DecisionLog.InMemory(_log.Time);
        log.Record(_log.Decision(1));
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var tail = log.Reader.TailAsync(new LogFilter { Limit = 0 }, follow: true, stop.Token).GetAsyncEnumerator(CancellationToken.None);
        var next = tail.MoveNextAsync();
        log.Record(_log.Decision(2));

        Assert.True(await next);
        Assert.Equal(2, tail.Current.Record.Generation);
        await stop.CancelAsync();
        Assert.False(await tail.MoveNextAsync());
    }

    [Fact]
    public async Task Passes_over_what_a_later_version_added()
    {
        _log.Fill(1);
        File.AppendAllText(_log.Files[0], "{\"seq\":3,\"act\":\"later\"}\n not json \n[]\n");

        Assert.Single(await _log.ListAsync());
    }

    [Fact]
    public void A_reason_of_a_later_version_keeps_its_number()
    {
        using var json = JsonDocument.Parse(
            """{"at":"2026-11-20T12:00:00Z","flow":"f","act":"a","refused":"not-invented-yet","code":3999,"passed":2,"new":{"x":1},"revision":1}"""
        );

        var record = DecisionRecordJson.Read(json.RootElement)!;

        Assert.Equal(3999, (int)record.Refused!.Value);
        Assert.Equal(2, record.Passed);
    }

    private async Task<List<int>> NumbersAsync(LogFilter filter) =>
        [.. (await _log.ListAsync(filter)).Select(entry => entry.Record.Generation!.Value)];
}
