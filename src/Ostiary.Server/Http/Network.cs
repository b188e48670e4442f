using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Ostiary.Server.Http;

/// <summary>The network of a peer: enough to tell places apart, not enough to name a person.</summary>
public static class Network
{
    /// <summary>/24 of an IPv4 address, /48 of an IPv6 address; null over a Unix socket.</summary>
    public static string? Of(HttpContext http) => http.Connection.RemoteIpAddress is { } address ? Of(address) : null;

    public static string Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork && address.TryWriteBytes(bytes, out _))
            return string.Create(CultureInfo.InvariantCulture, $"{bytes[0]}.{bytes[1]}.{bytes[2]}.0/24");
        _ = address.TryWriteBytes(bytes, out _);
        bytes[6..].Clear();
        return $"{new IPAddress(bytes)}/48";
    }
}
