using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Text;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Outbound;

namespace Ostiary.Server.Tests.Outbound;

/// <summary>One exchange with every kind of bad server, over real TLS.</summary>
public sealed class GuardedFetcherTests
{
    private const int Most = 1000;
    private static readonly FetchPolicy Policy = new()
    {
        Purpose = "test",
        ContentTypes = ["application/json", "application/jwk-set+json"],
        MaxBytes = Most,
        Timeout = TimeSpan.FromSeconds(20),
    };

    /// <summary>For servers that never come to an end.</summary>
    private static readonly FetchPolicy Impatient = Policy with { Timeout = TimeSpan.FromSeconds(1) };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fetches_what_is_good_and_says_little()
    {
        await using var peer = new Peer(Peer.Ok("{}", "Cache-Control: public, max-age=60\r\n", "application/json; charset=UTF-8"));

        var answer = await peer.Fetcher().GetAsync(peer.Url, Policy, Ct);

        Assert.Null(answer.Refused);
        Assert.Equal("{}"u8.ToArray(), answer.Body.ToArray());
        Assert.Equal(TimeSpan.FromSeconds(60), answer.MaxAge);
        Assert.StartsWith("GET /doc HTTP/1.1\r\n", peer.Asked, StringComparison.Ordinal);
        foreach (var header in new[] { "Authorization", "Cookie", "Referer", "traceparent", "Accept-Encoding", "Proxy" })
            Assert.DoesNotContain(header, peer.Asked, StringComparison.OrdinalIgnoreCase);
    }

    [Theory, Trait("Spec", "RFC 6890 §2.2")]
    [InlineData("127.0.0.1")] // K07
    [InlineData("::1")]
    [InlineData("10.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("8.8.8.8", "127.0.0.1")]
    [InlineData("2606:4700:4700::1111", "fd00::1")]
    public async Task K05_K07_no_connection_is_made_to_a_name_that_leads_inside(params string[] addresses)
    {
        await using var trap = new Peer(Peer.Ok("{}"));
        var asked = 0;
        var fetcher = new GuardedFetcher(
            allowLoopback: false,
            trap.Roots,
            (_, _) =>
            {
                asked++;
                return Task.FromResult<IPAddress[]>([.. addresses.Select(IPAddress.Parse)]);
            }
        );

        // The port of the trap is not one that is fetched from, so the name is asked under the usual one.
        var answer = await fetcher.GetAsync("https://peer.test/doc", Policy, Ct);

        Assert.Equal(Reason.FetchAddressRefused, answer.Refused);
        Assert.Equal((1, 0), (asked, trap.Connections));
    }

    [Theory]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://10.0.0.1/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::ffff:7f00:1]/")]
    [InlineData("https://[2002:7f00:1::]/")]
    [InlineData("https://localhost/")]
    public async Task K05_K06_no_connection_is_made_to_an_address_inside(string url)
    {
        var answer = await new GuardedFetcher().GetAsync(url, Policy, Ct);

        Assert.Contains(answer.Refused, new Reason?[] { Reason.FetchAddressRefused, Reason.FetchUrlRefused });
    }

    [Fact]
    public async Task K08_a_name_is_asked_for_once_and_the_connection_goes_to_what_was_judged()
    {
        await using var peer = new Peer(Peer.Ok("{}"));
        var asked = 0;
        var fetcher = peer.Fetcher((_, _) => Task.FromResult<IPAddress[]>([asked++ == 0 ? IPAddress.Loopback : IPAddress.Parse("10.0.0.1")]));

        Assert.Null((await fetcher.GetAsync(peer.Url, Policy, Ct)).Refused);
        Assert.Equal((1, 1), (asked, peer.Connections));

        // And the next exchange judges anew: nothing of the first connection is used again.
        Assert.Equal(Reason.FetchAddressRefused, (await fetcher.GetAsync(peer.Url, Policy, Ct)).Refused);
        Assert.Equal((2, 1), (asked, peer.Connections));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task K09_K10_no_redirect_is_followed(int status)
    {
        await using var trap = new Peer(Peer.Ok("{}"));
        await using var peer = new Peer($"HTTP/1.1 {status} Moved\r\nLocation: {trap.Url}\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(Reason.FetchRedirected, (await peer.Fetcher().GetAsync(peer.Url, Policy, Ct)).Refused);
        Assert.Equal(0, trap.Connections);
    }

    [Fact]
    public async Task K13_takes_no_more_bytes_than_the_bound()
    {
        await using var exact = new Peer(Peer.Ok(new string('x', Most)));
        await using var larger = new Peer(Peer.Ok(new string('x', Most + 1)));
        await using var stated = new Peer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n");
        await using var endless = new Peer(
            async (stream, ct) =>
            {
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), ct);
                while (true)
                    await stream.WriteAsync("4\r\nxxxx\r\n"u8.ToArray(), ct);
            }
        );

        Assert.Null((await exact.Fetcher().GetAsync(exact.Url, Policy, Ct)).Refused);
        foreach (var peer in new[] { larger, stated, endless })
            Assert.Equal(Reason.FetchTooLarge, (await peer.Fetcher().GetAsync(peer.Url, Policy, Ct)).Refused);
    }

    [Fact]
    public async Task K13_a_compressed_answer_is_refused_and_not_unpacked()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(new byte[10_000_000], Ct);
        await using var peer = new Peer(
            async (stream, ct) =>
            {
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n"u8.ToArray(), ct);
                await stream.WriteAsync(packed.ToArray(), ct);
            }
        );

        Assert.Equal(Reason.FetchContentWrong, (await peer.Fetcher().GetAsync(peer.Url, Policy, Ct)).Refused);
    }

    [Fact]
    public async Task K13_headers_without_end_are_cut_off()
    {
        await using var peer = new Peer(
            async (stream, ct) =>
            {
                await stream.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), ct);
                for (var i = 0; ; i++)
                    await stream.WriteAsync(Encoding.ASCII.GetBytes($"X-{i}: {new string('x', 1000)}\r\n"), ct);
            }
        );

