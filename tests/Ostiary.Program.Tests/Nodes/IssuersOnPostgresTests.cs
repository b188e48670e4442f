using System.Globalization;
using System.Text.Json;
using Ostiary.Program.Tests.Cli;
using Ostiary.Program.Tests.Faults;
using Ostiary.Storage.Tests.Postgres;

namespace Ostiary.Program.Tests.Nodes;

/// <summary>Two issuers with the same people, passwords, clients and secrets, on two nodes that share one database.</summary>
public sealed class TwoIssuersOnPostgres : IAsyncLifetime
{
    public const string Red = RunningServer.Issuer + "/red";
    public const string Blue = RunningServer.Issuer + "/blue";

    private readonly Ground _ground = new();
    private readonly List<RunningServer> _nodes = [];

    internal PostgresCluster Cluster { get; private set; } = null!;

    public string Store => string.Create(CultureInfo.InvariantCulture, $"postgres://postgres@127.0.0.1:{Cluster.Port}/postgres");

    public string Root => _ground.Root;

    public async ValueTask InitializeAsync()
    {
        Cluster = await PostgresCluster.StartAsync();
        var one = await File.ReadAllTextAsync(_ground.Config);
        var config = Path.Combine(Root, "issuers.json");
        await File.WriteAllTextAsync(
            config,
            $$"""{"issuers":[{"issuer":"{{Red}}","configuration":{{one}}},{"issuer":"{{Blue}}","configuration":{{one}}}]}"""
        );
        _nodes.Add(await RunningServer.StartAsync([Red, Blue], Store, Data(0), config));
        Directory.CreateDirectory(Data(1));
        foreach (var issuer in Directory.EnumerateDirectories(Path.Combine(Data(0), "issuers")))
            CopyKey(issuer, Path.Combine(Data(1), "issuers", Path.GetFileName(issuer)));
        _nodes.Add(await RunningServer.StartAsync([Red, Blue], Store, Data(1), config));
    }

    public string Data(int node) => Path.Combine(Root, string.Create(CultureInfo.InvariantCulture, $"node{node}"));

    /// <summary>The data directory of one issuer.</summary>
    public string Part(int node, string color) =>
        Directory.EnumerateDirectories(Path.Combine(Data(node), "issuers")).Single(d => d.EndsWith(color, StringComparison.Ordinal));

    public Caller Call(int node, string color) => new(_nodes[node], "/" + color);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await Cluster.StopAsync();
        _ground.Dispose();
    }

    private static void CopyKey(string from, string to)
    {
        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(to, mode);
        Directory.CreateDirectory(Path.Combine(to, "keys"), mode);
        File.Copy(Path.Combine(from, "keys", "master.key"), Path.Combine(to, "keys", "master.key"));
    }
}

