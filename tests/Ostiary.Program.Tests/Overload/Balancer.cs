using System.Net;
using System.Net.Sockets;

namespace Ostiary.Program.Tests.Overload;

/// <summary>A balancer as they are: gives each new connection to a node that was ready when it last asked, and knows nothing of what is said on it.</summary>
internal sealed class Balancer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _asking = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly IReadOnlyList<int> _ports;
    private readonly bool[] _ready;
    private readonly Task _accepting;
    private readonly Task _watching;
    private int _next;

    public Balancer(IReadOnlyList<int> ports)
    {
        (_ports, _ready) = (ports, new bool[ports.Count]);
        _listener.Start();
        _watching = WatchAsync();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public async Task ReadyAsync(int node)
    {
        while (!Volatile.Read(ref _ready[node]))
            await Task.Delay(20, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAll(_accepting, _watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _asking.Dispose();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            for (var node = 0; node < _ports.Count; node++)
                Volatile.Write(ref _ready[node], await IsReadyAsync(_ports[node]));
            await Task.Delay(100, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> IsReadyAsync(int port)
    {
        try
        {
            using var answer = await _asking.GetAsync($"http://127.0.0.1:{port}/readyz", _stop.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
            _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var here = client;
        for (var tries = 0; tries < _ports.Count; tries++)
        {
            var node = Interlocked.Increment(ref _next) % _ports.Count;
            if (!Volatile.Read(ref _ready[node]))
                continue;
            using var there = new TcpClient { NoDelay = true };
            await there.ConnectAsync(IPAddress.Loopback, _ports[node], _stop.Token);
            here.NoDelay = true;
            await Task.WhenAll(CopyAsync(here, there), CopyAsync(there, here));
            return;
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream(), _stop.Token);
            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException)
        {
            to.Close();
        }
    }
}
