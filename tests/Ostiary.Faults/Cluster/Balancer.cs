using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ostiary.Faults.Town;

namespace Ostiary.Faults.Cluster;

/// <summary>HAProxy, from Debian's package.</summary>
internal sealed class Balancer : IAsyncDisposable
{
    private readonly Process _process;

    private Balancer(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    /// <summary>In front of the nodes: it asks each whether it is ready, and sends nothing twice that may have arrived.</summary>
    public static Task<Balancer> OfNodesAsync(string directory, IEnumerable<int> nodes) =>
        StartAsync(
            directory,
            "nodes",
            """
              mode http
              retries 3
              option redispatch
              retry-on conn-failure
              option httpchk GET /readyz
              http-check expect status 200
              default-server inter 300ms fall 1 rise 1
            """,
            nodes.Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port} check"))
        );

    /// <summary>In front of databases: it asks each Patroni whether its own is the primary, and leads there only.</summary>
    public static Task<Balancer> OfPrimaryAsync(string directory, IEnumerable<(int Port, int Asked)> members) =>
        StartAsync(
            directory,
            "primary",
            """
              mode tcp
              option httpchk GET /primary
              http-check expect status 200
              default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
            """,
            members.Select(member => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{member.Port} check port {member.Asked}"))
        );

    private static async Task<Balancer> StartAsync(string directory, string name, string settings, IEnumerable<string> servers)
    {
        var port = PostgresServer.FreePort();
        var text = new StringBuilder(
            $"""
            global
              maxconn 2000
            defaults
              timeout connect 1s
              timeout client 60s
              timeout server 60s
              timeout check 1s
            listen {name}
              bind 127.0.0.1:{port}
            {settings}

            """
        );
        foreach (var (index, server) in servers.Index())
            text.Append(CultureInfo.InvariantCulture, $"  server s{index + 1} {server}\n");
        var file = Path.Combine(directory, name + ".cfg");
        await File.WriteAllTextAsync(file, text.ToString());
        await Commands.RunAsync("/usr/sbin/haproxy", "-c", "-q", "-f", file);
        return new(Commands.Begin("/usr/sbin/haproxy", ["-db", "-f", file], Path.Combine(directory, name + ".log")), port);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
