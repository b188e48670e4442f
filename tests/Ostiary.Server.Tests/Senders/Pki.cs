using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ostiary.Server.Tests.Senders;

/// <summary>An authority that issues certificates to clients.</summary>
internal sealed class Pki : IDisposable
{
    public const string ForClients = "1.3.6.1.5.5.7.3.2";
    public const string ForServers = "1.3.6.1.5.5.7.3.1";
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly X509Certificate2 _authority;
    private byte _serial;

    public Pki(string name = "CN=Clients CA,O=Example", Pki? above = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        if (above is null)
            _authority = request.CreateSelfSigned(From, From.AddYears(100));
        else
            using (var issued = request.Create(above._authority, From, From.AddYears(50), [++above._serial]))
                _authority = issued.CopyWithPrivateKey(key);
    }

    public X509Certificate2 Certificate => _authority;
    public string Pem => _authority.ExportCertificatePem();

    /// <summary>A certificate of a client, with its key.</summary>
    public X509Certificate2 Issue(
        string subject,
        Action<SubjectAlternativeNameBuilder>? names = null,
        string? purpose = ForClients,
        DateTimeOffset? until = null
    ) => Issue(new X500DistinguishedName(subject), names, purpose, until);

    public X509Certificate2 Issue(
        X500DistinguishedName subject,
        Action<SubjectAlternativeNameBuilder>? names = null,
        string? purpose = ForClients,
        DateTimeOffset? until = null
    )
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(subject, key, names, purpose);
        using var issued = Sign(request, until);
        return issued.CopyWithPrivateKey(key);
    }

    public X509Certificate2 Sign(CertificateRequest request, DateTimeOffset? until = null) =>
        request.Create(_authority, From.AddDays(1), until ?? From.AddYears(20), [++_serial]);

    /// <summary>A certificate that a client made with the key of its own: what no client may do.</summary>
    public static X509Certificate2 IssuedBy(X509Certificate2 client, string subject)
    {
        using var issuer = client.GetECDsaPrivateKey()!;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var generator = X509SignatureGenerator.CreateForECDsa(issuer);
        using var issued = Request(new(subject), key, null, ForClients)
            .Create(client.SubjectName, generator, From.AddDays(2), From.AddYears(10), [9]);
        return issued.CopyWithPrivateKey(key);
    }

    /// <summary>One that nobody vouches for.</summary>
    public static X509Certificate2 SelfSigned(string subject = "CN=self", ECDsa? key = null)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Request(new(subject), key ?? own, null, ForClients).CreateSelfSigned(From, From.AddYears(20));
    }

    public void Dispose() => _authority.Dispose();

    private static CertificateRequest Request(X500DistinguishedName subject, ECDsa key, Action<SubjectAlternativeNameBuilder>? names, string? purpose)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (purpose is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        if (names is null)
            return request;
        var builder = new SubjectAlternativeNameBuilder();
        names(builder);
        request.CertificateExtensions.Add(builder.Build());
        return request;
    }
}
