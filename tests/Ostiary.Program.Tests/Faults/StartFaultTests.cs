using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;

namespace Ostiary.Program.Tests.Faults;

/// <summary>A server that cannot start says why in one sentence, and leaves everything as it was.</summary>
[Trait("Speed", "Slow")]
[Collection("Faults")]
public sealed class StartFaultTests : IDisposable
{
    private readonly Ground _ground = new();

    public void Dispose() => _ground.Dispose();

    [Fact]
    public async Task A_data_directory_of_a_newer_format_is_left_alone()
    {
        await MakeDataAsync();
        await File.WriteAllTextAsync(Path.Combine(_ground.Data, "format"), "2\n", TestContext.Current.CancellationToken);

        await RefusesAsync("OST5005");
    }

    [Fact]
    public async Task A_second_server_on_the_same_directory_does_not_start()
    {
        await using var first = await RunningServer.StartAsync("sqlite", _ground.Data, _ground.Config);

        await RefusesAsync("OST5006", compare: false);

        using var http = first.NewHttp();
        using var alive = await http.GetAsync(new Uri("/readyz", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
    }

    [Fact]
    public async Task A_master_key_that_others_can_read_is_refused()
    {
        await MakeDataAsync();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(
                Path.Combine(_ground.Data, "keys", "master.key"),
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead
            );

        await RefusesAsync("OST5011");
    }

    [Fact]
    public async Task A_data_directory_that_is_a_file_is_refused()
    {
        await File.WriteAllTextAsync(_ground.Data, "mine", TestContext.Current.CancellationToken);

        await RefusesAsync("OST9006", exit: 2);
    }

    [Fact]
    public async Task A_directory_of_something_else_is_not_taken_over()
    {
        Directory.CreateDirectory(_ground.Data);
        await File.WriteAllTextAsync(Path.Combine(_ground.Data, "thesis.txt"), "mine", TestContext.Current.CancellationToken);

        await RefusesAsync("OST9006", also: "format");
    }

    [Fact]
    public async Task A_read_only_data_directory_is_refused()
    {
        await using var disk = await SmallFileSystem.MountAsync(_ground.Data);
        if (disk is null)
            Assert.Skip("this process may not mount a file system");
        await MakeDataAsync();
        await disk.MakeReadOnlyAsync();

        await RefusesAsync("OST5");
    }

    [Fact]
    public async Task A_broken_configuration_names_the_closest_member()
    {
        await MakeDataAsync();
        var text = await File.ReadAllTextAsync(_ground.Config, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            _ground.Config,
            text.Replace("redirect_uris", "redirect_urls", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );

        await RefusesAsync("OST4202", exit: 2, also: "redirect_uris");
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        await MakeDataAsync();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var text = await File.ReadAllTextAsync(_ground.Config, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            _ground.Config,
            text.Replace("\"refresh_retry_window\": \"5m\"", "\"refresh_retry_window\": \"4m\"", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        ); // What would be applied is not.

        await RefusesAsync("OST9004", exit: 2, also: $"127.0.0.1:{port}", listen: $"http://127.0.0.1:{port}");
    }

    [Theory]
    [InlineData("OST9007", "id.example", "http://127.0.0.1:0")]
    [InlineData("OST9007", "http://id.example", "http://127.0.0.1:0")]
    [InlineData("OST9007", "https://id.example?tenant=a", "http://127.0.0.1:0")]
    [InlineData("OST9002", "https://id.example", "http://0.0.0.0:0")]
    public Task A_bad_issuer_and_plain_http_beyond_this_machine_are_refused(string code, string issuer, string listen) =>
        RefusesAsync(code, exit: 2, issuer: issuer, listen: listen);

    /// <summary>A directory that a server has used and left.</summary>
    private async Task MakeDataAsync()
    {
        await using var server = await RunningServer.StartAsync("sqlite", _ground.Data, _ground.Config);
        using var caller = new Caller(server);
        Assert.True((await caller.RobotTokenAsync(TestContext.Current.CancellationToken)).IsOk);
        await server.StopAsync();
    }

    private async Task RefusesAsync(
        string code,
        int? exit = null,
        string also = "",
        string issuer = RunningServer.Issuer,
        string listen = "http://127.0.0.1:0",
        bool compare = true
    )
    {
        var (before, log) = compare ? (Contents(), Log()) : ([], "");
        var run = await Cli.Program.RunAsync("serve", "--issuer", issuer, "--listen", listen, "--data", _ground.Data, "--config", _ground.Config);

        Assert.NotEqual(0, run.Exit);
        if (exit is { } expected)
            Assert.Equal(expected, run.Exit);
        Assert.Equal("", run.Output);
        var line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        using var json = JsonDocument.Parse(line);
        Assert.StartsWith(code, json.RootElement.GetProperty("error").GetProperty("code").GetString(), StringComparison.Ordinal);
        Assert.Contains(also, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
        if (!compare)
            return;
        Assert.Equal(before, Contents());
        Assert.StartsWith(log, Log(), StringComparison.Ordinal); // It may tell of the refusal, and of nothing else.
    }

    private string Log()
    {
        var directory = Path.Combine(_ground.Data, "events");
        return Directory.Exists(directory)
            ? string.Concat(Directory.EnumerateFiles(directory, "*.jsonl").Order(StringComparer.Ordinal).Select(File.ReadAllText))
            : "";
    }

    /// <summary>Every file but the log, with its content; what only keeps others out does not count.</summary>
    private SortedDictionary<string, string> Contents()
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (File.Exists(_ground.Data))
            all[""] = File.ReadAllText(_ground.Data);
        if (!Directory.Exists(_ground.Data))
            return all;
        foreach (var file in Directory.EnumerateFiles(_ground.Data, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(_ground.Data, file);
            if (
                name is not ("lock" or "admin.sock")
                && !name.EndsWith("-shm", StringComparison.Ordinal)
                && !name.StartsWith("events", StringComparison.Ordinal)
            )
                all[name] = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));
        }
        return all;
    }
}
