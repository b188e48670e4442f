using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Ostiary.Program.Tests.Cli;
using Ostiary.Program.Tests.Faults;

namespace Ostiary.Program.Tests.Overload;

/// <summary>Far more than a server takes on: it goes on with what it can do, says so to the rest, and its memory does not grow with them.</summary>
[Trait("Speed", "Slow")]
public sealed class OverloadTests
{
    private const int Requests = 16;
    private const long MostGrowth = 96 << 20;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_times_too_many_writes_are_shed_in_bounded_memory_and_leave_no_trace()
    {
        using var ground = new Ground();
        var (server, address) = await StartAsync(ground, $"requests={Requests}");
        await using var running = server;
        var token = await TokenAsync(address);
        HttpRequestMessage Revoke() => Overload.Requests.Robot("/revoke", ("token", token));
        var before = await LoadAsync(address, connections: 8, TimeSpan.FromSeconds(3), Revoke);
        var memory = MemoryOf(server);
        using var asking = new HttpClient { BaseAddress = address };

        var storm = LoadAsync(address, connections: 10 * Requests, TimeSpan.FromSeconds(6), Revoke);
        while (!storm.IsCompleted)
            Assert.Equal(HttpStatusCode.OK, (await asking.GetAsync("/.well-known/jwks.json", Stop)).StatusCode);
        var during = await storm;
        var grown = MemoryOf(server) - memory;
        var after = await LoadAsync(address, connections: 8, TimeSpan.FromSeconds(1), Revoke);

        Say($"before {before.Count(200) / 3}/s; during {during.Count(200) / 6}/s, shed {during.Count(503) / 6}/s; memory +{grown >> 20} MiB");
        Assert.Equal([200], before.Statuses);
        Assert.Equal([200, 503], during.Statuses);
        // The generator takes the larger part of the same processors.
        Assert.True(during.Count(200) / 6 * 10 > before.Count(200) / 3, "it served next to nothing");
        Assert.Equal([200], after.Statuses);
        Assert.True(grown < MostGrowth, $"memory grew by {grown >> 20} MiB");
    }

    [Fact]
    public async Task Every_request_of_a_burst_is_served_or_shed_and_memory_stays_bounded()
    {
        const int Connections = 300;
        const int Each = 150;
        using var ground = new Ground();
        var (server, address) = await StartAsync(ground, "queue-milliseconds=50");
        await using var running = server;
        await LoadAsync(address, connections: 8, TimeSpan.FromSeconds(2));
        var memory = MemoryOf(server);
        const string body = "grant_type=client_credentials";
        var basic = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes("robot:" + Ground.RobotSecret));
        var one =
            $"POST /token HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {basic}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        var all = string.Concat(Enumerable.Repeat(one, Each));

