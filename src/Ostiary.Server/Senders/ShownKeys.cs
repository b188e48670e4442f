using Ostiary.Protocol;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Senders;

/// <summary>The keys that a client has shown to hold with a request for tokens: by a proof, by its certificate, or both.</summary>
public readonly record struct ShownKeys(SenderKey? Proof, SenderKey? Certificate)
{
    public bool Has(SenderKey key) => key == Proof || key == Certificate;

    /// <summary>
    /// The one that the access token is bound to. A proof always is meant so; a certificate may be there to authenticate only, so it binds where the client or the API
    /// says so. RFC 8705 §3.4
    /// </summary>
    public SenderKey? For(Client client, Api? api) =>
        (api?.RequireDpop ?? false, api?.RequireCertificate ?? false) switch
        {
            (true, false) => Proof,
            (false, true) => Certificate,
            _ when client.CertificateBound => Certificate,
            (_, var certificateDoes) => Proof ?? (certificateDoes ? Certificate : null),
        };
}
