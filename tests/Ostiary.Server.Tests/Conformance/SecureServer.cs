using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>A server over TLS with a throw-away certificate, for what a provider says of itself: the plans accept https only.</summary>
internal sealed class SecureServer : IAsyncDisposable
{
    private readonly string _directory;

    private SecureServer(TestServer server, HttpClient http, string directory) => (Server, Http, _directory) = (server, http, directory);

    public TestServer Server { get; }

    /// <summary>Trusts that one certificate and no other.</summary>
    public HttpClient Http { get; }

    public static async Task<SecureServer> StartAsync()
    {
        var directory = Directory.CreateTempSubdirectory("ostiary-tls-").FullName;
        var (certificate, key) = (Path.Combine(directory, "cert.pem"), Path.Combine(directory, "key.pem"));
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", pair, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var start = DateTimeOffset.FromUnixTimeSeconds(0);
        using var issued = request.CreateSelfSigned(start, start.AddYears(400));
        var cancelled = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(certificate, issued.ExportCertificatePem(), cancelled);
        await File.WriteAllTextAsync(key, pair.ExportPkcs8PrivateKeyPem(), cancelled);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var server = await TestServer.StartAsync(with: options =>
        {
            var url = options.Issuer.Replace("http://", "https://", StringComparison.Ordinal);
            return options with { Issuer = url, Listen = [url], TlsCertFile = certificate, TlsKeyFile = key };
        });
        var hash = issued.GetCertHashString();
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) => presented?.GetCertHashString() == hash;
        return new(server, new HttpClient(handler), directory);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