[Trait("Speed", "Slow")]
public sealed class IssuersOnPostgresTests(TwoIssuersOnPostgres town) : IClassFixture<TwoIssuersOnPostgres>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact, Trait("Spec", "RFC 9700 §4.4")]
    public async Task What_one_issuer_gave_is_good_on_both_nodes_and_nothing_at_the_other_issuer()
    {
        using var red = town.Call(0, "red");
        using var redThere = town.Call(1, "red");
        using var blue = town.Call(0, "blue");
        using var blueThere = town.Call(1, "blue");
        var cookies = await red.SignInAsync(Ct);
        var code = await red.AuthorizeAsync(cookies, Ct);

        Assert.Null(await blue.AuthorizeAsync(cookies, Ct));
        Assert.False((await blueThere.RedeemAsync(code!, Ct)).IsOk);
        var tokens = await redThere.RedeemAsync(code!, Ct);
        Assert.True(tokens.IsOk, tokens.Text);
        Assert.NotNull(await redThere.AuthorizeAsync(cookies, Ct));
        Assert.False((await blue.RefreshAsync(tokens["refresh_token"], Ct)).IsOk);
        Assert.False(await blue.IsActiveAsync(tokens["access_token"], Ct));
        Assert.True(await red.IsActiveAsync(tokens["access_token"], Ct));
        Assert.True(await redThere.IsActiveAsync(tokens["access_token"], Ct));
        Assert.True((await red.RefreshAsync(tokens["refresh_token"], Ct)).IsOk);
    }

    [Fact, Trait("Spec", "RFC 7009 §2.1")]
    public async Task Ending_a_grant_of_one_issuer_reaches_its_other_node_and_touches_no_grant_of_the_other()
    {
        using var red = town.Call(0, "red");
        using var redThere = town.Call(1, "red");
        using var blue = town.Call(0, "blue");
        using var blueThere = town.Call(1, "blue");
        var (ofRed, ofBlue) = (await TokensAsync(red), await TokensAsync(blue));
        Assert.True(await redThere.IsActiveAsync(ofRed["access_token"], Ct));

        Assert.True((await blue.RevokeAsync(ofRed["refresh_token"], Ct)).IsOk);
        Assert.True(await redThere.IsActiveAsync(ofRed["access_token"], Ct));
        Assert.True((await red.RevokeAsync(ofRed["refresh_token"], Ct)).IsOk);

        Assert.False(await red.IsActiveAsync(ofRed["access_token"], Ct));
        for (var tries = 0; await redThere.IsActiveAsync(ofRed["access_token"], Ct); tries++)
        {
            Assert.InRange(tries, 0, 100);
            await Task.Delay(20, Ct);
        }
        foreach (var node in new[] { blue, blueThere })
            Assert.True(await node.IsActiveAsync(ofBlue["access_token"], Ct));
        Assert.True((await blueThere.RefreshAsync(ofBlue["refresh_token"], Ct)).IsOk);
    }

    [Fact]
    public async Task People_clients_and_keys_of_one_issuer_are_its_own()
    {
        await DoneAsync("user", "create", "onlyred", "--data", town.Data(0), "--issuer", TwoIssuersOnPostgres.Red);
        await DoneAsync("client", "create", "onlyblue", "--type", "service", "--data", town.Data(1), "--issuer", TwoIssuersOnPostgres.Blue);
        using var red = town.Call(0, "red");
        using var redThere = town.Call(1, "red");
        using var blue = town.Call(0, "blue");

        Assert.DoesNotContain("onlyred", await ListAsync("user", 0, TwoIssuersOnPostgres.Blue), StringComparison.Ordinal);
        Assert.DoesNotContain("onlyblue", await ListAsync("client", 1, TwoIssuersOnPostgres.Red), StringComparison.Ordinal);
        Assert.Contains("onlyred", await ListAsync("user", 0, TwoIssuersOnPostgres.Red), StringComparison.Ordinal);
        Assert.Contains("onlyblue", await ListAsync("client", 1, TwoIssuersOnPostgres.Blue), StringComparison.Ordinal);
        Assert.Equal(Kids(await red.KeysAsync(Ct)), Kids(await redThere.KeysAsync(Ct)));
        Assert.Empty(Kids(await red.KeysAsync(Ct)).Intersect(Kids(await blue.KeysAsync(Ct))));
    }

    [Fact]
    public async Task Each_issuer_has_a_schema_and_all_share_the_connections_of_their_node()
    {
        const string Schemas =
            "SELECT count(*) FROM pg_tables WHERE tablename = 'grants' AND schemaname ~ '^ostiary_127_0_0_1_9_(red|blue)_[0-9a-f]{16}$'";
        Assert.Equal(2L, await town.Cluster.ValueAsync(Schemas));
        Assert.Equal(0L, await town.Cluster.ValueAsync("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
        Assert.Equal(2L, await town.Cluster.ValueAsync("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ostiary news'"));
    }

    [Fact]
    public async Task One_issuer_is_migrated_backed_up_and_restored_alone()
    {
        var (part, backup) = (town.Part(0, "blue"), Path.Combine(town.Root, "blue.jsonl"));
        var check = await DoneAsync("server", "migrate", "--check", "--data", part, "-o", "json");
        Assert.Contains("\"pending\":false", check.Output.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        await DoneAsync("server", "backup", backup, "--data", town.Data(0), "--issuer", TwoIssuersOnPostgres.Blue);
        await town.Cluster.ExecuteAsync("CREATE DATABASE other");
        var (root, other) = (Path.Combine(town.Root, "restored"), town.Store[..^"postgres".Length] + "other");
        string[] parts = [.. new[] { root, root + "2" }.Select(r => Path.Combine(r, "issuers", Path.GetFileName(part)))];
        var key = Path.Combine(part, "keys", "master.key");

        var none = await Cli.Program.RunAsync("server", "migrate", "--check", "--data", parts[0], "--store", other);
        await DoneAsync("server", "restore", backup, "--data", parts[0], "--store", other, "--master-key", key);
        var twice = await Cli.Program.RunAsync("server", "restore", backup, "--data", parts[1], "--store", other, "--master-key", key);

        Assert.Equal(10, none.Exit);
        Assert.Contains("holds data already", twice.Error, StringComparison.Ordinal);
        string[] there = ["--data", root, "--issuer", TwoIssuersOnPostgres.Blue];
        Assert.Contains("robot", (await DoneAsync(["client", "list", .. there])).Output, StringComparison.Ordinal);
        Assert.True(await IsFencedAsync(there));
        await DoneAsync(["server", "unfence", "--yes", .. there]);
        Assert.False(await IsFencedAsync(there));
        Assert.False(await IsFencedAsync("--data", town.Data(0), "--issuer", TwoIssuersOnPostgres.Blue));
    }

    private static async Task<Answer> TokensAsync(Caller caller)
    {
        var tokens = await caller.RedeemAsync((await caller.AuthorizeAsync(await caller.SignInAsync(Ct), Ct))!, Ct);
        Assert.True(tokens.IsOk, tokens.Text);
        return tokens;
    }

    private static List<string> Kids(string keys)
    {
        using var json = JsonDocument.Parse(keys);
        return [.. json.RootElement.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()!)];
    }

    private async Task<string> ListAsync(string noun, int node, string issuer) =>
        (await DoneAsync(noun, "list", "--data", town.Data(node), "--issuer", issuer)).Output;

    private static async Task<bool> IsFencedAsync(params string[] where)
    {
        using var json = JsonDocument.Parse((await DoneAsync(["server", "status", .. where, "-o", "json"])).Output);
        return json.RootElement.GetProperty("fenced").GetBoolean();
    }

    private static async Task<Run> DoneAsync(params string[] arguments)
    {
        var run = await Cli.Program.RunAsync(arguments);
        Assert.True(run.Exit == 0, string.Join(' ', arguments) + "\n" + run.Error);
        return run;
    }
}
