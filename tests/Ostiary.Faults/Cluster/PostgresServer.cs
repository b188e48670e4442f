using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Ostiary.Faults.Town;

namespace Ostiary.Faults.Cluster;

/// <summary>A PostgreSQL of this run, from Debian's package, on a port of its own on loopback. Every commit is flushed.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _root;
    private readonly int _port;
    private Process? _process;

    private PostgresServer(string root, int port) => (_root, _port) = (root, port);

    public int Port => _port;

    /// <summary>The user that databases run as; a database refuses to run as root.</summary>
    public static string[] AsPostgres { get; } =
        Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : [];

    public static string Programs { get; } =
        Directory.Exists("/usr/lib/postgresql")
            ? Path.Combine(Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last(), "bin")
            : "/usr/bin";

    public static async Task<PostgresServer> StartAsync()
    {
        var root = await MakeRootAsync();
        await ToEndAsync([
            .. AsPostgres,
            Path.Combine(Programs, "initdb"),
            "-D",
            Path.Combine(root, "data"),
            "-A",
            "trust",
            "-U",
            "postgres",
            "--locale=C",
            "-E",
            "UTF8",
            "--no-sync",
        ]);
        var server = new PostgresServer(root, FreePort());
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Below those that connections are given, so that none takes it before it is used.</summary>
    public static int FreePort()
    {
        while (true)
        {
            using var door = new TcpListener(IPAddress.Loopback, Random.Shared.Next(12_000, 32_000));
            try
            {
                door.Start();
                return ((IPEndPoint)door.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Somebody's; another one.
            }
        }
    }

    /// <summary>A directory that the database's user may use.</summary>
    public static async Task<string> MakeRootAsync()
    {
        var root = Directory.CreateTempSubdirectory("ostiary-faults-pg-").FullName;
        Reaper.OfThisProcess.WatchDirectory(root);
        if (AsPostgres.Length > 0)
            await Commands.RunAsync("chown", "postgres:postgres", root);
        return root;
    }

    public static Task ToEndAsync(string[] command) => Commands.RunAsync(command[0], command[1..]);

    public static async Task UntilItAnswersAsync(int port)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await ToEndAsync([Path.Combine(Programs, "pg_isready"), "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-q"]);
                return;
            }
            catch (InvalidOperationException) when (attempt < 100)
            {
                await Task.Delay(200);
            }
        }
    }

    public async Task StartAgainAsync()
    {
        string[] command =
        [
            .. AsPostgres,
            Path.Combine(Programs, "postgres"),
            "-D",
            Path.Combine(_root, "data"),
            "-k",
            _root,
            "-p",
            _port.ToString(CultureInfo.InvariantCulture),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=200",
        ];
        _process = Commands.Begin(command[0], command[1..], Path.Combine(_root, "log"));
        await UntilItAnswersAsync(_port);
    }

    /// <summary>SIGKILL of the postmaster and of everything that serves for it.</summary>
    public async Task KillAsync()
    {
        if (_process is not { HasExited: false } process)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        Directory.Delete(_root, recursive: true);
    }
}
