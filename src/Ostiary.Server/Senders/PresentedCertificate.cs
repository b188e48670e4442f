using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Ostiary.Protocol;
using Ostiary.Protocol.Certificates;

namespace Ostiary.Server.Senders;

/// <summary>
/// The certificate that the client of a request has shown: on this connection, or to the proxy that it came through, never both. That it holds the key is known, for
/// TLS has proven it; whose it is, nobody has asked yet. RFC 8705 §2
/// </summary>
public sealed class PresentedCertificate
{
    private static readonly PresentedCertificate None = new(null, []);

    private PresentedCertificate(X509Certificate2? leaf, IReadOnlyList<X509Certificate2> chain) => (Leaf, Chain) = (leaf, chain);

    /// <summary>Null: none was shown, or the proxy's header is malformed.</summary>
    public X509Certificate2? Leaf { get; }

    /// <summary>What was sent beside it to lead to an authority. Nothing of it is trusted.</summary>
    public IReadOnlyList<X509Certificate2> Chain { get; }

    /// <summary>The header of the proxy is not what it should be.</summary>
    public bool Malformed { get; private init; }

    /// <summary>What tokens are bound to. RFC 8705 §3.1</summary>
    public SenderKey? Key => field ??= Leaf is null ? null : SenderKey.Certificate(Leaf.RawDataMemory.Span);

    public static PresentedCertificate Of(HttpContext http)
    {
        if (http.Features.Get<PresentedCertificate>() is { } known)
            return known;
        var shown = http.Features.Get<ForwardedCertificate>() is { } forwarded ? Read(http, forwarded) : OfConnection(http);
        http.Features.Set(shown);
        return shown;
    }

    private static PresentedCertificate OfConnection(HttpContext http) =>
        http.Connection.ClientCertificate is not { } leaf ? None : new(leaf, http.Features.Get<PresentedChain>()?.Certificates ?? []);

    private static PresentedCertificate Read(HttpContext http, ForwardedCertificate forwarded)
    {
        if (forwarded.Leaf.Count == 0 && forwarded.Chain.Count == 0)
            return None;
        var leaf = forwarded.Leaf.Count == 1 ? ClientCertField.Read(forwarded.Leaf[0]) : null;
        var isChain = ClientCertField.TryReadChain(forwarded.Chain.Count == 0 ? null : string.Join(',', forwarded.Chain.ToArray()), out var chain);
        foreach (var certificate in leaf is null ? chain : chain.Prepend(leaf))
            http.Response.RegisterForDispose(certificate);
        return leaf is null || !isChain ? new(null, []) { Malformed = true } : new(leaf, chain);
    }
}

/// <summary>What a proxy says of the certificate of its client; without values: that it has shown none. The connection's own certificate is then the proxy's. RFC 9440 §2</summary>
internal sealed record ForwardedCertificate(StringValues Leaf, StringValues Chain);

/// <summary>What a client sent in its handshake beside its own certificate: a feature of the connection.</summary>
internal sealed record PresentedChain(IReadOnlyList<X509Certificate2> Certificates);
