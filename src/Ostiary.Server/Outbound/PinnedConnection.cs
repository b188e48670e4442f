using System.Net;
using System.Net.Sockets;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Outbound;

/// <summary>Resolves a name; tests have one that lies.</summary>
internal delegate Task<IPAddress[]> Resolver(string host, CancellationToken ct);

/// <summary>
/// The connection of one exchange. The name is asked for once, every address that it has is judged, and the connection goes to one of those: a name that
/// leads elsewhere the next time it is asked for has no next time.
/// </summary>
internal sealed class PinnedConnection(Resolver resolve, bool allowLoopback, FetchRooms rooms) : IDisposable
{
    private const int MaxPerAddress = 16;
    private Socket? _socket;
    private string? _room;

    /// <summary>Why there is none; null while nothing was refused.</summary>
    public Reason? Refused { get; private set; }

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var host = context.DnsEndPoint.Host.Trim('[', ']');
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await resolve(host, ct);
        if (addresses.Length == 0 || !addresses.All(MayReach))
            throw Refuse(addresses.Length == 0 ? Reason.FetchUnreachable : Reason.FetchAddressRefused); // RFC 6890 §2.2
        _room = "address " + addresses[0];
        if (!rooms.TryEnter(_room, MaxPerAddress))
        {
            _room = null;
            throw Refuse(Reason.FetchCrowded);
        }
        // One address only: trying them in turn would give a bad host as many times the patience.
        _socket = new Socket(addresses[0].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _socket.ConnectAsync(new IPEndPoint(addresses[0], context.DnsEndPoint.Port), ct);
        return new NetworkStream(_socket, ownsSocket: true);
    }

    public void Dispose()
    {
        _socket?.Dispose();
        if (_room is not null)
            rooms.Leave(_room);
    }

    private bool MayReach(IPAddress address) => PublicAddress.IsPublic(address) || (allowLoopback && PublicAddress.IsLoopback(address));

    private HttpRequestException Refuse(Reason reason)
    {
        Refused = reason;
        return new HttpRequestException("refused");
    }
}
