using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ostiary.Program.Tests.Cli;

/// <summary>A data directory, and the real server on it while one runs.</summary>
public sealed class Served : IAsyncDisposable
{
    private Process? _server;

    public string Data { get; } = Directory.CreateTempSubdirectory("ostiary-test-").FullName;
    public string Address { get; } = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{FreePort()}");

    /// <summary>What follows the address in the issuer's URL.</summary>
    public string IssuerPath { get; init; } = "";
    public string Issuer => Address + IssuerPath;

    /// <summary>What the server has said on stderr; complete once it has stopped.</summary>
    public string Said { get; private set; } = "";

    public async Task StartAsync(params string[] more)
    {
        _server = Program.Start(["serve", "--issuer", Issuer, "--listen", Address, "--data", Data, .. more]);
        using var http = new HttpClient();
        for (var tries = 0; ; tries++)
            try
            {
                if ((await http.GetAsync(new Uri(Address + "/readyz"), TestContext.Current.CancellationToken)).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (tries < 200 && !_server.HasExited)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
    }

    /// <summary>Asks the server to stop, and returns its exit code.</summary>
    public async Task<int> StopAsync(string signal = "TERM")
    {
        using (var kill = Process.Start("kill", [$"-{signal}", _server!.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _server.WaitForExitAsync(TestContext.Current.CancellationToken);
        Said = await _server.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var exit = _server.ExitCode;
        _server.Dispose();
        _server = null;
        return exit;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            _server.Kill();
            await _server.WaitForExitAsync(CancellationToken.None);
        }
        _server?.Dispose();
        Directory.Delete(Data, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
