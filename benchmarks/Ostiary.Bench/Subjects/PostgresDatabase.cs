using System.Diagnostics;
using System.Globalization;

namespace Ostiary.Bench.Subjects;

/// <summary>A PostgreSQL 15 of Debian's packages with its own settings (each commit flushed), pinned beside the server.</summary>
internal sealed class PostgresDatabase : IDatabase, IDisposable
{
    private const string Programs = "/usr/lib/postgresql/15/bin";
    private const string User = "postgres";
    private readonly Process _process;
    private readonly string _directory;
    private readonly int _port;

    private PostgresDatabase(Process process, string directory, int port) => (_process, _directory, _port) = (process, directory, port);

    public static bool IsInstalled => File.Exists(Path.Combine(Programs, "initdb"));

    public string Url => UrlOf(User);

    public TimeSpan Cpu => Machine.Cpu(_process.Id);

    /// <summary>Another, new database of the same server.</summary>
    public async Task<IDatabase> CreateAsync(string name)
    {
        await SqlAsync($"CREATE DATABASE {name}");
        return new Other(this, name);
    }

    public static async Task<PostgresDatabase> StartAsync()
    {
        // Not below the checkout: its directories may be closed to the user of the database.
        var directory = Directory.CreateTempSubdirectory("ostiary-bench-").FullName;
        if (Environment.UserName == "root")
            await Machine.RunAsync("chown", [User, directory]);
        var data = Path.Combine(directory, "data");
        var (program, arguments) = Command("initdb", ["-D", data, "-A", "trust", "-U", User, "-E", "UTF8", "--locale=C", "--no-instructions"]);
        await Machine.RunAsync(program, arguments, directory);
        var port = Machine.FreePort();
        string[] settings =
        [
            $"port={port.ToString(CultureInfo.InvariantCulture)}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=512MB",
            "synchronous_commit=on",
            "max_wal_size=8GB",
        ];
        (program, arguments) = Command("postgres", ["-D", data, .. settings.SelectMany(setting => new[] { "-c", setting })]);
        var process = Machine.Start(Machine.ServerCore, program, arguments, directory: directory);
        await Machine.ListeningAsync(port, process);
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
        var database = new PostgresDatabase(process, directory, port);
        await database.ReadyAsync();
        return database;
    }

    /// <summary>Runs SQL and returns what it gives, a line a row, columns separated by a bar.</summary>
    public Task<string> SqlAsync(string sql, string database = User) =>
        Machine.RunAsync(Path.Combine(Programs, "psql"), [.. Place, "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql, database]);

    /// <summary>Single-row updates a second by pgbench, prepared, on the core of the generator.</summary>
    public async Task<double> UpdatesAsync(string script, int connections, double seconds)
    {
        var (count, time) = (connections.ToString(CultureInfo.InvariantCulture), Math.Max(1, (int)seconds).ToString(CultureInfo.InvariantCulture));
        var said = await Machine.RunAsync(
            Path.Combine(Programs, "pgbench"),
            [.. Place, "-n", "-M", "prepared", "-c", count, "-j", "1", "-T", time, "-f", script, User],
            cores: Machine.GeneratorCore
        );
        var line =
            Array.FindLast(said.Split('\n'), l => l.StartsWith("tps = ", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"pgbench made no update in {time} seconds: this machine is too busy to measure on");
        return double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        // Fast shutdown: SIGINT to the one process that started all others.
        using (var kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]))
            kill.WaitForExit();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private string[] Place => ["-h", "127.0.0.1", "-p", _port.ToString(CultureInfo.InvariantCulture), "-U", User];

    private async Task ReadyAsync()
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await SqlAsync("SELECT 1");
                return;
            }
            catch (InvalidOperationException) when (tries < 100)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static (string Program, string[] Arguments) Command(string name, string[] arguments)
    {
        var program = Path.Combine(Programs, name);
        return Environment.UserName == "root"
            ? ("/usr/bin/setpriv", ["--reuid=" + User, "--regid=" + User, "--clear-groups", program, .. arguments])
            : (program, arguments);
    }

    private string UrlOf(string database) => $"postgres://{User}@127.0.0.1:{_port}/{database}?sslmode=disable";

    private sealed class Other(PostgresDatabase server, string name) : IDatabase
    {
        public string Url => server.UrlOf(name);

        public TimeSpan Cpu => server.Cpu;
    }
}
