using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Ostiary.Storage.Tests.Postgres;

/// <summary>
/// A PostgreSQL of this test process, from Debian's package: its own directory, its own port on loopback, every commit flushed. A shell watches over it, so that it
/// goes, and its directory with it, even when the test process is killed.
/// </summary>
internal sealed class PostgresCluster
{
    private const string Watch = """
        "$@" </dev/null >"$LOG" 2>&1 & server=$!
        while read -r line; do :; done
        kill -QUIT "$server" 2>/dev/null; wait "$server"; [ -e "$KEEP" ] || rm -rf "$ROOT"
        """;

    private static readonly Lazy<Task<PostgresCluster>> Started = new(() => StartAsync());

    private readonly string root;
    private readonly int port;
    private Process server;

    private PostgresCluster(string root, int port) => (this.root, this.port, server) = (root, port, Run(root, port));

    /// <summary>The one that all tests share.</summary>
    public static Task<PostgresCluster> Shared => Started.Value;

    public int Port => port;

    public string Connection => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres");

    /// <summary>One of its own, for tests that stop it.</summary>
    public static async Task<PostgresCluster> StartAsync()
    {
        var root = Directory.CreateTempSubdirectory("ostiary-pg-").FullName;
        var data = Path.Combine(root, "data");
        Directory.CreateDirectory(data);
        if (Environment.UserName == "root")
            await ToEndAsync("chown", "-R", "postgres:postgres", root);
        await ToEndAsync([.. AsPostgres, Program("initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]);
        var cluster = new PostgresCluster(root, FreePort());
        await cluster.AnswersAsync();
        return cluster;
    }

    /// <summary>One of its own that follows another, as a standby.</summary>
    public static async Task<PostgresCluster> StandbyOfAsync(PostgresCluster primary)
    {
        var root = Directory.CreateTempSubdirectory("ostiary-pg-").FullName;
        if (Environment.UserName == "root")
            await ToEndAsync("chown", "postgres:postgres", root);
        await CopyAsync(primary, root);
        var cluster = new PostgresCluster(root, FreePort());
        await cluster.AnswersAsync();
        return cluster;
    }

    /// <summary>From now on, behind the same port, a standby of the other. It must have stopped.</summary>
    public async Task FollowAsync(PostgresCluster primary)
    {
        Directory.Delete(Path.Combine(root, "data"), recursive: true);
        await CopyAsync(primary, root);
        File.Delete(Path.Combine(root, "keep"));
        server = Run(root, port);
        await AnswersAsync();
    }

    /// <summary>As a power cut would: no connection is told.</summary>
    public async Task CrashAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(root, "keep"), "");
        server.StandardInput.Close();
        await server.WaitForExitAsync();
        server.Dispose();
    }

    public async Task<int> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection + ";Pooling=false;Options=-c default_transaction_read_only=off");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync();
    }

    public async Task<object?> ValueAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection + ";Pooling=false;Options=-c default_transaction_read_only=off");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    public async Task CrashAndRestartAsync()
    {
        await CrashAsync();
        File.Delete(Path.Combine(root, "keep"));
        server = Run(root, port);
        await AnswersAsync();
    }

    public async Task StopAsync()
    {
        server.StandardInput.Close();
        await server.WaitForExitAsync();
        server.Dispose();
    }

    private static Task CopyAsync(PostgresCluster primary, string root) =>
        ToEndAsync([
            .. AsPostgres,
            Program("pg_basebackup"),
            "-h",
            "127.0.0.1",
            "-p",
            primary.port.ToString(CultureInfo.InvariantCulture),
            "-U",
            "postgres",
            "-D",
            Path.Combine(root, "data"),
            "-R",
            "-c",
            "fast",
            "--no-sync",
        ]);

    private static string[] AsPostgres =>
        Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : ["env"];

    private static string Program(string name)
    {
        const string Debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian) : [];
        Array.Sort(versions, StringComparer.Ordinal);
        return versions.Select(version => Path.Combine(version, "bin", name)).LastOrDefault(File.Exists)
            ?? throw new InvalidOperationException("PostgreSQL is not installed: run tests/setup as root.");
    }

    private static Process Run(string root, int port)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, UseShellExecute = false };
        start.Environment["LOG"] = Path.Combine(root, "log");
        start.Environment["KEEP"] = Path.Combine(root, "keep");
        start.Environment["ROOT"] = root;
        string[] arguments =
        [
            "-c",
            Watch,
            "sh",
            .. AsPostgres,
            Program("postgres"),
            "-D",
            Path.Combine(root, "data"),
            "-p",
            port.ToString(CultureInfo.InvariantCulture),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "max_connections=400",
            "-c",
            "shared_buffers=64MB",
            "-c",
            "max_wal_size=256MB",
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private async Task AnswersAsync()
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await ExecuteAsync("SELECT 1");
                return;
            }
            catch (NpgsqlException) when (tries < 300 && !server.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task ToEndAsync(params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command[0]} failed: {await said}");
    }
}
