using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Ostiary.Storage.Tests.Postgres;

/// <summary>Between a node and its database. It can let a request through and lose the answer, as a connection does that dies in between.</summary>
internal sealed class LossyProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly int target;
    private readonly List<Socket> open = [];
    private int toLose;

    public LossyProxy(int target)
    {
        this.target = target;
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>How many answers were lost.</summary>
    public int Lost { get; private set; }

    public void LoseNextAnswer() => Volatile.Write(ref toLose, 1);

    public void Dispose()
    {
        listener.Dispose();
        lock (open)
            open.ForEach(socket => socket.Dispose());
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync();
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                client.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, target);
                lock (open)
                    open.AddRange([client, server]);
                var loses = new StrongBox<bool>();
                _ = PassAsync(client, server, () => loses.Value |= Interlocked.Exchange(ref toLose, 0) == 1, () => false);
                _ = PassAsync(server, client, () => { }, () => loses.Value);
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task PassAsync(Socket from, Socket to, Action passing, Func<bool> loses)
    {
        var buffer = new byte[1 << 16];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var length)
            {
                passing();
                // The server answers when it has committed.
                if (loses())
                {
                    Lost++;
                    break;
                }
                await to.SendAsync(buffer.AsMemory(0, length));
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // One side has gone; the other goes, too.
        }
        from.Dispose();
        to.Dispose();
    }
}
