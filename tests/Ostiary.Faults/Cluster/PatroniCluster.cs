using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ostiary.Faults.Town;

namespace Ostiary.Faults.Cluster;

/// <summary>Two PostgreSQL under Patroni with etcd, all from Debian's packages, in synchronous mode: what was acknowledged is on both.</summary>
internal sealed class PatroniCluster : IAsyncDisposable
{
    private readonly string _root;
    private readonly int _etcd = PostgresServer.FreePort();
    private readonly Member[] _members;
    private Process? _store;
    private Balancer? _door;

    private PatroniCluster(string root) => (_root, _members) = (root, [new("pg1"), new("pg2")]);

    /// <summary>Through the balancer, which leads to whoever is the primary.</summary>
    public string Url => $"postgres://postgres@127.0.0.1:{_door!.Port}/postgres";

    /// <summary>Both servers: the nodes find out which of them is the primary.</summary>
    public string Hosts => $"postgres://postgres@{string.Join(',', _members.Select(m => $"127.0.0.1:{m.Port}"))}/postgres";

    public static async Task<PatroniCluster> StartAsync(CancellationToken ct)
    {
        var cluster = new PatroniCluster(await PostgresServer.MakeRootAsync());
        try
        {
            cluster.StartStore();
            foreach (var member in cluster._members)
            {
                cluster.Begin(member);
                if (member == cluster._members[0])
                    await cluster.PrimaryAsync(ct);
            }
            await cluster.UntilSafeAsync(ct);
            cluster._door = await Balancer.OfPrimaryAsync(cluster._root, cluster._members.Select(m => (Port: m.Port, Asked: m.Rest)));
            await PostgresServer.UntilItAnswersAsync(cluster._door.Port);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL of Patroni and of the database that it leads. It comes back by itself a while later, as a follower.</summary>
    public async Task KillPrimaryAsync(CancellationToken ct)
    {
        var primary = await PrimaryAsync(ct);
        await KillAsync(primary);
    }

    /// <summary>Whoever was killed starts again, and follows.</summary>
    public async Task ReviveAsync(CancellationToken ct)
    {
        foreach (var member in _members.Where(m => m.Process is not { HasExited: false }))
            Begin(member);
        await UntilSafeAsync(ct);
    }

    /// <summary>Planned: the other one leads.</summary>
    public async Task SwitchAsync(CancellationToken ct)
    {
        var primary = await PrimaryAsync(ct);
        await Commands.RunAsync("patronictl", "-c", primary.Config, "switchover", "--leader", primary.Name, "--force", "town");
        await UntilSafeAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (_door is not null)
            await _door.DisposeAsync();
        foreach (var member in _members)
            await KillAsync(member);
        if (_store is { HasExited: false })
        {
            _store.Kill(entireProcessTree: true);
            await _store.WaitForExitAsync(CancellationToken.None);
        }
        Directory.Delete(_root, recursive: true);
    }

    private static async Task KillAsync(Member member)
    {
        if (member.Process is not { HasExited: false } process)
            return;
        // The database is not a child of Patroni's process: its own file says who it is.
        var pid = Path.Combine(member.Data, "postmaster.pid");
        var postmaster = File.Exists(pid) ? (await File.ReadAllLinesAsync(pid))[0] : null;
        process.Kill(entireProcessTree: true);
        if (postmaster is not null && File.Exists($"/proc/{postmaster}/cmdline"))
            using (var database = Process.GetProcessById(int.Parse(postmaster, CultureInfo.InvariantCulture)))
            {
                database.Kill(entireProcessTree: true);
                await database.WaitForExitAsync(CancellationToken.None);
            }
        await process.WaitForExitAsync(CancellationToken.None);
    }

    private async Task<Member> PrimaryAsync(CancellationToken ct)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        for (var attempt = 0; attempt < 300; attempt++)
        {
            foreach (var member in _members)
                if (await SaysAsync(http, member, "primary", ct))
                    return member;
            await Task.Delay(200, ct);
        }
        throw new InvalidOperationException("No primary: " + Log());
    }

    /// <summary>A primary and a synchronous follower: from now on one of them can be lost.</summary>
    private async Task UntilSafeAsync(CancellationToken ct)
    {
        await PrimaryAsync(ct);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        for (var attempt = 0; attempt < 300; attempt++)
        {
            foreach (var member in _members)
                if (await SaysAsync(http, member, "synchronous", ct))
                    return;
            await Task.Delay(200, ct);
        }
        throw new InvalidOperationException("No synchronous follower: " + Log());
    }

    private static async Task<bool> SaysAsync(HttpClient http, Member member, string what, CancellationToken ct)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{member.Rest}/{what}"), ct);
            return response.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private void StartStore()
    {
        var peer = PostgresServer.FreePort();
        string[] command =
        [
            .. PostgresServer.AsPostgres,
            "etcd",
            "--name",
            "town",
            "--data-dir",
            Path.Combine(_root, "etcd"),
            "--listen-client-urls",
            $"http://127.0.0.1:{_etcd}",
            "--advertise-client-urls",
            $"http://127.0.0.1:{_etcd}",
            "--listen-peer-urls",
            $"http://127.0.0.1:{peer}",
            "--initial-advertise-peer-urls",
            $"http://127.0.0.1:{peer}",
            "--initial-cluster",
            $"town=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
        ];
        _store = Commands.Begin(command[0], command[1..], Path.Combine(_root, "etcd.log"));
    }

    private void Begin(Member member)
    {
        member.Data = Path.Combine(_root, member.Name);
        Reaper.OfThisProcess.WatchDatabase(member.Data);
        member.Config = Path.Combine(_root, member.Name + ".yml");
        File.WriteAllText(member.Config, Configuration(member));
        string[] command = [.. PostgresServer.AsPostgres, "patroni", member.Config];
        member.Process = Commands.Begin(command[0], command[1..], Path.Combine(_root, member.Name + ".log"));
    }

    /// <summary>The shortest times that Patroni takes for safe: a leader that is lost is replaced within its time to live.</summary>
    private string Configuration(Member member) =>
        JsonSerializer.Serialize(
            new Dictionary<string, object>
            {
                ["scope"] = "town",
                ["name"] = member.Name,
                ["restapi"] = new { listen = $"127.0.0.1:{member.Rest}", connect_address = $"127.0.0.1:{member.Rest}" },
                ["etcd3"] = new { hosts = $"127.0.0.1:{_etcd}" },
                ["bootstrap"] = new
                {
                    dcs = new
                    {
                        ttl = 20,
                        loop_wait = 5,
                        retry_timeout = 5,
                        synchronous_mode = true,
                        postgresql = new
                        {
                            use_pg_rewind = true,
                            parameters = new
                            {
                                max_connections = 200,
                                wal_keep_size = "64MB",
                                wal_log_hints = "on",
                            },
                        },
                    },
                    initdb = new object[] { new { encoding = "UTF8" }, new { locale = "C" } },
                },
                ["postgresql"] = new
                {
                    listen = $"127.0.0.1:{member.Port}",
                    connect_address = $"127.0.0.1:{member.Port}",
                    data_dir = member.Data,
                    bin_dir = PostgresServer.Programs,
                    pgpass = Path.Combine(_root, member.Name + ".pgpass"),
                    authentication = new
                    {
                        superuser = new { username = "postgres", password = "town" },
                        replication = new { username = "replicator", password = "town" },
                        rewind = new { username = "rewinder", password = "town" },
                    },
                    pg_hba = new[] { "local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust" },
                    parameters = new { unix_socket_directories = _root },
                },
            }
        );

    private string Log() =>
        string.Join('\n', Directory.EnumerateFiles(_root, "*.log").Select(f => string.Join('\n', File.ReadLines(f).TakeLast(15))));

    private sealed class Member(string name)
    {
        public string Name => name;
        public int Port { get; } = PostgresServer.FreePort();
        public int Rest { get; } = PostgresServer.FreePort();
        public string Data { get; set; } = "";
        public string Config { get; set; } = "";
        public Process? Process { get; set; }
    }
}
