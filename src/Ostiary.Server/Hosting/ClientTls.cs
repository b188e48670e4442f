using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Ostiary.Server.Senders;

namespace Ostiary.Server.Hosting;

/// <summary>
/// The listener that asks clients for a certificate. The handshake takes any and none: whose it is, the rules of client authentication say, so that a refusal is an
/// answer. Nothing is fetched that a certificate names, and no session is resumed, for the certificate belongs to the handshake. RFC 8705 §2
/// </summary>
internal static class ClientTls
{
    private const int MaxChain = 10;

    public static void On(ListenOptions endpoint, HttpsConnectionAdapterOptions server)
    {
        var context = SslStreamCertificateContext.Create(server.ServerCertificate!, server.ServerCertificateChain, offline: true);
        endpoint.UseHttps(
            new TlsHandshakeCallbackOptions { OnConnection = handshake => ValueTask.FromResult(OptionsFor(handshake.Connection, context)) }
        );
    }

    private static SslServerAuthenticationOptions OptionsFor(ConnectionContext connection, SslStreamCertificateContext context) =>
        new()
        {
            ServerCertificateContext = context,
            ClientCertificateRequired = true, // Asked for; that there is one, the callback does not demand.
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, leaf, chain, _) =>
            {
                if (leaf is not null && chain?.ChainPolicy.ExtraStore is { Count: > 0 and <= MaxChain } sent)
                    connection.Features.Set(new PresentedChain([.. sent.Select(c => X509CertificateLoader.LoadCertificate(c.RawData))]));
                return true;
            },
        };
}
