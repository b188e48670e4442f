using System.Buffers.Text;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Ostiary.Program.Tests.ForeignClients;

namespace Ostiary.Program.Tests.Cli;

[Trait("Speed", "Slow")]
public sealed class ServeMutualTlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ostiary-mtls-").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact, Trait("Spec", "RFC 8705 §2"), Trait("Spec", "RFC 8705 §5")]
    public async Task A_client_finds_the_listener_for_certificates_and_gets_a_token_that_is_bound_to_its_own()
    {
        using var authority = Authority();
        var (main, mtls) = ($"https://127.0.0.1:{ServerProcess.FreePort()}", $"https://127.0.0.1:{ServerProcess.FreePort()}");
        var server = Certificate.Write(_directory);
        var configuration = await WriteAsync(
            "ostiary.json",
            """
            { "clients": [ { "client_id": "bank", "type": "service", "token_endpoint_auth_method": "tls_client_auth",
                             "tls_client_auth_subject_dn": "CN=bank,O=Bank AG", "tls_client_certificate_bound_access_tokens": true } ] }
            """
        );
        await using var process = await ServerProcess.StartAsync(
            $"--issuer={main}",
            $"--listen={main}",
            "--store=memory",
            $"--config={configuration}",
            $"--tls-cert={server}",
            $"--tls-key={Certificate.KeyOf(server)}",
            $"--mtls-listen={mtls}",
            $"--client-ca={await WriteAsync("ca.pem", authority.ExportCertificatePem())}"
        );
        using var client = Issue(authority, "CN=bank, O=Bank AG");
        using var http = Http(client);

        using var metadata = JsonDocument.Parse(
            await http.GetStringAsync(main + "/.well-known/openid-configuration", TestContext.Current.CancellationToken)
        );
        var endpoint = metadata.RootElement.GetProperty("mtls_endpoint_aliases").GetProperty("token_endpoint").GetString()!;
        Assert.Equal(mtls + "/token", endpoint);
        var (status, answer) = await AskAsync(http, endpoint);

        Assert.Equal(HttpStatusCode.OK, status);
        var claims = answer.GetProperty("access_token").GetString()!.Split('.')[1];
        var thumbprint = Base64Url.EncodeToString(SHA256.HashData(client.RawData));
        Assert.Contains(thumbprint, Encoding.UTF8.GetString(Base64Url.DecodeFromChars(claims)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(http, main + "/token")).Status); // There nobody is asked for one.
    }

    private static async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(HttpClient http, string endpoint)
    {
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "bank")]);
        using var answer = await http.PostAsync(endpoint, form, TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (answer.StatusCode, json.RootElement.Clone());
    }

    private static HttpClient Http(X509Certificate2 certificate)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) => presented?.Subject == "CN=127.0.0.1";
        handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);
        return new HttpClient(handler);
    }

    private X509Certificate2 Authority()
    {
        var request = new CertificateRequest("CN=Clients CA", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(300));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        using var issued = request.Create(authority, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200), [7]);
        return issued.CopyWithPrivateKey(key);
    }

    private async Task<string> WriteAsync(string name, string text)
    {
        var file = Path.Combine(_directory, name);
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        return file;
    }
}
