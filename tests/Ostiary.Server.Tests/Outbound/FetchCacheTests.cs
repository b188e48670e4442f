using Ostiary.Protocol.Reasons;
using Ostiary.Server.Outbound;

namespace Ostiary.Server.Tests.Outbound;

/// <summary>What is kept of others' answers, and for how long.</summary>
public sealed class FetchCacheTests
{
    private static readonly FetchPolicy Policy = new()
    {
        Purpose = "test",
        ContentTypes = ["application/json"],
        MaxBytes = 1000,
        StaleFor = TimeSpan.FromHours(1),
        MaxCopies = 3,
    };

    private readonly FakeTime _time = new();
    private readonly List<(string Host, Reason Reason)> _failures = [];
    private string _answer = Peer.Ok("one");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Peer NewPeer() => new(async (stream, ct) => await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(_answer), ct));

    private FetchCache<string> CacheOf(Peer peer) =>
        new(
            peer.Fetcher(),
            Policy,
            body => body.Length == 3 ? System.Text.Encoding.ASCII.GetString(body.Span) : null,
            _time,
            (host, reason) => _failures.Add((host, reason))
        );

    [Theory]
    [InlineData("", 300)]
    [InlineData("Cache-Control: max-age=120\r\n", 120)]
    [InlineData("Cache-Control: max-age=0\r\n", 30)]
    [InlineData("Cache-Control: no-store\r\n", 30)]
    [InlineData("Cache-Control: no-cache, max-age=200\r\n", 30)]
    [InlineData("Cache-Control: max-age=31536000\r\n", 300)]
    [InlineData("Cache-Control: nonsense=\"\r\n", 300)]
    public async Task An_answer_is_kept_as_long_as_it_says_within_bounds(string header, int seconds)
    {
        _answer = Peer.Ok("one", header);
        await using var peer = NewPeer();
        var cache = CacheOf(peer);

        Assert.Equal("one", (await cache.GetAsync(peer.Url, Ct)).Value);
        _answer = Peer.Ok("two");
        _time.Advance(TimeSpan.FromSeconds(seconds - 1));
        Assert.Equal("one", (await cache.GetAsync(peer.Url, Ct)).Value);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("two", (await cache.GetAsync(peer.Url, Ct)).Value);
        Assert.Equal(2, peer.Connections);
    }

    [Fact]
    public async Task K20_who_asks_meanwhile_shares_the_one_exchange()
    {
        var go = new TaskCompletionSource();
        await using var peer = new Peer(
            async (stream, ct) =>
            {
                await go.Task.WaitAsync(ct);
                await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(Peer.Ok("one")), ct);
            }
        );
        var cache = CacheOf(peer);
        using var impatient = new CancellationTokenSource();

        var first = cache.GetAsync(peer.Url, impatient.Token).AsTask();
        var others = Enumerable.Range(0, 50).Select(_ => cache.GetAsync(peer.Url, Ct).AsTask()).ToList();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        go.SetResult();

        Assert.All(await Task.WhenAll(others), copy => Assert.Equal("one", copy.Value));
        Assert.Equal(1, peer.Connections);
    }

    [Fact]
    public async Task C29_a_failure_is_remembered_longer_each_time_and_told_once()
    {
        _answer = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
        await using var peer = NewPeer();
        var cache = CacheOf(peer);

        foreach (var pause in new[] { 5, 10, 20, 40, 80, 160, 300, 300 })
        {
            var before = peer.Connections;
            Assert.Equal(Reason.FetchStatusWrong, (await cache.GetAsync(peer.Url, Ct)).Refused);
            _time.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(Reason.FetchStatusWrong, (await cache.GetAsync(peer.Url, Ct)).Refused);
            Assert.Equal(before + 1, peer.Connections);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }
        Assert.Equal(8, _failures.Count);
        Assert.All(_failures, f => Assert.Equal(("peer.test", Reason.FetchStatusWrong), f));

        _answer = Peer.Ok("one");
        Assert.Equal("one", (await cache.GetAsync(peer.Url, Ct)).Value);
    }

    [Fact]
    public async Task K15_what_cannot_be_read_is_never_kept_as_good()
    {
        _answer = Peer.Ok("too long");
        await using var peer = NewPeer();

        Assert.Equal(Reason.FetchUnreadable, (await CacheOf(peer).GetAsync(peer.Url, Ct)).Refused);
    }

    [Fact]
    public async Task C29_the_last_good_answer_bridges_an_outage_of_an_hour_and_no_longer()
    {
        await using var peer = NewPeer();
        var cache = CacheOf(peer);
        await cache.GetAsync(peer.Url, Ct);
        _answer = "HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n";

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("one", (await cache.GetAsync(peer.Url, Ct)).Value);
        var asked = peer.Connections;
        Assert.Equal("one", (await cache.GetAsync(peer.Url, Ct)).Value);
        Assert.Equal(asked, peer.Connections);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal("one", (await cache.GetAsync(peer.Url, Ct)).Value);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(Reason.FetchStatusWrong, (await cache.GetAsync(peer.Url, Ct)).Refused);
    }

    [Fact]
    public async Task What_lacks_something_is_fetched_anew_but_not_again_and_again()
    {
        await using var peer = NewPeer();
        var cache = CacheOf(peer);
        var seen = await cache.GetAsync(peer.Url, Ct);
        _answer = Peer.Ok("two");

        for (var i = 0; i < 10; i++)
            Assert.Equal("one", (await cache.GetNewerAsync(peer.Url, seen, Ct)).Value);
        Assert.Equal(1, peer.Connections);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("two", (await cache.GetNewerAsync(peer.Url, seen, Ct)).Value);
        Assert.Equal("two", (await cache.GetNewerAsync(peer.Url, seen, Ct)).Value);
        Assert.Equal("two", (await cache.GetAsync(peer.Url, Ct)).Value);
        Assert.Equal(2, peer.Connections);
    }

    [Fact]
    public async Task Only_so_many_answers_are_kept_and_the_longest_unused_goes_first()
    {
        await using var peer = NewPeer();
        var cache = CacheOf(peer);
        for (var i = 0; i < 4; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await cache.GetAsync(peer.Url + i, Ct);
        }

        await cache.GetAsync(peer.Url + 3, Ct);
        Assert.Equal(4, peer.Connections);
        await cache.GetAsync(peer.Url + 0, Ct);
        Assert.Equal(5, peer.Connections);
    }
}
