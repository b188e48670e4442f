using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostiary.Protocol.Certificates;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Senders;

namespace Ostiary.Server.Clients;

/// <summary>What is known of the certificate that a client authenticates with; nothing is asked of a client that authenticates otherwise.</summary>
internal sealed record CertificateFacts
{
    /// <summary>Whether it leads to an authority of this server.</summary>
    public bool Trusted { get; init; }
    public bool InTime { get; init; }
    public bool ForClients { get; init; }

    /// <summary>Which of the client's keys it has; null: none.</summary>
    public string? KeyId { get; init; }

    /// <summary>Why the keys to compare it with cannot be had.</summary>
    public Reason? KeysUnavailable { get; init; }
}

/// <summary>Judges certificates of clients against the authorities of this server, or the registered keys. Nothing is fetched that a certificate names. RFC 8705 §2</summary>
internal sealed class ClientCertificates(MutualTls mutualTls, ClientKeys keys)
{
    private const string ForClients = "1.3.6.1.5.5.7.3.2"; // RFC 5280 §4.2.1.12
    private static readonly CertificateFacts Good = new()
    {
        Trusted = true,
        InTime = true,
        ForClients = true,
    };
    private readonly HeldChains _held = new();
    private readonly X509Certificate2Collection _roots = [.. mutualTls.Authorities.Where(IsSelfIssued)];
    private readonly X509Certificate2Collection _between = [.. mutualTls.Authorities.Where(c => !IsSelfIssued(c))];

    public static bool Authenticates(Client client) => client.AuthenticationMethod.IsCertificate();

    public async ValueTask<CertificateFacts?> LoadAsync(PresentedCertificate shown, Client? client, DateTimeOffset now, CancellationToken ct)
    {
        if (client is null or { Disabled: true } || shown.Leaf is not { } leaf)
            return null;
        if (client.AuthenticationMethod == ClientAuthenticationMethod.TlsClientAuth)
            return Judge(leaf, shown, now);
        if (client.AuthenticationMethod != ClientAuthenticationMethod.SelfSignedTlsClientAuth)
            return null;
        if (CertificateKey.ThumbprintOf(leaf) is not { } thumbprint)
            return new();
        var (key, unavailable) = await keys.FindAsync(thumbprint, client, ct); // RFC 8705 §2.2.2
        return new() { KeyId = key is null ? null : key.Kid ?? thumbprint, KeysUnavailable = unavailable };
    }

    private CertificateFacts Judge(X509Certificate2 leaf, PresentedCertificate shown, DateTimeOffset now)
    {
        var thumbprint = shown.Key!.Thumbprint;
        if (_held.Has(thumbprint, now))
            return Good;
        using var chain = new X509Chain();
        SetPolicy(chain.ChainPolicy, shown.Chain, now);
        try
        {
            chain.Build(leaf);
            var facts = Read(chain.ChainStatus);
            if (facts == Good)
                _held.Add(thumbprint, now, chain.ChainElements.Min(element => element.Certificate.NotAfter));
            return facts;
        }
        catch (CryptographicException) // An extension, of it or above it, cannot be read.
        {
            return new();
        }
        finally
        {
            foreach (var element in chain.ChainElements)
                element.Certificate.Dispose();
        }
    }

    // RFC 5280 §6.1, by the platform; against our authorities alone, at our time, and without a request to anybody.
    private void SetPolicy(X509ChainPolicy policy, IReadOnlyList<X509Certificate2> sent, DateTimeOffset now)
    {
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(_roots);
        policy.ExtraStore.AddRange(_between);
        foreach (var certificate in sent)
            policy.ExtraStore.Add(certificate);
        policy.DisableCertificateDownloads = true;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = now.UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(ForClients));
    }

    private CertificateFacts Read(X509ChainStatus[] statuses)
    {
        var found = X509ChainStatusFlags.NoError;
        foreach (var status in statuses)
            found |= status.Status;
        const X509ChainStatusFlags purpose = X509ChainStatusFlags.NotValidForUsage;
        const X509ChainStatusFlags time = X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.NotTimeNested;
        return new()
        {
            Trusted = _roots.Count > 0 && (found & ~(purpose | time)) == X509ChainStatusFlags.NoError,
            InTime = (found & time) == X509ChainStatusFlags.NoError,
            ForClients = (found & purpose) == X509ChainStatusFlags.NoError,
        };
    }

    private static bool IsSelfIssued(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
}
