using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ostiary.Faults.Town;

namespace Ostiary.Faults.Cluster;

/// <summary>HAProxy in front of the nodes: it asks each whether it is ready, and sends nothing twice that may have arrived.</summary>
internal sealed class Balancer : IAsyncDisposable
{
    private readonly Process _process;

    private Balancer(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public static async Task<Balancer> StartAsync(string directory, IEnumerable<int> nodes)
    {
        var port = PostgresServer.FreePort();
        var text = new StringBuilder(
            $"""
            global
              maxconn 2000
            defaults
              mode http
              timeout connect 1s
              timeout client 30s
              timeout server 10s
              retries 3
              option redispatch
              retry-on conn-failure
            frontend clients
              bind 127.0.0.1:{port}
              default_backend nodes
            backend nodes
              balance roundrobin
              option httpchk GET /readyz
              http-check expect status 200
              default-server inter 300ms fall 1 rise 1 on-marked-down shutdown-sessions

            """
        );
        foreach (var (index, node) in nodes.Index())
            text.Append(CultureInfo.InvariantCulture, $"  server n{index + 1} 127.0.0.1:{node} check\n");
        var file = Path.Combine(directory, "haproxy.cfg");
        await File.WriteAllTextAsync(file, text.ToString());
        await Commands.RunAsync("/usr/sbin/haproxy", "-c", "-q", "-f", file);
        return new(Commands.Begin("/usr/sbin/haproxy", ["-db", "-f", file], Path.Combine(directory, "haproxy.log")), port);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
