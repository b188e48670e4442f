using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ostiary.Program.Tests.Cli;
using Ostiary.Storage.Tests.Postgres;

namespace Ostiary.Program.Tests.Nodes;

/// <summary>One SQLite server that became three nodes on PostgreSQL behind HAProxy, by the commands of the how-to.</summary>
public sealed class ThreeNodes : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("ostiary-three-").FullName;
    private readonly Process?[] _nodes = new Process?[3];
    private readonly int[] _ports = [ServerProcess.FreePort(), ServerProcess.FreePort(), ServerProcess.FreePort()];
    private readonly int _front = ServerProcess.FreePort();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private PostgresCluster? _cluster;
    private Process? _proxy;
    private string _secret = "";

    /// <summary>A token that the old server issued.</summary>
    public string OldToken { get; private set; } = "";
    public string Issuer => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{_front}");

    private string Bin => Path.Combine(_root, "bin");

    public string Data(int node) => Path.Combine(_root, $"node{node}");

    public string Address(int node) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_ports[node]}");

    public async ValueTask InitializeAsync()
    {
        var howTo = HowTo.Read("three-nodes.md");
        Directory.CreateDirectory(Bin);
        File.CreateSymbolicLink(Path.Combine(Bin, "ostiary"), Cli.Program.Path);
        _cluster = await PostgresCluster.StartAsync();
        await OldServerAsync();
        foreach (var block in howTo.Of("sh").Take(3))
            await ShellAsync(block, 0);
        for (var node = 0; node < 3; node++)
            Start(node);
        await File.WriteAllTextAsync(Path.Combine(_root, "haproxy.cfg"), howTo.Of("haproxy").Single());
        await ShellAsync(howTo.Of("sh").Last(), 0);
        _proxy = Cli.Program.Start("/usr/sbin/haproxy", ["-q", "-db", "-f", Path.Combine(_root, "haproxy.cfg")], Environment(0));
        for (var node = 0; node < 3; node++)
            await ReadyAsync(Address(node));
        await ReadyAsync(Issuer);
        await ShellAsync(howTo.Of("sh check").Single(), 0);
    }

    public void Start(int node)
    {
        var block = HowTo.Read("three-nodes.md").Of("sh node").Single();
        _nodes[node] = Cli.Program.Start("/bin/bash", ["-euc", block + " >/dev/null 2>&1"], Environment(node));
    }

    public async Task KillAsync(int node)
    {
        _nodes[node]!.Kill(entireProcessTree: true);
        await _nodes[node]!.WaitForExitAsync(CancellationToken.None);
        _nodes[node]!.Dispose();
        _nodes[node] = null;
    }

    public async Task ReadyAsync(string address)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                if ((await _http.GetAsync(new Uri(address + "/readyz"))).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (tries < 600) { }
            Assert.True(tries < 600, $"{address} does not become ready.");
            await Task.Delay(50);
        }
    }

    public async Task<(HttpStatusCode Status, JsonElement Json)> PostAsync(string address, string path, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address + path)
        {
            Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value))),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("robot:" + _secret)));
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if (text.Length == 0)
            return (answer.StatusCode, default);
        using var json = JsonDocument.Parse(text);
        return (answer.StatusCode, json.RootElement.Clone());
    }

    public async Task<string> TokenAsync(string address)
    {
        var (status, json) = await PostAsync(address, "/token", ("grant_type", "client_credentials"), ("scope", "read"));
        Assert.Equal(HttpStatusCode.OK, status);
        return json.GetProperty("access_token").GetString()!;
    }

    public async Task<bool> IsActiveAsync(string address, string token)
    {
        var (status, json) = await PostAsync(address, "/introspect", ("token", token));
        Assert.Equal(HttpStatusCode.OK, status);
        return json.GetProperty("active").GetBoolean();
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
        {
            _proxy.Kill(entireProcessTree: true);
            await _proxy.WaitForExitAsync(CancellationToken.None);
            _proxy.Dispose();
        }
        for (var node = 0; node < 3; node++)
            if (_nodes[node] is not null)
                await KillAsync(node);
        if (_cluster is not null)
            await _cluster.StopAsync();
        _http.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private async Task OldServerAsync()
    {
        var old = Path.Combine(_root, "old");
        await using var server = await ServerProcess.StartAsync("--issuer", Issuer, "--listen", Address(0), "--data", old);
        await DoneAsync("api", "create", "https://api.example", "--scope", "read=Read", "--data", old);
        var made = await DoneAsync("client", "create", "robot", "--type", "service", "--scope", "read", "--data", old, "-o", "json");
        using (var json = JsonDocument.Parse(made.Output))
            _secret = json.RootElement.GetProperty("client_secret").GetString()!;
        OldToken = await TokenAsync(Address(0));
        await server.StopAsync();
    }

    private static async Task<Run> DoneAsync(params string[] arguments)
    {
        var run = await Cli.Program.RunAsync(arguments);
        Assert.True(run.Exit == 0, run.Error);
        return run;
    }

    private async Task ShellAsync(string commands, int node)
    {
        using var shell = Cli.Program.Start("/bin/bash", ["-euc", $"cd {_root}\n{commands}"], Environment(node));
        shell.StandardInput.Close();
        var said = shell.StandardError.ReadToEndAsync();
        await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"{commands}\n{await said}");
    }

    private Dictionary<string, string?> Environment(int node)
    {
        string At(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        return new()
        {
            ["PATH"] = Bin + ":" + System.Environment.GetEnvironmentVariable("PATH"),
            ["OLD"] = Path.Combine(_root, "old"),
            ["BACKUP"] = Path.Combine(_root, "backup.jsonl"),
            ["KEY"] = Path.Combine(_root, "master.key"),
            ["DATABASE"] = string.Create(CultureInfo.InvariantCulture, $"postgres://postgres@127.0.0.1:{_cluster!.Port}/postgres"),
            ["DATA"] = Data(node),
            ["ISSUER"] = Issuer,
            ["LISTEN"] = Address(node),
            ["PROXY"] = "127.0.0.1",
            ["NODE"] = string.Create(CultureInfo.InvariantCulture, $"n{node + 1}"),
            ["FRONT"] = At(_front),
            ["NODE1"] = At(_ports[0]),
            ["NODE2"] = At(_ports[1]),
            ["NODE3"] = At(_ports[2]),
        };
    }
}
