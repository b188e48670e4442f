using System.Diagnostics;
using System.Globalization;
using System.Net;
using Ostiary.Program.Tests.Cli;
using Ostiary.Program.Tests.Faults;

namespace Ostiary.Program.Tests.Overload;

/// <summary>Two nodes behind a balancer are stopped and started again, one after the other, while clients go on asking over connections that they keep.</summary>
[Trait("Speed", "Slow")]
public sealed class RollingRestartTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rolling_restart_fails_no_request()
    {
        using var ground = new Ground();
        int[] ports = [ServerProcess.FreePort(), ServerProcess.FreePort()];
        var nodes = new ServerProcess[2];
        try
        {
            for (var i = 0; i < 2; i++)
                nodes[i] = await StartAsync(ground, i, ports[i]);
            await using var balancer = new Balancer(ports);
            await Task.WhenAll(balancer.ReadyAsync(0), balancer.ReadyAsync(1));
            using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var load = Enumerable.Range(0, 6).Select(_ => AskAsync(balancer.Address, end.Token)).ToList();

            for (var i = 0; i < 2; i++)
            {
                Assert.Equal(0, await nodes[i].StopAsync());
                await nodes[i].DisposeAsync();
                nodes[i] = await StartAsync(ground, i, ports[i]);
                await balancer.ReadyAsync(i);
            }
            await end.CancelAsync();
            var answers = await Task.WhenAll(load);

            Assert.Empty(answers.SelectMany(a => a.Failures));
            Assert.True(answers.Sum(a => a.Done) > 200, $"only {answers.Sum(a => a.Done)} requests");
        }
        finally
        {
            foreach (var node in nodes.Where(n => n is not null))
                await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_stopping_server_says_so_first_and_ends_within_its_bound()
    {
        using var ground = new Ground();
        var port = ServerProcess.FreePort();
        await using var server = await ServerProcess.StartAsync([.. Arguments(ground, 0, port), "--drain-delay", "2s", "--stop-timeout", "1s"]);
        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}") };
        // It never ends its request, and nobody waits for it longer than the bound.
        using var stuck = new System.Net.Sockets.TcpClient();
        await stuck.ConnectAsync(IPAddress.Loopback, port, Stop);
        await stuck
            .GetStream()
            .WriteAsync(
                "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n"u8.ToArray(),
                Stop
            );
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/readyz", Stop)).StatusCode);

        var clock = Stopwatch.StartNew();
        var stopping = server.StopAsync();
        HttpResponseMessage ready;
        do ready = await http.GetAsync("/readyz", Stop);
        while (ready.StatusCode == HttpStatusCode.OK);
        var served = await http.GetAsync("/.well-known/jwks.json", Stop);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("stopping\n", await ready.Content.ReadAsStringAsync(Stop));
        Assert.Equal((HttpStatusCode.OK, true), (served.StatusCode, served.Headers.ConnectionClose));
        Assert.Equal(0, await stopping);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(20));
    }

    private static Task<ServerProcess> StartAsync(Ground ground, int node, int port) =>
        ServerProcess.StartAsync([.. Arguments(ground, node, port), "--drain-delay", "2s"]);

    private static string[] Arguments(Ground ground, int node, int port) =>
        [
            "--issuer",
            RunningServer.Issuer,
            "--listen",
            $"http://127.0.0.1:{port}",
            "--data",
            Path.Combine(ground.Root, "node" + node.ToString(CultureInfo.InvariantCulture)),
            "--config",
            ground.Config,
        ];

    private static async Task<(int Done, List<string> Failures)> AskAsync(Uri address, CancellationToken end)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(20) };
        var (done, failures) = (0, new List<string>());
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var request = Requests.RobotToken();
                using var answer = await http.SendAsync(request, Stop);
                if (answer.StatusCode != HttpStatusCode.OK)
                    failures.Add(answer.StatusCode + " " + await answer.Content.ReadAsStringAsync(Stop));
                done++;
            }
            catch (HttpRequestException fault)
            {
                failures.Add(fault.ToString());
            }
            await Task.Delay(10, Stop);
        }
        return (done, failures);
    }
}
