using System.Globalization;
using Ostiary.Storage.Tests.Postgres;

namespace Ostiary.Program.Tests.Faults;

/// <summary>The whole program, killed at any moment under load: what it acknowledged is there after the restart, and nothing happens twice.</summary>
[Trait("Speed", "Slow")]
[Collection("Faults")]
public sealed class KillTests : IDisposable
{
    private const int Rounds = 25;
    private const int Remembered = 10;

    private readonly Ground _ground = new();
    private readonly Random _random = new(20260714);

    public void Dispose() => _ground.Dispose();

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public Task What_was_acknowledged_survives_a_kill_and_nothing_happens_twice(string store) => KillAgainAndAgainAsync(store);

    [Fact]
    public async Task What_was_acknowledged_survives_a_kill_on_postgresql_too()
    {
        var cluster = await PostgresCluster.StartAsync();
        try
        {
            await KillAgainAndAgainAsync(string.Create(CultureInfo.InvariantCulture, $"postgres://postgres@127.0.0.1:{cluster.Port}/postgres"));
        }
        finally
        {
            await cluster.StopAsync();
        }
    }

    private async Task KillAgainAndAgainAsync(string store)
    {
        var ct = TestContext.Current.CancellationToken;
        var ended = new List<SignInStory>();
        var done = new History();
        var server = await RunningServer.StartAsync(store, _ground.Data, _ground.Config);
        try
        {
            var cookies = await SignInAsync(server, ct);
            for (var round = 0; round < Rounds; round++)
            {
                var history = await LoadAndKillAsync(server, cookies, round, ct);
                if (round % 5 == 0)
                    await RunningServer.KillDuringStartAsync(store, _ground.Data, _ground.Config, TimeSpan.FromMilliseconds(_random.Next(600)));
                server = await RunningServer.StartAsync(store, _ground.Data, _ground.Config);
                await CheckAsync(server, history, ended, ct);
                Add(history, done);
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
        Report(store, done);
    }

    private async Task<History> LoadAndKillAsync(RunningServer server, string cookies, int round, CancellationToken ct)
    {
        var history = new History();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var load = new Load(server, history, cookies, round).RunAsync(stop.Token);
        await Task.Delay(_random.Next(50, 900), ct); // The random moment is the test.
        await server.KillAsync();
        await load;
        await server.DisposeAsync();
        Assert.Empty(history.Surprises);
        return history;
    }

    private async Task CheckAsync(RunningServer server, History history, List<SignInStory> ended, CancellationToken ct)
    {
        using var checker = new Checker(server, ct);
        await checker.CheckAsync(history);
        for (var i = 0; i < Math.Min(Remembered, ended.Count); i++)
            await checker.CheckDeadAsync(ended[_random.Next(ended.Count)]);
        ended.AddRange(checker.Ended);

        var verified = await Cli.Program.RunAsync("event", "verify", "--data", server.Data);
        Assert.True(verified.Exit == 0, verified.Output + verified.Error);
    }

    private static async Task<string> SignInAsync(RunningServer server, CancellationToken ct)
    {
        using var caller = new Caller(server);
        return await caller.SignInAsync(ct);
    }

    private static void Add(History round, History all)
    {
        foreach (var story in round.SignIns)
            all.SignIns.Add(story);
        foreach (var story in round.Robots)
            all.Robots.Add(story);
        foreach (var story in round.Objects)
            all.Objects.Add(story);
    }

    /// <summary>A test that met nothing has shown nothing.</summary>
    private static void Report(string store, History all)
    {
        var unknown =
            all.SignIns.Count(s => s.Redeemed == Outcome.Unknown || s.RotationUnknown || s.Revoked == Outcome.Unknown)
            + all.Robots.Count(r => r.Revoked == Outcome.Unknown)
            + all.Objects.Count(o => o.Created == Outcome.Unknown || o.Deleted == Outcome.Unknown);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{store}: {Rounds} kills, {all.SignIns.Count} sign-ins, {all.SignIns.Sum(s => s.Refresh.Count)} refresh tokens, {all.Robots.Count} service tokens, {all.Objects.Count} objects; {unknown} calls without an answer"
        );
        Assert.True(all.SignIns.Count > Rounds);
        Assert.Contains(all.SignIns, s => s.Revoked == Outcome.Acknowledged);
        Assert.Contains(all.Objects, o => o.Deleted == Outcome.Acknowledged);
        Assert.True(unknown > 0);
    }
}
