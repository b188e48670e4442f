using System.Net;
using System.Net.Sockets;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Hosting;

/// <summary>Whether the addresses to listen on are free, asked before a start changes anything. What else is wrong with one, Kestrel says.</summary>
internal static class ListenProbe
{
    public static void Demand(ServerOptions options)
    {
        foreach (var url in options.Listen.Concat(options.MutualTls.Listen))
            if (ListenAddress.TryParse(url, out var listen) && listen.Port != 0)
                foreach (var address in listen.Address is { } one ? [one] : new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
                    Demand(url, new IPEndPoint(address, listen.Port));
    }

    public static StartException InUse(string address, Exception why) =>
        new(Reason.AddressInUse, $"cannot listen on {address}: {why.Message}", "Stop the other program, or choose another --listen.");

    private static void Demand(string url, IPEndPoint end)
    {
        try
        {
            using var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (end.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(end);
            socket.Listen();
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw InUse(url, fault);
        }
        catch (SocketException)
        {
            // A machine without IPv6 among others.
        }
    }
}
