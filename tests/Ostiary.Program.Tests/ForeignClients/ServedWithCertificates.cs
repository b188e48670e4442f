using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostiary.Program.Tests.Cli;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>Over TLS, with a listener that asks for certificates, and clients under FAPI 2.0 that have one.</summary>
public sealed class ServedWithCertificates : ServedProgram
{
    private readonly ECDsa _authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    protected override bool IsSecure => true;

    /// <summary>The certificate of the client and its key, in PEM.</summary>
    public string ClientCertificate { get; private set; } = "";
    public string ClientKey => _key.ExportPkcs8PrivateKeyPem();

    protected override IReadOnlyList<string> MoreArguments(string directory)
    {
        var (from, until) = (DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(300));
        var authority = new CertificateRequest("CN=Clients CA", _authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = authority.CreateSelfSigned(from, until);
        using var issued = new CertificateRequest("CN=bank, O=Bank AG", _key, HashAlgorithmName.SHA256).Create(root, from, until, [1]);
        ClientCertificate = issued.ExportCertificatePem();
        var file = Path.Combine(directory, "clients-ca.pem");
        File.WriteAllText(file, root.ExportCertificatePem());
        return ["--mtls-listen", $"https://127.0.0.1:{ServerProcess.FreePort()}", "--client-ca", file];
    }

    protected override string Configuration() =>
        $$"""
            {
              "clients": [ {
                "client_id": "bank", "type": "web", "redirect_uris": ["{{RedirectUri}}"], "consent": "required", "profile": "fapi2",
                "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=bank,O=Bank AG",
                "tls_client_certificate_bound_access_tokens": true
              } ],
              "users": [{ "username": "{{Username}}", "email": "{{Email}}", "password": { "file": "alice.password" } }]
            }
            """;
}
