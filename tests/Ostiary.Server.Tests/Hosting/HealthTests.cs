using System.Net;
using System.Net.Sockets;
using System.Text;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

public sealed class HealthTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact, Trait("Spec", "RFC 9112 §9.6")]
    public async Task A_draining_server_is_not_ready_serves_on_and_asks_for_no_further_request_on_a_connection()
    {
        await using var server = await TestServer.StartAsync();
        using var http = server.NewHttp();
        using var robot = new TokenClient(server, "m2m");
        Assert.Equal("ready\n", await http.GetStringAsync("/readyz", Stop));

        server.Server.Endpoints.Health.Drain();
        var ready = await http.GetAsync("/readyz", Stop);
        var token = await robot.TokenAsync(("grant_type", "client_credentials"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping\n"), (ready.StatusCode, await ready.Content.ReadAsStringAsync(Stop)));
        Assert.Equal((HttpStatusCode.OK, true), (token.Status, token.Response.Headers.ConnectionClose));
        Assert.Equal("live\n", await http.GetStringAsync("/livez", Stop));
    }

    [Fact]
    public async Task A_storage_that_hangs_makes_it_unready_whoever_asks_makes_no_load_and_it_recovers_by_itself()
    {
        GatedStores? gated = null;
        await using var server = await TestServer.StartAsync(wrap: stores => gated = new GatedStores(stores));
        using var http = server.NewHttp();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => http.GetAsync("/readyz", Stop)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode));
        Assert.Equal("storage\n", await answers[0].Content.ReadAsStringAsync(Stop));
        Assert.Equal(1, gated!.Probes);
        Assert.Equal("live\n", await http.GetStringAsync("/livez", Stop));
        gated.Open();
        Assert.Equal("ready\n", await http.GetStringAsync("/readyz", Stop));
    }

    [Fact]
    public async Task Load_does_not_make_it_unready()
    {
        await using var server = await TestServer.StartAsync();
        using var http = server.NewHttp();
        server.Server.Endpoints.Admission.QueueOf = () => int.MaxValue;

        Assert.Equal("ready\n", await http.GetStringAsync("/readyz", Stop));
    }

    [Fact]
    public async Task Who_goes_in_the_middle_of_a_revocation_has_revoked()
    {
        GatedStores? gated = null;
        await using var server = await TestServer.StartAsync(wrap: stores => gated = new GatedStores(stores));
        using var robot = new TokenClient(server, "m2m");
        var token = (await robot.TokenAsync(("grant_type", "client_credentials")))["access_token"]!;
        var body = "token=" + token;
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes("m2m:" + TestServer.WebSecret));

        using (var client = new TcpClient())
        {
            var url = new Uri(server.Server.Addresses[0]);
            await client.ConnectAsync(url.Host, url.Port, Stop);
            var head =
                $"POST /revoke HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {basic}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n";
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + body), Stop);
            await gated!.GatheredAsync(1);
        }
        gated.Open();
        while (server.Server.Endpoints.Admission.InWork > 0)
            await Task.Yield();

        Assert.Equal("False", (await robot.PostAsync("/introspect", ("token", token)))["active"]);
    }

    [Fact]
    public async Task Connections_are_bounded_and_one_that_ends_makes_room()
    {
        await using var server = await TestServer.StartAsync(with: o => o with { Limit = [.. o.Limit, "connections=3"] });
        var held = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                held.Add(await AskAsync(server));
                Assert.NotEqual(0, await ReadAsync(held[i]));
            }
            using var refused = await AskAsync(server);
            Assert.Equal(0, await ReadAsync(refused));

            held[0].Dispose();
            while (true)
            {
                using var next = await AskAsync(server);
                if (await ReadAsync(next) > 0)
                    break;
            }
        }
        finally
        {
            held.ForEach(client => client.Dispose());
        }
    }

    private static async Task<TcpClient> AskAsync(TestServer server)
    {
        var client = new TcpClient();
        var url = new Uri(server.Server.Addresses[0]);
        try
        {
            await client.ConnectAsync(url.Host, url.Port, Stop);
            await client.GetStream().WriteAsync("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Stop);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            // Closed already.
        }
        return client;
    }

    private static async Task<int> ReadAsync(TcpClient client)
    {
        try
        {
            return !client.Connected ? 0 : await client.GetStream().ReadAsync(new byte[1024], Stop);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
