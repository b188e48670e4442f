using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>A throw-away certificate of 127.0.0.1, with its key beside it.</summary>
internal static class Certificate
{
    /// <summary>Writes both; the answer is the file of the certificate.</summary>
    public static string Write(string directory)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(400));
        var file = Path.Combine(directory, "server.pem");
        File.WriteAllText(file, issued.ExportCertificatePem());
        File.WriteAllText(KeyOf(file), key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(KeyOf(file), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    public static string KeyOf(string certificateFile) => certificateFile + ".key";
}
