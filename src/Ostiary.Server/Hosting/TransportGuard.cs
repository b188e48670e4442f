using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Ostiary.Protocol.Certificates;
using Ostiary.Server.Senders;

namespace Ostiary.Server.Hosting;

/// <summary>
/// Plain http from loopback, or through a configured proxy that says https; nothing else. Headers of a proxy are believed only where it is one of the configured
/// ones: the right-most address is the peer. RFC 9700 §2.6
/// </summary>
internal sealed class TransportGuard(IReadOnlyList<IPNetwork> proxies, bool passesCertificates = false)
{
    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        // Whoever sends them: only what a proxy says here is looked at again. RFC 9440 §4
        var certificate = Take(http, ClientCertField.Name);
        var chain = Take(http, ClientCertField.ChainName);
        var connection = http.Connection;
        if (connection.RemoteIpAddress is not { } peer)
            return next(http);
        if (peer.IsIPv4MappedToIPv6)
            peer = peer.MapToIPv4(); // A socket that listens on both families shows IPv4 peers so.
        foreach (var network in proxies)
        {
            if (network.Contains(peer))
                return ThroughProxy(http, new(certificate, chain), next);
        }
        return http.Request.IsHttps || IPAddress.IsLoopback(peer) ? next(http) : RefuseAsync(http);
    }

    private static readonly ForwardedCertificate NoCertificate = new(default, default);

    private static StringValues Take(HttpContext http, string header) => http.Request.Headers.Remove(header, out var values) ? values : default;

    private Task ThroughProxy(HttpContext http, ForwardedCertificate certificate, RequestDelegate next)
    {
        var proto = http.Request.Headers["X-Forwarded-Proto"];
        if (proto.Count != 1 || proto[0] != "https")
        {
            // What this machine asks itself carries no header of a proxy; who sends one without the other is a proxy that hides by what its client came.
            var isOwn = http.Request.IsHttps || (IPAddress.IsLoopback(http.Connection.RemoteIpAddress!) && !IsForwarded(http.Request));
            if (passesCertificates || IsForwarded(http.Request))
                http.Features.Set(NoCertificate); // The certificate of the connection is the proxy's, and of its client nothing was said that counts.
            return isOwn && proto.Count == 0 ? next(http) : RefuseAsync(http);
        }
        http.Features.Set(passesCertificates ? certificate : NoCertificate); // From here on the certificate of the connection is the proxy's.
        var chain = http.Request.Headers["X-Forwarded-For"];
        var last = chain.Count == 0 ? null : chain[^1]!.Split(',')[^1].Trim();
        if (last is not null && IPAddress.TryParse(last, out var client))
            http.Connection.RemoteIpAddress = client;
        return next(http);
    }

    private static bool IsForwarded(HttpRequest request) =>
        request.Headers.ContainsKey("X-Forwarded-For") || request.Headers.ContainsKey("Forwarded");

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        http.Response.Headers.Connection = "close";
        return http.Response.WriteAsync("OST9002: this server is served over https only.\n");
    }
}
