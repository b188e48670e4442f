using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ostiary.Faults.Town;

/// <summary>What the wire does to what passes. Chances are percentages per request.</summary>
internal sealed record Weather
{
    public static Weather Fine { get; } = new();

    public TimeSpan Delay { get; init; }
    public int CutAnswer { get; init; }
    public int CutRequest { get; init; }

    /// <summary>A request for a refresh or a revocation arrives twice, as a retrying proxy does it.</summary>
    public int Duplicate { get; init; }

    /// <summary>Connections are accepted and nothing comes through.</summary>
    public bool Blackhole { get; init; }

    /// <summary>Answers do not come back; requests still arrive.</summary>
    public bool HalfOpen { get; init; }
}

/// <summary>A TCP proxy between clients and a server, or a server and its database.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly TcpListener _door = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<int> _target;
    private readonly Random _random;
    private readonly Lock _gate = new();
    private readonly HashSet<Socket> _open = [];
    private readonly Task _accepting;

    public Wire(Func<int> target, int seed)
    {
        (_target, _random) = (target, new Random(seed));
        _door.Start();
        Port = ((IPEndPoint)_door.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }
    public Weather Weather { get; set; } = Weather.Fine;

    /// <summary>Everything that is open is reset.</summary>
    public void CutAll()
    {
        lock (_gate)
            foreach (var socket in _open)
            {
                socket.LingerState = new(enable: true, 0);
                socket.Close();
            }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _door.Stop();
        CutAll();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
            _ = ServeAsync(await _door.AcceptSocketAsync(_stop.Token));
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Keep(client);
        Keep(server);
        try
        {
            client.NoDelay = true;
            await server.ConnectAsync(IPAddress.Loopback, _target(), _stop.Token);
            var passage = new Passage(this, client, server);
            await Task.WhenAny(passage.ForwardAsync(), passage.BackAsync());
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The other side is away: so is this one.
        }
        finally
        {
            Drop(client);
            Drop(server);
        }
    }

    private void Keep(Socket socket)
    {
        lock (_gate)
            _open.Add(socket);
    }

    private void Drop(Socket socket)
    {
        lock (_gate)
            _open.Remove(socket);
        socket.Dispose();
    }

    private bool Strikes(int percent)
    {
        lock (_gate)
            return percent > 0 && _random.Next(100) < percent;
    }

    /// <summary>One connection through the wire.</summary>
    private sealed class Passage(Wire wire, Socket client, Socket server)
    {
        private volatile bool _cutAnswer;

        public async Task ForwardAsync()
        {
            var buffer = new byte[32 * 1024];
            while (await ReceiveAsync(client, buffer) is > 0 and var size)
            {
                var weather = wire.Weather;
                if (weather.Delay > TimeSpan.Zero)
                    await Task.Delay(weather.Delay, wire._stop.Token);
                if (wire.Strikes(weather.CutRequest))
                    return;
                if (weather.Duplicate > 0 && IsRepeatable(buffer.AsSpan(0, size)) && wire.Strikes(weather.Duplicate))
                    await SendBesideAsync(buffer.AsMemory(0, size));
                if (wire.Strikes(weather.CutAnswer))
                    _cutAnswer = true;
                while (wire.Weather.Blackhole)
                    await Task.Delay(50, wire._stop.Token);
                await SendAsync(server, buffer.AsMemory(0, size));
            }
        }

        public async Task BackAsync()
        {
            var buffer = new byte[32 * 1024];
            while (await ReceiveAsync(server, buffer) is > 0 and var size)
            {
                if (_cutAnswer)
                    return;
                while (wire.Weather is { Blackhole: true } or { HalfOpen: true })
                    await Task.Delay(50, wire._stop.Token);
                await SendAsync(client, buffer.AsMemory(0, size));
            }
        }

        /// <summary>The same request over a connection of its own, to its end, before this one is sent on.</summary>
        private async Task SendBesideAsync(ReadOnlyMemory<byte> request)
        {
            using var beside = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(wire._stop.Token);
            limit.CancelAfter(TimeSpan.FromSeconds(2));
            try
            {
                await beside.ConnectAsync(IPAddress.Loopback, wire._target(), limit.Token);
                await beside.SendAsync(request, limit.Token);
                await beside.ReceiveAsync(new byte[32 * 1024], limit.Token);
            }
            catch (OperationCanceledException) when (!wire._stop.IsCancellationRequested)
            {
                // Nobody waits for that answer.
            }
        }

        private static bool IsRepeatable(ReadOnlySpan<byte> request) =>
            request.IndexOf("grant_type=refresh_token"u8) >= 0 || request.StartsWith("POST /revoke"u8);

        private async Task<int> ReceiveAsync(Socket from, byte[] buffer) => await from.ReceiveAsync(buffer, wire._stop.Token);

        private async Task SendAsync(Socket to, ReadOnlyMemory<byte> data)
        {
            while (data.Length > 0)
                data = data[await to.SendAsync(data, wire._stop.Token)..];
        }
    }
}
