using System.Net;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

public sealed class MetricsTests
{
    [Fact]
    public async Task Counts_decisions_by_act_and_code_and_names_nobody()
    {
        await using var server = await TestServer.StartAsync();
        using var robot = new TokenClient(server, "m2m");
        using var stranger = new TokenClient(server, "m2m", "wrong-secret-of-more-than-thirty-two-characters");
        await robot.TokenAsync(("grant_type", "client_credentials"), ("scope", "read"));
        await stranger.TokenAsync(("grant_type", "client_credentials"));

        var text = await TextAsync(server);

        Assert.Contains(
            "ostiary_decisions_total{act=\"token.client_credentials\",outcome=\"allowed\",code=\"\"} 1\n",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "ostiary_decisions_total{act=\"client.authenticate\",outcome=\"refused\",code=\"OST3008\"} 1\n",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("alg=\"ES256\",state=\"active\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("m2m", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shows_nothing_to_whoever_comes_through_a_proxy()
    {
        await using var server = await TestServer.StartAsync();
        using var http = server.NewHttp();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add("X-Forwarded-For", "203.0.113.9");

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static async Task<string> TextAsync(TestServer server)
    {
        using var http = server.NewHttp();
        return await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
    }
}
