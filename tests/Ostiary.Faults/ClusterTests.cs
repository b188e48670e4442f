using Ostiary.Faults.Cluster;
using Ostiary.Faults.Records;
using Ostiary.Faults.Town;

namespace Ostiary.Faults;

/// <summary>Three nodes on one PostgreSQL behind HAProxy.</summary>
[Trait("Speed", "Slow")]
[Trait("Faults", "Long")]
public sealed class ClusterTests
{
    [Fact]
    public Task R02_a_node_that_is_killed_takes_only_its_own_requests_with_it() =>
        HoldsAsync(
            "R02",
            "kill -9 of one of three nodes, started again; keys rotate meanwhile (R25)",
            async (round, _, ct) =>
            {
                var node = round.Nodes[round.Random.Next(round.Nodes.Count)];
                await node.KillAsync();
                await Task.Delay(round.Random.Next(1500), ct);
                await node.StartAsync(ct);
            }
        );

    [Fact]
    public Task R11_a_database_that_is_killed_loses_nothing_acknowledged() =>
        HoldsAsync(
            "R11a",
            "kill -9 of PostgreSQL, started again",
            async (round, database, ct) =>
            {
                await database.KillAsync();
                await Task.Delay(round.Random.Next(1500), ct);
                await database.StartAgainAsync();
                await Task.Delay(1_500, ct);
            }
        );

    [Fact]
    public Task R14_a_partition_from_the_database_ends_nothing() =>
        HoldsAsync(
            "R14",
            "the line to the database: blackhole, answers lost, everything reset, 200 ms late",
            async (round, _, ct) =>
            {
                Weather[] weathers = [new() { Blackhole = true }, new() { HalfOpen = true }, new() { Delay = TimeSpan.FromMilliseconds(200) }];
                round.Line!.Weather = weathers[round.Random.Next(weathers.Length)];
                await Task.Delay(round.Random.Next(500, 5_000), ct);
                round.Line.CutAll();
                round.Line.Weather = Weather.Fine;
                await Task.Delay(1_500, ct);
            }
        );

    [Fact]
    public Task R18_a_database_that_is_locked_up_uses_up_the_connections_and_no_more() =>
        HoldsAsync(
            "R18",
            "all tables locked for up to 4 s: every connection waits",
            async (round, database, ct) =>
            {
                const string Lock =
                    "DO $$DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE 'LOCK TABLE ' || quote_ident(t); END LOOP; END$$";
                string[] session =
                [
                    "-h",
                    "127.0.0.1",
                    "-p",
                    $"{database.Port}",
                    "-U",
                    "postgres",
                    "-q",
                    "-1",
                    "-c",
                    Lock,
                    "-c",
                    $"SELECT pg_sleep({round.Random.Next(1, 5)})",
                ];
                await Commands.RunAsync("psql", session);
                await Task.Delay(1_500, ct);
            }
        );

    [Fact]
    public Task R19_connections_cut_in_the_middle_of_a_commit_have_no_double_effect() =>
        HoldsAsync(
            "R19",
            "connections to the database cut before a statement or before its answer, 1 in 50",
            async (round, _, ct) =>
            {
                round.Line!.Weather = new() { CutAnswer = 2, CutRequest = 1 };
                await Task.Delay(2_000, ct);
                round.Line.Weather = Weather.Fine;
            }
        );

    [Fact]
    public Task R20_clients_that_retry_through_a_long_absence_keep_their_families() =>
        HoldsAsync(
            "R20",
            "PostgreSQL away for ten seconds while every client retries",
            async (round, database, ct) =>
            {
                await database.KillAsync();
                await Task.Delay(10_000, ct);
                await database.StartAgainAsync();
                await Task.Delay(2_000, ct);
            }
        );

    [Fact]
    public Task R27_a_rolling_restart_leaves_nothing_undone() =>
        HoldsAsync(
            "R27",
            "SIGTERM to each node in turn, started again",
            async (round, _, ct) =>
            {
                foreach (var node in round.Nodes)
                {
                    Assert.Equal(0, await node.StopAsync());
                    await node.StartAsync(ct);
                    await Task.Delay(700, ct);
                }
            }
        );

    private static async Task HoldsAsync(string row, string done, Func<ClusterRound, PostgresServer, CancellationToken, Task> strike)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var database = await PostgresServer.StartAsync();
        await using var line = new Wire(() => database.Port, 7);
        var plan = new RoundPlan
        {
            Name = row,
            Store = "postgres, 3 nodes",
            Length = Report.Length(10, 60),
            Promise = new() { Delay = 1_500, Start = 20_000 },
        };
        var result = await ClusterRound.RunAsync(
            plan,
            $"postgres://postgres@127.0.0.1:{line.Port}/postgres",
            line,
            (round, stop) => strike(round, database, stop),
            ct
        );
        Report.Add(row, done, result);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.Violations.Count == 0, Report.Of(result));
        Assert.True(result.Ops.Count > 100, Report.Of(result));
        if (row == "R27")
            Assert.False(result.Ops.Any(IsLost), Report.Of(result) + string.Join('\n', result.Ops.Where(IsLost)));
    }

    /// <summary>What went through the balancer and got no answer or a 5xx.</summary>
    private static bool IsLost(Op op) =>
        op
            is {
                Outcome: Outcome.Unknown or Outcome.Failed or Outcome.Shed,
                Act: Act.Authorize or Act.Redeem or Act.Refresh or Act.Revoke or Act.Introspect or Act.ServiceToken or Act.Assert
            };
}

/// <summary>PostgreSQL under Patroni with etcd, synchronous: the primary is lost, and the other takes over.</summary>
[Trait("Speed", "Slow")]
[Trait("Faults", "Long")]
public sealed class PatroniTests
{
    private const double LongestOutage = 35_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task R11_a_primary_that_is_killed_loses_nothing_acknowledged(bool bothHosts) =>
        HoldsAsync(
            "R11",
            bothHosts,
            "kill -9 of the primary and its Patroni; the follower takes over, the other comes back as follower",
            LongestOutage,
            async (cluster, ct) =>
            {
                await cluster.KillPrimaryAsync(ct);
                await Task.Delay(30_000, ct);
                await cluster.ReviveAsync(ct);
                await Task.Delay(2_000, ct);
            }
        );

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task R12_a_switchover_is_a_short_pause(bool bothHosts) =>
        HoldsAsync(
            "R12",
            bothHosts,
            "patronictl switchover",
            LongestOutage,
            async (cluster, ct) =>
            {
                await cluster.SwitchAsync(ct);
                await Task.Delay(3_000, ct);
            }
        );

    private static async Task HoldsAsync(
        string row,
        bool bothHosts,
        string done,
        double longest,
        Func<PatroniCluster, CancellationToken, Task> strike
    )
    {
        var ct = TestContext.Current.CancellationToken;
        await using var cluster = await PatroniCluster.StartAsync(ct);
        var plan = new RoundPlan
        {
            Name = row,
            Store = bothHosts ? "postgres under Patroni, both named, 3 nodes" : "postgres under Patroni behind HAProxy, 3 nodes",
            Length = Report.Length(20, 70),
            Browsers = 3,
            Promise = new() { Delay = 1_500, Start = 20_000 },
        };
        var result = await ClusterRound.RunAsync(plan, bothHosts ? cluster.Hosts : cluster.Url, null, (_, stop) => strike(cluster, stop), ct);
        Report.Add(row, done, result);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.Violations.Count == 0, Report.Of(result));
        Assert.True(result.Outage <= longest, Report.Of(result));
    }
}
