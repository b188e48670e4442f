using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostiary.Protocol;

namespace Ostiary.Cli.Demo;

/// <summary>A certificate authority that lives as long as the demo, and one certificate for loopback from it.</summary>
internal sealed class DemoAuthority : IDisposable
{
    private DemoAuthority(X509Certificate2 root, X509Certificate2 server, string certificateFile, string keyFile) =>
        (Root, Server, CertificateFile, KeyFile) = (root, server, certificateFile, keyFile);

    public X509Certificate2 Root { get; }
    public X509Certificate2 Server { get; }
    public string CertificateFile { get; }
    public string KeyFile { get; }

    public static DemoAuthority Create(string directory, DateTimeOffset now)
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=Ostiary demo authority", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        rootRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var root = rootRequest.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(1));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var bare = request.Create(root, now.AddMinutes(-5), now.AddHours(23), Entropy.Bytes(8));
        using var withKey = bare.CopyWithPrivateKey(key);
        var server = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);

        var certificateFile = Path.Combine(directory, "server.pem");
        var keyFile = Path.Combine(directory, "server.key");
        File.WriteAllText(certificateFile, withKey.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new(root, server, certificateFile, keyFile);
    }

    public void Dispose()
    {
        Root.Dispose();
        Server.Dispose();
    }
}