        var answers = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(() => BurstAsync(address, all, Each), Stop)));
        var (served, shed) = (answers.Sum(a => a.Served), answers.Sum(a => a.Shed));
        var grown = MemoryOf(server) - memory;
        var after = await LoadAsync(address, connections: 4, TimeSpan.FromSeconds(1));

        Say($"served {served}, shed {shed}; memory +{grown >> 20} MiB");
        Assert.Equal(Connections * Each, served + shed);
        // Whether it sheds depends on the machine; that a long queue sheds is tested where the queue can be set.
        Assert.True(served > 0);
        Assert.True(after.Count(200) > 0);
        Assert.True(grown < MostGrowth, $"memory grew by {grown >> 20} MiB");
    }

    [Fact]
    public async Task Slow_clients_hold_no_place_and_take_little_memory()
    {
        using var ground = new Ground();
        var (server, address) = await StartAsync(ground, $"requests={Requests}");
        await using var running = server;
        await LoadAsync(address, connections: 8, TimeSpan.FromSeconds(2));
        var memory = MemoryOf(server);
        var slow = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 400; i++)
                slow.Add(await BeginAsync(address, i % 2 == 0 ? "GET /livez HTTP/1.1\r\nHost: loc" : HalfBody));
            var good = await LoadAsync(address, connections: 8, TimeSpan.FromSeconds(2));

            Assert.Equal([200], good.Statuses);
            Assert.True(MemoryOf(server) - memory < MostGrowth);
            // Headers have ten seconds.
            var buffer = new byte[256];
            var answer = await slow[0].GetStream().ReadAsync(buffer, Stop).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Stop);
            Assert.StartsWith("HTTP/1.1 408", System.Text.Encoding.ASCII.GetString(buffer, 0, answer), StringComparison.Ordinal);
        }
        finally
        {
            slow.ForEach(client => client.Dispose());
        }
    }

    private const string HalfBody =
        "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\ngrant";

    private static async Task<(ServerProcess Server, Uri Address)> StartAsync(Ground ground, string limit)
    {
        var port = ServerProcess.FreePort();
        var listen = $"http://127.0.0.1:{port}";
        var server = await ServerProcess.StartAsync(
            "--issuer",
            RunningServer.Issuer,
            "--listen",
            listen,
            "--data",
            ground.Data,
            "--config",
            ground.Config,
            "--limit",
            limit
        );
        return (server, new(listen));
    }

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);

    private static async Task<string> TokenAsync(Uri address)
    {
        using var http = new HttpClient { BaseAddress = address };
        using var request = Overload.Requests.RobotToken();
        using var answer = await http.SendAsync(request, Stop);
        using var json = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        return json.RootElement.GetProperty("access_token").GetString()!;
    }

    /// <summary>Many requests in one breath on one connection; the answers are only counted.</summary>
    private static async Task<(int Served, int Shed)> BurstAsync(Uri address, string requests, int count)
    {
        using var client = await BeginAsync(address, requests);
        using var reader = new StreamReader(client.GetStream(), System.Text.Encoding.ASCII);
        var (served, shed) = (0, 0);
        while (served + shed < count && await reader.ReadLineAsync(Stop) is { } line)
        {
            // A body has no line break at its end, so the next answer begins in the same line.
            served += line.EndsWith("HTTP/1.1 200 OK", StringComparison.Ordinal) ? 1 : 0;
            shed += line.EndsWith("HTTP/1.1 503 Service Unavailable", StringComparison.Ordinal) ? 1 : 0;
        }
        return (served, shed);
    }

    private static async Task<TcpClient> BeginAsync(Uri address, string text)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, Stop);
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(text), Stop);
        return client;
    }

    private static long MemoryOf(ServerProcess server)
    {
        var status = File.ReadAllLines($"/proc/{server.Id.ToString(CultureInfo.InvariantCulture)}/status");
        var line = status.First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line["VmRSS:".Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    /// <summary>Clients that ask again as soon as they have an answer, whatever it was.</summary>
    private static async Task<Tally> LoadAsync(Uri address, int connections, TimeSpan time, Func<HttpRequestMessage>? ask = null)
    {
        var tally = new Tally();
        var clock = Stopwatch.StartNew();
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, MaxConnectionsPerServer = connections })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(30),
        };
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(AskAsync, Stop)));
        return tally;

        async Task AskAsync()
        {
            while (clock.Elapsed < time)
            {
                using var request = ask?.Invoke() ?? Overload.Requests.RobotToken();
                using var answer = await http.SendAsync(request, Stop);
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
                    Assert.Contains("OST5030", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
                }
                tally.Add((int)answer.StatusCode);
            }
        }
    }

    private sealed class Tally
    {
        private readonly ConcurrentDictionary<int, int> _counts = new();

        public IEnumerable<int> Statuses => _counts.Keys.Order();

        public int Count(int status) => _counts.GetValueOrDefault(status);

        public void Add(int status) => _counts.AddOrUpdate(status, 1, (_, count) => count + 1);
    }
}
