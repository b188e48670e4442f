using System.Diagnostics;
using System.Net;
using Ostiary.Program.Tests.Cli;

namespace Ostiary.Program.Tests.Nodes;

[Trait("Speed", "Slow")]
public sealed class ThreeNodesTests(ThreeNodes town, ITestOutputHelper output) : IClassFixture<ThreeNodes>
{
    [Fact]
    public async Task A_token_of_the_old_server_is_good_on_every_node_and_behind_the_proxy()
    {
        foreach (var address in new[] { town.Address(0), town.Address(1), town.Address(2), town.Issuer })
            Assert.True(await town.IsActiveAsync(address, town.OldToken));
    }

    [Fact, Trait("Spec", "RFC 7009 §2.1")]
    public async Task A_revocation_on_one_node_is_effective_on_the_others_within_a_second()
    {
        const int Revocations = 60;
        var took = new List<double>();
        for (var i = 0; i < Revocations; i++)
        {
            var token = await town.TokenAsync(town.Address(i % 3));
            var (status, _) = await town.PostAsync(town.Address(i % 3), "/revoke", ("token", token));
            var begun = Stopwatch.GetTimestamp();
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.False(await town.IsActiveAsync(town.Address(i % 3), token));
            await Task.WhenAll(Enumerable.Range(1, 2).Select(other => GoneAsync(town.Address((i + other) % 3), token)));
            took.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
        took.Sort();
        output.WriteLine($"effective on all nodes: median {took[Revocations / 2]:0} ms, p99 {took[^1]:0} ms");
        Assert.InRange(took[^1], 0, 1000);
    }

    [Fact]
    public async Task A_client_disabled_on_one_node_is_soon_refused_by_the_others()
    {
        var made = await Cli.Program.RunAsync("client", "create", "passing", "--type", "service", "--data", town.Data(0));
        Assert.True(made.Exit == 0, made.Error);
        await SoonAsync(async () =>
            (await Cli.Program.RunAsync("client", "get", "passing", "--data", town.Data(1))).Exit == 0
            && (await Cli.Program.RunAsync("client", "get", "passing", "--data", town.Data(2))).Exit == 0
        );
    }

    [Fact]
    public async Task Keys_rotate_while_a_node_is_killed_and_no_good_token_is_refused()
    {
        for (var round = 0; round < 4; round++)
        {
            var killed = 1 + (round % 2);
            var alive = killed == 1 ? 2 : 1;
            var rotating = Cli.Program.RunAsync("key", "rotate", "--now", "--data", town.Data(0));
            var killing = town.KillAsync(killed);
            for (var i = 0; i < 20; i++)
            {
                Assert.True(await town.IsActiveAsync(town.Address(alive), await town.TokenAsync(town.Address(0))));
                Assert.True(await town.IsActiveAsync(town.Address(0), await town.TokenAsync(town.Address(alive))));
            }
            var run = await rotating;
            Assert.True(run.Exit == 0, run.Error);
            await killing;
            var fresh = await town.TokenAsync(town.Address(0));
            town.Start(killed);
            await town.ReadyAsync(town.Address(killed));
            Assert.True(await town.IsActiveAsync(town.Address(killed), fresh));
        }
    }

    private async Task GoneAsync(string address, string token)
    {
        while (await town.IsActiveAsync(address, token))
            await Task.Yield();
    }

    private static async Task SoonAsync(Func<Task<bool>> holds)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await holds())
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(10), "It never came to hold.");
    }
}
