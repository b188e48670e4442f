using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Ostiary.Program.Tests.Faults;

/// <summary><c>ostiary serve</c> as a child process. The issuer stays the same whatever port it listens on: connections are led to the right one.</summary>
public sealed class RunningServer : IAsyncDisposable
{
    public const string Issuer = "http://127.0.0.1:9";

    private readonly Process _process;
    private readonly Task _rest;

    private RunningServer(Process process, int port, string data) => (_process, Port, Data, _rest) = (process, port, data, DrainAsync(process));

    public int Port { get; }
    public int ProcessId => _process.Id;
    public string Data { get; }

    /// <summary>Starts it and waits until it listens.</summary>
    public static Task<RunningServer> StartAsync(string store, string data, string config, params string[] wrapper) =>
        StartAsync([Issuer], store, data, config, wrapper);

    public static async Task<RunningServer> StartAsync(string[] issuers, string store, string data, string config, params string[] wrapper)
    {
        var process = Begin(issuers, store, data, config, wrapper);
        var said = new List<string>();
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            said.Add(line);
            const string before = "listening on http://127.0.0.1:";
            if (line.StartsWith(before, StringComparison.Ordinal))
                return new(process, int.Parse(line[before.Length..], System.Globalization.CultureInfo.InvariantCulture), data);
        }
        throw new InvalidOperationException("The server did not start: " + string.Join('\n', said));
    }

    /// <summary>Kills one while it starts.</summary>
    public static async Task KillDuringStartAsync(string store, string data, string config, TimeSpan after)
    {
        using var process = Begin([Issuer], store, data, config, []);
        await Task.Delay(after, TestContext.Current.CancellationToken); // The random moment is the test.
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A client whose every connection goes to this process; it keeps no cookies and follows nothing.</summary>
    public HttpClient NewHttp() =>
        new(Handler(() => new IPEndPoint(IPAddress.Loopback, Port))) { BaseAddress = new(Issuer), Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>A client of the administration socket.</summary>
    public HttpClient NewAdministration() =>
        new(Handler(() => new UnixDomainSocketEndPoint(Path.Combine(Data, "admin.sock"))))
        {
            BaseAddress = new("http://localhost/admin/api/v1/"),
            Timeout = TimeSpan.FromSeconds(20),
        };

    /// <summary>SIGKILL: it gets no chance to do anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        await _rest;
    }

    /// <summary>SIGTERM: it finishes what it has begun.</summary>
    public async Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(CancellationToken.None);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _rest;
        Assert.Equal(0, _process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private static Process Begin(string[] issuers, string store, string data, string config, string[] wrapper)
    {
        string[] serve =
        [
            Cli.Program.Path,
            "serve",
            .. issuers.SelectMany(issuer => new[] { "--issuer", issuer }),
            "--listen",
            "http://127.0.0.1:0",
            "--store",
            store,
            "--data",
            data,
            "--config",
            config,
        ];
        string[] all = [.. wrapper, .. serve];
        var process = Cli.Program.Start(all[0], all[1..], null);
        process.StandardInput.Close();
        return process;
    }

    private static Task<string[]> DrainAsync(Process process) =>
        Task.WhenAll(process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());

    private static SocketsHttpHandler Handler(Func<EndPoint> target) =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = async (_, ct) =>
            {
                var end = target();
                var socket =
                    end is IPEndPoint
                        ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
                        : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(end, ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
}
