using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Hosting;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Hosting;

namespace Ostiary.Server.Tests.Senders;

/// <summary>A server with a listener that asks for certificates, over real TLS, and an authority that it trusts.</summary>
public sealed class MtlsServer : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ostiary-mtls-").FullName;

    /// <summary>The one that is trusted, and one that is not.</summary>
    internal Pki Authority { get; } = new();
    internal Pki Stranger { get; } = new();
    public TestServer Server { get; private set; } = null!;

    /// <summary>The origin of the listener that asks for certificates.</summary>
    public string Origin { get; private set; } = "";

    /// <summary>What a test starts it with beyond.</summary>
    public Func<ServerOptions, ServerOptions>? With { get; init; }

    public async ValueTask InitializeAsync()
    {
        var (chain, key, authority) = (At("chain.pem"), At("key.pem"), At("ca.pem"));
        TestCertificates.WriteChain(chain, key);
        await File.WriteAllTextAsync(authority, Authority.Pem, TestContext.Current.CancellationToken);
        Origin = $"https://127.0.0.1:{TestServer.FreePort()}";
        Server = await TestServer.StartAsync(with: options =>
        {
            options = options with
            {
                TlsCertFile = chain,
                TlsKeyFile = key,
                MutualTls = new() { Listen = [Origin], AuthorityFiles = [authority] },
            };
            return With?.Invoke(options) ?? options;
        });
    }

    /// <summary>A caller that shows a certificate, with what leads to its authority, or none.</summary>
    internal MtlsCaller As(X509Certificate2? certificate, params X509Certificate2[] chain) => new(Origin, certificate, chain);

    internal Task AddAsync(string id, string method, string more = "", string type = "service", string? secret = null) =>
        Server.AddClientAsync(
            $$"""{"client_id":"{{id}}","type":"{{type}}","scope":"read","token_endpoint_auth_method":"{{method}}"{{(more.Length > 0 ? "," + more : "")}}}""",
            secret
        );

    /// <summary>The public key of a certificate as a client registers it.</summary>
    internal static string Jwks(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPublicKey()!;
        var point = key.ExportParameters(false).Q;
        return $$"""{"keys":[{"kty":"EC","crv":"P-256","x":"{{Base64UrlText.Encode(point.X)}}","y":"{{Base64UrlText.Encode(point.Y)}}","x5c":["{{Convert.ToBase64String(certificate.RawData)}}"]}]}""";
    }

    internal static string Thumbprint(X509Certificate2 certificate) => Base64UrlText.Encode(SHA256.HashData(certificate.RawData));

    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
            await Server.DisposeAsync();
        Authority.Dispose();
        Stranger.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private string At(string file) => Path.Combine(_directory, file);
}

/// <summary>A client over TLS of its own.</summary>
internal sealed class MtlsCaller : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _origin;

    public MtlsCaller(string origin, X509Certificate2? certificate, X509Certificate2[] chain)
    {
        _origin = origin;
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) => presented is not null;
        if (certificate is not null)
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, [.. chain], offline: true);
        _http = new HttpClient(handler);
    }

    /// <summary>Headers that go with every request.</summary>
    public HttpRequestHeaders Headers => _http.DefaultRequestHeaders;

    public Task<Answer> TokenAsync(string client, params (string, string)[] more) =>
        PostAsync("/token", [("client_id", client), ("grant_type", "client_credentials"), .. more]);

    public async Task<Answer> PostAsync(string path, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _origin + path);
        request.Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        return await SendAsync(request);
    }

    public async Task<Answer> UserInfoAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _origin + "/userinfo");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (text.Length == 0 || response.Content.Headers.ContentType?.MediaType != "application/json")
            return new(response.StatusCode, default, response);
        using var document = JsonDocument.Parse(text);
        return new(response.StatusCode, document.RootElement.Clone(), response);
    }

    public void Dispose() => _http.Dispose();
}
