using System.Net;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Certificates;

namespace Ostiary.AspNetCore.Api;

/// <summary>The certificate of the client of a call: that of its connection, or what a proxy says that was shown to it. RFC 8705 §3, RFC 9440 §2</summary>
internal sealed class ClientCertificate(IEnumerable<string> proxies)
{
    private readonly List<IPNetwork> _proxies = [.. proxies.Select(proxy => NetworkOf(proxy)!.Value)];

    /// <summary>Null: none, or one that is malformed; a bound token is then refused.</summary>
    public SenderKey? Of(HttpContext http)
    {
        if (!IsProxy(http.Connection.RemoteIpAddress))
            return http.Connection.ClientCertificate is { } shown ? SenderKey.Certificate(shown.RawDataMemory.Span) : null;
        var header = http.Request.Headers[ClientCertField.Name];
        using var certificate = header.Count == 1 ? ClientCertField.Read(header[0]) : null; // The connection's own is the proxy's.
        return certificate is null ? null : SenderKey.Certificate(certificate.RawDataMemory.Span);
    }

    public static IPNetwork? NetworkOf(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
            return network;
        return IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : null;
    }

    private bool IsProxy(IPAddress? peer)
    {
        if (peer is null || _proxies.Count == 0)
            return false;
        if (peer.IsIPv4MappedToIPv6)
            peer = peer.MapToIPv4();
        return _proxies.Exists(network => network.Contains(peer));
    }
}
