using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ostiary.Server.Tests.Hosting;

internal static class TestCertificates
{
    /// <summary>A certificate of <c>localhost</c> and the one that issued it, below a root that is not in the file.</summary>
    public static void WriteChain(string chainFile, string keyFile)
    {
        var (from, until) = (DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var betweenKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Authority("CN=root", rootKey).CreateSelfSigned(from, until);
        using var between = Authority("CN=between", betweenKey).Create(root, from, until, [1]).CopyWithPrivateKey(betweenKey);
        using var own = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).Create(between, from, until, [2]);
        File.WriteAllText(chainFile, own.ExportCertificatePem() + "\n" + between.ExportCertificatePem() + "\n");
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }
}
