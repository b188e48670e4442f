using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Server.Hosting;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

/// <summary>Requests that no HTTP library would write.</summary>
public sealed class HttpLayerTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Form = "Content-Type: application/x-www-form-urlencoded";
    private TestServer Server => shared.Server;

    [Theory]
    [InlineData("POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\na=bc")] // M01
    [InlineData("POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST /token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST /token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("CONNECT /token HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("nonsense\r\n\r\n")]
    public async Task M01_refuses_what_is_no_http(string text)
    {
        var answer = await RawHttp.SendAsync(Server, text);

        Assert.True(RawHttp.StatusOf(answer) is 400 or 404 or 405 or 501 or 505, answer);
        Assert.DoesNotContain("Server:", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task M01_a_request_with_two_lengths_is_one_request()
    {
        const string smuggled = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
        var body = "0\r\n\r\n" + smuggled;

        var answer = await RawHttp.SendAsync(
            Server,
            $"POST /token HTTP/1.1\r\nHost: a\r\n{Form}\r\nContent-Length: {body.Length}\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
        );

        Assert.DoesNotContain("live", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/TOKEN", 400)] // M12: the same handler, so the same rules
    [InlineData("/token/", 400)]
    [InlineData("/x/%2e%2e/token", 400)]
    [InlineData("/./token", 400)]
    [InlineData("//token", 404)]
    [InlineData("/token;x", 404)]
    [InlineData("/token.json", 404)]
    [InlineData("/token%2f", 404)]
    [InlineData("/token%20", 404)]
    public async Task M12_a_path_reaches_its_handler_or_nothing(string path, int status)
    {
        var answer = await RawHttp.SendAsync(Server, RawHttp.Request($"POST {path} HTTP/1.1", "a=b", Form));

        Assert.Equal(status, RawHttp.StatusOf(answer));
        Assert.DoesNotContain("Location:", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(status == 400, answer.Contains("OST2003", StringComparison.Ordinal));
    }

    [Fact]
    public async Task M13_refuses_heads_of_absurd_size()
    {
        var manyHeaders = string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: y\r\n"));

        var many = await RawHttp.SendAsync(Server, $"GET /livez HTTP/1.1\r\nHost: a\r\n{manyHeaders}\r\n");
        var large = await RawHttp.SendAsync(Server, $"GET /livez HTTP/1.1\r\nHost: a\r\nCookie: {new string('c', 40_000)}\r\n\r\n");
        var url = await RawHttp.SendAsync(Server, $"GET /authorize?{new string('q', 9_000)} HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(431, RawHttp.StatusOf(many));
        Assert.Equal(431, RawHttp.StatusOf(large));
        Assert.Equal(414, RawHttp.StatusOf(url));
    }

    [Theory]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade")] // M14
    [InlineData("Range: bytes=0-1")]
    [InlineData("Accept-Encoding: gzip, br, deflate")] // M15
    [InlineData("Accept: text/html")]
    public async Task M14_and_M15_other_wishes_are_ignored(string header)
    {
        var answer = await RawHttp.SendAsync(Server, RawHttp.Request("GET /.well-known/openid-configuration HTTP/1.1", "", header));

        Assert.Equal(200, RawHttp.StatusOf(answer));
        Assert.Contains("application/json", answer, StringComparison.Ordinal);
        Assert.Contains("nosniff", answer, StringComparison.Ordinal); // M17
        Assert.DoesNotContain("Content-Encoding", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task M10_nothing_is_decoded_twice()
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("web", ("state", "%252e%252e")));

        Assert.Equal("%252e%252e", Browser.QueryOf(answer)["state"]);
    }

    [Fact]
    public async Task M20_and_M21_nothing_of_a_request_breaks_a_header_or_a_line_of_the_log()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Server.Issuer + "/token")
        {
            Content = new StringContent(
                "grant_type=client_credentials&client_id=" + Uri.EscapeDataString("a\r\n\u001b[31m{\"x\":1}\u202e" + new string('b', 3_000)),
                Encoding.UTF8,
                "application/x-www-form-urlencoded"
            ),
        };
        request.Headers.TryAddWithoutValidation("User-Agent", new string('u', 20_000));

        (await shared.Robot.SendAsync(request)).ShouldBeRefused("invalid_client", "OST3008", HttpStatusCode.Unauthorized);

        var log = Server.Server.Events;
        var lines = await log.ListAsync(
            new() { Reason = Ostiary.Protocol.Reasons.Reason.AuthenticatingClientUnknown, Limit = 10 },
            TestContext.Current.CancellationToken
        );
        Assert.All(lines, line => Assert.True(line.Json.Length < 1_000 && !line.Json.Any(char.IsControl)));
    }

    [Fact]
    public async Task M19_metadata_keys_and_health_need_no_storage_and_no_form()
    {
        using var http = Server.NewHttp();
        foreach (var path in new[] { "/livez", "/readyz", "/.well-known/jwks.json" })
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task B22_a_body_that_does_not_come_is_given_up()
    {
        var started = System.Diagnostics.Stopwatch.StartNew();

        var answer = await RawHttp.SendAsync(Server, $"POST /token HTTP/1.1\r\nHost: a\r\n{Form}\r\nContent-Length: 100\r\n\r\na");

        Assert.True(started.Elapsed < TimeSpan.FromSeconds(12));
        Assert.True(answer.Length == 0 || RawHttp.StatusOf(answer) is 400 or 408, answer);
    }

    [Theory, Trait("Spec", "RFC 9700 §2.6")]
    [InlineData("203.0.113.9", null, null, 403)]
    [InlineData("::ffff:203.0.113.9", null, null, 403)]
    [InlineData("203.0.113.9", "https", "198.51.100.7", 403)] // M23: nobody's headers but the proxy's
    [InlineData("127.0.0.1", null, null, 200)]
    [InlineData("::ffff:127.0.0.1", null, null, 200)]
    [InlineData("10.1.2.3", null, null, 403)]
    [InlineData("10.1.2.3", "http", null, 403)]
    [InlineData("10.1.2.3", "https", "198.51.100.7", 200)]
    [InlineData("10.1.2.3", "https", "junk, 198.51.100.7", 200)]
    [InlineData("::ffff:10.1.2.3", "https", "127.0.0.1, 198.51.100.7", 200)]
    [InlineData("10.1.2.3", "https", "198.51.100.7, junk%zone", 200)]
    public async Task M23_plain_http_is_for_loopback_and_for_the_proxy_that_says_https(string peer, string? proto, string? chain, int status)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        if (proto is not null)
            http.Request.Headers["X-Forwarded-Proto"] = proto;
        if (chain is not null)
            http.Request.Headers["X-Forwarded-For"] = chain;
        var guard = new TransportGuard([IPNetwork.Parse("10.0.0.0/8")]);

        await guard.InvokeAsync(http, _ => Task.CompletedTask);

        Assert.Equal(status, http.Response.StatusCode);
        var seen = http.Connection.RemoteIpAddress!.ToString();
        Assert.Equal(status == 200 && chain?.EndsWith("198.51.100.7", StringComparison.Ordinal) == true ? "198.51.100.7" : peer, seen);
    }

    [Theory, Trait("Spec", "RFC 9700 §2.6")]
    [InlineData(null, 200)]
    [InlineData("X-Forwarded-For", 403)]
    [InlineData("Forwarded", 403)]
    public async Task M23_a_proxy_on_this_machine_that_hides_how_its_client_came_is_not_this_machine(string? header, int status)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Loopback;
        if (header is not null)
            http.Request.Headers[header] = "198.51.100.7";

        await new TransportGuard([IPNetwork.Parse("127.0.0.0/8")]).InvokeAsync(http, _ => Task.CompletedTask);

        Assert.Equal(status, http.Response.StatusCode);
    }

    [Theory, Trait("Spec", "RFC 9700 §2.6")]
    [InlineData("10.1.2.3", "https", 200, "198.51.100.7")]
    [InlineData("10.1.2.3", "http", 403, "10.1.2.3")]
    [InlineData("10.1.2.3", null, 200, "10.1.2.3")]
    [InlineData("203.0.113.9", "https", 200, "203.0.113.9")]
    public async Task M23_a_proxy_that_comes_by_TLS_is_believed_too_and_nobody_else(string peer, string? proto, int status, string seen)
    {
        var http = new DefaultHttpContext { Request = { Scheme = "https" } };
        http.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        if (proto is not null)
            http.Request.Headers["X-Forwarded-Proto"] = proto;
        http.Request.Headers["X-Forwarded-For"] = "198.51.100.7";

        await new TransportGuard([IPNetwork.Parse("10.0.0.0/8")]).InvokeAsync(http, _ => Task.CompletedTask);

        Assert.Equal(status, http.Response.StatusCode);
        Assert.Equal(seen, http.Connection.RemoteIpAddress!.ToString());
    }
}
