using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Ostiary.Program.Tests.Cli;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>
/// <c>ostiary serve</c>, an MCP server that it protects, and somebody else's host with a client's document. Of the server nothing is configured but that the API is an MCP
/// server, one client by hand, and a person; two options let it reach the document, which is on loopback.
/// </summary>
public sealed class McpTown : IAsyncLifetime
{
    public const string StaticClient = "mcp-by-hand";
    public const string Username = "alice";
    private string _directory = "";
    private WebApplication? _mcp;
    private WebApplication? _host;
    private ServerProcess? _process;

    public string Issuer { get; private set; } = "";
    public string Mcp { get; private set; } = "";

    /// <summary>The address that is the id of a client.</summary>
    public string Document { get; private set; } = "";
    public string Password { get; } = RandomNumberGenerator.GetHexString(24);

    public async ValueTask InitializeAsync()
    {
        _directory = Directory.CreateTempSubdirectory("ostiary-mcp-").FullName;
        Issuer = $"http://127.0.0.1:{ServerProcess.FreePort()}";
        Mcp = $"http://127.0.0.1:{ServerProcess.FreePort()}/mcp";
        Document = $"https://127.0.0.1:{ServerProcess.FreePort()}/oauth/client-metadata.json";
        var cancelled = TestContext.Current.CancellationToken;
        using var certificate = Certificate();
        var (authority, configuration) = (Path.Combine(_directory, "ca.pem"), Path.Combine(_directory, "ostiary.json"));
        await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem(), cancelled);
        await File.WriteAllTextAsync(Path.Combine(_directory, "alice.password"), Password, cancelled);
        await File.WriteAllTextAsync(configuration, Configuration(), cancelled);
        _host = await HostAsync(X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null));
        _mcp = await McpServer.StartAsync(Mcp, Issuer);
        string[] reachable = ["--extra-ca", authority, "--allow-loopback-fetch"];
        string[] where = ["--issuer", Issuer, "--listen", Issuer, "--data", Path.Combine(_directory, "data"), "--config", configuration];
        _process = await ServerProcess.StartAsync([.. where, .. reachable]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        if (_mcp is not null)
            await _mcp.DisposeAsync();
        if (_host is not null)
            await _host.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private string Configuration() =>
        JsonSerializer.Serialize(
            new
            {
                apis = new[]
                {
                    new
                    {
                        identifier = Mcp,
                        name = "Notes",
                        mcp_server = true,
                        scopes = new[]
                        {
                            new { name = McpServer.Scope, description = "Read your notes" },
                            new { name = McpServer.MoreScope, description = "Change your notes" },
                        },
                    },
                },
                clients = new[]
                {
                    new
                    {
                        client_id = StaticClient,
                        type = "mcp",
                        scope = $"{McpServer.Scope} {McpServer.MoreScope} offline_access",
                        redirect_uris = new[] { "http://127.0.0.1/callback", "http://localhost/callback" },
                    },
                },
                users = new[] { new { username = Username, password = new { file = "alice.password" } } },
            }
        );

    private async Task<WebApplication> HostAsync(X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(
                IPAddress.Loopback,
                new Uri(Document).Port,
                listen => listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate })
            )
        );
        var app = builder.Build();
        app.MapGet(new Uri(Document).AbsolutePath, (RequestDelegate)WriteDocumentAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    /// <summary>As the makers of programs publish them: answers go to loopback, to whatever port is free.</summary>
    private Task WriteDocumentAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(
            JsonSerializer.Serialize(
                new
                {
                    client_id = Document,
                    client_name = "Foreign MCP client",
                    redirect_uris = new[] { "http://localhost/callback", "http://127.0.0.1/callback" },
                    grant_types = new[] { "authorization_code", "refresh_token" },
                    token_endpoint_auth_method = "none",
                }
            ),
            http.RequestAborted
        );
    }

    private static X509Certificate2 Certificate()
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=documents", pair, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
    }
}