        Assert.Equal(Reason.FetchUnreachable, (await peer.Fetcher().GetAsync(peer.Url, Policy, Ct)).Refused);
    }

    [Theory]
    [InlineData("")] // Nothing at all.
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")]
    public async Task K14_a_server_that_drips_is_left(string beginning)
    {
        await using var peer = new Peer(
            async (stream, ct) =>
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(beginning), ct);
                var drip = beginning.Contains("\r\n\r\n", StringComparison.Ordinal) ? " "u8.ToArray() : "X: y\r\n"u8.ToArray();
                while (beginning.Length > 0)
                {
                    await Task.Delay(100, ct);
                    await stream.WriteAsync(drip, ct);
                }
                await Task.Delay(Timeout.Infinite, ct);
            }
        );
        var began = Stopwatch.GetTimestamp();

        Assert.Equal(Reason.FetchTimedOut, (await peer.Fetcher().GetAsync(peer.Url, Impatient, Ct)).Refused);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task K14_a_handshake_without_end_is_left()
    {
        await using var peer = new Peer((_, ct) => Task.Delay(Timeout.Infinite, ct), secure: false);

        Assert.Equal(Reason.FetchTimedOut, (await peer.Fetcher().GetAsync(peer.Url, Impatient, Ct)).Refused);
    }

    [Fact]
    public async Task K14_a_name_that_nobody_answers_for_is_left()
    {
        var fetcher = new GuardedFetcher(
            resolve: async (_, ct) =>
            {
                await Task.Delay(Timeout.Infinite, ct);
                return [];
            }
        );

        Assert.Equal(Reason.FetchTimedOut, (await fetcher.GetAsync("https://rp.example/", Impatient, Ct)).Refused);
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", "FetchStatusWrong")] // K15
    [InlineData("HTTP/1.1 206 Partial\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", "FetchStatusWrong")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", "FetchStatusWrong")]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "FetchStatusWrong")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}", "FetchContentWrong")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "FetchContentWrong")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=latin1\r\nContent-Length: 2\r\n\r\n{}", "FetchContentWrong")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", "FetchContentWrong")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}", "FetchUnreachable")]
    [InlineData("SSH-2.0-OpenSSH\r\n", "FetchUnreachable")]
    [InlineData("", "FetchUnreachable")]
    public async Task K15_another_answer_than_a_document_is_refused(string answer, string reason)
    {
        await using var peer = new Peer(answer);

        Assert.Equal(Enum.Parse<Reason>(reason), (await peer.Fetcher().GetAsync(peer.Url, Policy, Ct)).Refused);
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_or_is_for_another_name_is_refused()
    {
        await using var peer = new Peer(Peer.Ok("{}"));
        var strangers = new GuardedFetcher(allowLoopback: true, roots: null, Peer.ToLoopback);

        Assert.Equal(Reason.FetchUnreachable, (await strangers.GetAsync(peer.Url, Policy, Ct)).Refused);
        Assert.Equal(Reason.FetchUnreachable, (await peer.Fetcher().GetAsync($"https://wrong.test:{peer.Port}/", Policy, Ct)).Refused);
        Assert.Equal("", peer.Asked ?? "");
    }

    [Fact]
    public async Task K20_a_host_is_asked_by_a_few_at_once_and_the_others_do_not_wait()
    {
        await using var slow = new Peer((_, ct) => Task.Delay(Timeout.Infinite, ct));
        await using var good = new Peer(Peer.Ok("{}"));
        var fetcher = new GuardedFetcher(allowLoopback: true, [.. slow.Roots, .. good.Roots], Peer.ToLoopback);

        var waiting = Enumerable.Range(0, 20).Select(_ => fetcher.GetAsync(slow.Url, Impatient, Ct)).ToList();
        Assert.Null((await fetcher.GetAsync(good.Url, Policy, Ct)).Refused);
        var answers = await Task.WhenAll(waiting);

        Assert.Equal(12, answers.Count(a => a.Refused == Reason.FetchCrowded));
        Assert.Equal(8, answers.Count(a => a.Refused == Reason.FetchTimedOut));
        Assert.Equal(8, slow.Connections);
        // Afterwards there is room again.
        Assert.Equal(Reason.FetchTimedOut, (await fetcher.GetAsync(slow.Url, Impatient, Ct)).Refused);
    }

    [Fact]
    public async Task K20_many_names_of_one_machine_and_one_purpose_have_an_end_too()
    {
        await using var slow = new Peer((_, ct) => Task.Delay(Timeout.Infinite, ct), secure: false);
        var fetcher = slow.Fetcher();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 24).Select(i => fetcher.GetAsync($"https://n{i}.test:{slow.Port}/", Impatient with { Room = 20 }, Ct))
        );

        Assert.Equal(8, answers.Count(a => a.Refused == Reason.FetchCrowded));
        Assert.Equal(16, slow.Connections);
    }

    [Fact]
    public async Task Posts_and_takes_nothing_of_what_comes_back()
    {
        await using var peer = new Peer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000000000\r\n\r\n<html>");
        await using var refusing = new Peer("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        var body = "a=b"u8.ToArray();

        var answer = await peer.Fetcher().PostAsync(peer.Url, body, "application/x-www-form-urlencoded", Policy, Ct);

        Assert.Equal((null, 0), (answer.Refused, answer.Body.Length));
        Assert.StartsWith("POST /doc HTTP/1.1\r\n", peer.Asked, StringComparison.Ordinal);
        Assert.Equal(
            Reason.FetchStatusWrong,
            (await refusing.Fetcher().PostAsync(refusing.Url, body, "application/x-www-form-urlencoded", Policy, Ct)).Refused
        );
    }
}
