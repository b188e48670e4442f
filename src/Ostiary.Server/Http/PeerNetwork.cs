using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Ostiary.Server.Http;

/// <summary>The network that a request comes from: /24 or /48. The full address is neither kept nor logged.</summary>
public static class PeerNetwork
{
    public static string? Of(HttpContext http) => Of(http.Connection.RemoteIpAddress);

    public static string? Of(IPAddress? address)
    {
        if (address is null)
            return null;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var written))
            return null;
        var kept = address.AddressFamily == AddressFamily.InterNetwork ? 3 : 6;
        bytes[kept..].Clear();
        return $"{new IPAddress(bytes[..written])}/{kept * 8}";
    }
}
