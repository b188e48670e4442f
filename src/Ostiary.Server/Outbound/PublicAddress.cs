using System.Net;
using System.Net.Sockets;

namespace Ostiary.Server.Outbound;

/// <summary>Which addresses are out in the Internet, and none of somebody's own network. RFC 6890 §2.2</summary>
internal static class PublicAddress
{
    // csharpier-ignore
    private static readonly IPNetwork[] Reserved4 =
    [
        IPNetwork.Parse("0.0.0.0/8"),       // this host
        IPNetwork.Parse("10.0.0.0/8"),      // private
        IPNetwork.Parse("100.64.0.0/10"),   // shared by a carrier's customers
        IPNetwork.Parse("127.0.0.0/8"),     // loopback
        IPNetwork.Parse("169.254.0.0/16"),  // link-local; cloud metadata
        IPNetwork.Parse("172.16.0.0/12"),   // private
        IPNetwork.Parse("192.0.0.0/24"),    // protocol assignments
        IPNetwork.Parse("192.0.2.0/24"),    // documentation
        IPNetwork.Parse("192.88.99.0/24"),  // 6to4 relays
        IPNetwork.Parse("192.168.0.0/16"),  // private
        IPNetwork.Parse("198.18.0.0/15"),   // benchmarks
        IPNetwork.Parse("198.51.100.0/24"), // documentation
        IPNetwork.Parse("203.0.113.0/24"),  // documentation
        IPNetwork.Parse("224.0.0.0/4"),     // multicast
        IPNetwork.Parse("240.0.0.0/4"),     // reserved, broadcast
    ];

    // csharpier-ignore
    private static readonly IPNetwork[] Reserved6 =
    [
        IPNetwork.Parse("2001::/23"),       // protocol assignments; Teredo carries an IPv4 address
        IPNetwork.Parse("2001:db8::/32"),   // documentation
        IPNetwork.Parse("2002::/16"),       // 6to4 carries an IPv4 address
        IPNetwork.Parse("3fff::/20"),       // documentation
    ];

    public static bool IsPublic(IPAddress address) =>
        address.AddressFamily switch
        {
            AddressFamily.InterNetwork => !Reserved4.Any(network => network.Contains(address)),
            AddressFamily.InterNetworkV6 => address.ScopeId == 0 && IsRouted6(address) && !Reserved6.Any(network => network.Contains(address)),
            _ => false,
        };

    /// <summary>2000::/3. Loopback, mapped and compatible IPv4, NAT64, unique local, link-local, site-local and multicast addresses lie outside.</summary>
    private static bool IsRouted6(IPAddress address) => !address.IsIPv4MappedToIPv6 && address.GetAddressBytes()[0] >> 5 == 1;

    /// <summary>127.0.0.0/8 and ::1 as they are, never dressed up as another address.</summary>
    public static bool IsLoopback(IPAddress address) => !address.IsIPv4MappedToIPv6 && IPAddress.IsLoopback(address);
}
