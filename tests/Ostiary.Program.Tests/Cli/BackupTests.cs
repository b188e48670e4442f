using System.Text.Json;

namespace Ostiary.Program.Tests.Cli;

[Trait("Speed", "Slow")]
public sealed class BackupTests : IAsyncLifetime
{
    private readonly Served _served = new();
    private readonly string _root = Directory.CreateTempSubdirectory("ostiary-backup-").FullName;

    private string Backup => Path.Combine(_root, "backup.jsonl");
    private string Restored => Path.Combine(_root, "restored");
    private string MasterKey => Path.Combine(_served.Data, "keys", "master.key");

    public async ValueTask InitializeAsync()
    {
        await _served.StartAsync();
        await RunAsync("client", "create", "robot", "--type", "service", "--data", _served.Data);
    }

    public async ValueTask DisposeAsync()
    {
        await _served.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("memory")]
    public async Task A_backup_of_a_running_server_is_restored_behind_a_fence_into_any_engine(string store)
    {
        var made = await RunAsync("server", "backup", Backup, "--data", _served.Data);
        Assert.Contains("keep keys/master.key elsewhere", made.Error, StringComparison.Ordinal);
        await _served.StopAsync();
        var restore = await RunAsync("server", "restore", Backup, "--data", Restored, "--master-key", MasterKey, "--store", store);
        Assert.Contains("It is fenced", restore.Error, StringComparison.Ordinal);

        Assert.Contains("robot", (await RunAsync("client", "list", "--data", Restored)).Output, StringComparison.Ordinal);
        Assert.True(await FencedAsync());
        await using (
            var server = await ServerProcess.StartAsync(
                "--issuer",
                _served.Issuer,
                "--listen",
                "http://127.0.0.1:0",
                "--data",
                Restored,
                "--store",
                store
            )
        )
        {
            Assert.Equal(0, await server.StopAsync());
            Assert.Contains("what may have been revoked after the backup is taken as revoked", server.Error, StringComparison.Ordinal);
        }

        var unasked = await Program.RunAsync("server", "unfence", "--data", Restored);
        Assert.NotEqual(0, unasked.Exit);
        Assert.Contains("OST8010", unasked.Error, StringComparison.Ordinal);
        await RunAsync("server", "unfence", "--yes", "--data", Restored);
        Assert.False(await FencedAsync());
    }

    [Fact]
    public async Task A_restore_that_cannot_be_is_refused_in_one_sentence_and_changes_nothing()
    {
        await RunAsync("server", "backup", Backup, "--data", _served.Data);
        await RefusesAsync("there already", "server", "backup", Backup, "--data", _served.Data);
        await RefusesAsync("no master key", "server", "restore", Backup, "--data", Restored);
        await RefusesAsync("no file", "server", "restore", Backup + ".x", "--data", Restored, "--master-key", MasterKey);
        await File.WriteAllTextAsync(Backup + ".cut", (await File.ReadAllTextAsync(Backup, Ct))[..^20], Ct);
        await RefusesAsync("OST5004", "server", "restore", Backup + ".cut", "--data", Restored, "--master-key", MasterKey);
        Assert.False(Directory.Exists(Restored));
        await _served.StopAsync();
        await RefusesAsync("holds data already", "server", "restore", Backup, "--data", _served.Data);
        Assert.False(await FencedAsync(_served.Data));
    }

    [Fact]
    public async Task Migrate_check_says_whether_there_is_something_to_do_beside_a_running_server()
    {
        var found = await RunAsync("server", "migrate", "--check", "--data", _served.Data, "-o", "json");
        using var json = JsonDocument.Parse(found.Output);
        Assert.False(json.RootElement.GetProperty("pending").GetBoolean());
        Assert.Equal(json.RootElement.GetProperty("newest").GetInt64(), json.RootElement.GetProperty("format").GetInt64());
        var missing = await Program.RunAsync("server", "migrate", "--check", "--data", Restored, "--store", "sqlite");
        Assert.Equal(10, missing.Exit);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<bool> FencedAsync() => FencedAsync(Restored);

    private static async Task<bool> FencedAsync(string data)
    {
        using var json = JsonDocument.Parse((await RunAsync("server", "status", "--data", data, "-o", "json")).Output);
        return json.RootElement.GetProperty("fenced").GetBoolean();
    }

    private static async Task RefusesAsync(string sentence, params string[] arguments)
    {
        var run = await Program.RunAsync(arguments);
        Assert.NotEqual(0, run.Exit);
        Assert.Equal("", run.Output);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
    }

    private static async Task<Run> RunAsync(params string[] arguments)
    {
        var run = await Program.RunAsync(arguments);
        Assert.True(run.Exit == 0, run.Error);
        return run;
    }
}
