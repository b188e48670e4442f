using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Ostiary.AspNetCore.Api;
using Ostiary.AspNetCore.Bff;
using Ostiary.Cli.Administration;
using Ostiary.Cli.Hosting;
using Ostiary.Protocol;
using Ostiary.Samples.Api;
using Ostiary.Samples.Web;
using Ostiary.Server.Hosting;

namespace Ostiary.Cli.Demo;

/// <summary>What the story plays on: a server, two APIs and a web app, each a real program on its own port, and the operator's channel to the server.</summary>
internal sealed class DemoStage : IAsyncDisposable
{
    public const string WebClient = "notes-web";
    public const string NativeClient = "notes-native";
    public const string DeviceClient = "notes-tv";
    public const string ServiceClient = "notes-robot";
    public const string ApiClient = "notes-api";
    private readonly DirectoryInfo _directory;
    private readonly List<WebApplication> _apps = [];

    private DemoStage(DemoPlaces places, DirectoryInfo directory, DemoAuthority? authority) =>
        (Places, _directory, Authority) = (places, directory, authority);

    public DemoPlaces Places { get; }
    public DemoAuthority? Authority { get; }
    public DemoSecrets Secrets { get; } = new();
    public DemoClock AppClock { get; } = new();
    public OstiaryServer Server { get; private set; } = null!;
    public IAdminChannel Operator { get; private set; } = null!;

    /// <summary>The secret of each confidential client, as the server showed it once.</summary>
    public Dictionary<string, string> ClientSecrets { get; } = [];
    public string Password { get; } = Entropy.Text(12);

    public ConcurrentQueue<ApiCheck> ApiChecks { get; } = new();
    public ConcurrentQueue<BffHop> AppHops { get; } = new();
    public ConcurrentQueue<ApiCall> ApiCalls { get; } = new();

    /// <summary>The token that the notes API got by its last exchange.</summary>
    public string? Exchanged { get; set; }

    /// <summary>Every URL and Referer that reached an API or the app.</summary>
    public ConcurrentQueue<string> SeenUrls { get; } = new();
    public string EventDirectory => Path.Combine(_directory.FullName, "data", "events");

    public static async Task<DemoStage> StartServerAsync(DemoPlaces places, bool tls, CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("ostiary-demo-");
        var authority = tls ? DemoAuthority.Create(directory.CreateSubdirectory("tls").FullName, TimeProvider.System.GetUtcNow()) : null;
        var stage = new DemoStage(places, directory, authority);
        try
        {
            var options = new ServerOptions
            {
                Issuer = places.Issuer,
                Listen = [places.Issuer],
                DataDirectory = directory.CreateSubdirectory("data").FullName,
                Store = "memory",
                TlsCertFile = authority?.CertificateFile,
                TlsKeyFile = authority?.KeyFile,
                Node = "demo",
                Development = true,
            };
            stage.Server = await ServerRun.StartAsync(options, ct);
            stage.Operator = (await AdminChannels.OfRunningAsync(options.DataDirectory, TimeSpan.FromSeconds(10), ct))!;
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the APIs and the app, once their clients are registered.</summary>
    public async Task StartAppsAsync(CancellationToken ct)
    {
        var credentials = new IntrospectionCredentials(ApiClient, ClientSecrets[ApiClient]);
        var billing = new NextApiOptions(Places.OtherApi + "/whoami", DemoPlaces.OtherApiIdentifier, "billing:read", credentials)
        {
            Handler = new DemoApiCalls(NewHandler(), ApiCalls),
        };
        foreach (var (url, audience) in new[] { (Places.Api, DemoPlaces.ApiIdentifier), (Places.OtherApi, DemoPlaces.OtherApiIdentifier) })
        {
            var options = new SampleApiOptions
            {
                Url = url,
                Issuer = Places.Issuer,
                Audience = audience,
                Introspection = credentials,
                Next = audience == DemoPlaces.ApiIdentifier ? billing : null,
                CheckRevocation = true,
                Certificate = Authority?.Server,
                TrustedAuthority = Authority?.Root,
            };
            await StartAsync(SampleApi.Build(options, ApiChecks.Enqueue, api => api.Tag = Secrets.Tag), ct);
        }
        var web = new SampleWebOptions
        {
            Url = Places.Web,
            Issuer = Places.Issuer,
            ClientId = WebClient,
            ClientSecret = ClientSecrets[WebClient],
            ApiUrl = Places.Api,
            Resource = DemoPlaces.ApiIdentifier,
            Certificate = Authority?.Server,
            TrustedAuthority = Authority?.Root,
            Time = AppClock,
        };
        await StartAsync(SampleWeb.Build(web, AppHops.Enqueue, Configure), ct);
    }

    /// <summary>An HTTP handler that trusts the demo's authority, follows nothing and keeps nothing.</summary>
    public SocketsHttpHandler NewHandler()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        };
        if (Authority is not null)
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Trusting(Authority.Root) };
        return handler;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
            await app.DisposeAsync();
        if (Operator is not null)
            await Operator.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
        Authority?.Dispose();
        _directory.Delete(recursive: true);
    }

    private void Configure(BffOptions bff)
    {
        bff.RefreshBefore = TimeSpan.Zero; // Its tokens live for a second.
        bff.Tag = Secrets.Tag;
    }

    private async Task StartAsync(WebApplication app, CancellationToken ct)
    {
        _apps.Add(app);
        app.Use(
            (HttpContext http, RequestDelegate next) =>
            {
                SeenUrls.Enqueue($"{http.Features.Get<IHttpRequestFeature>()?.RawTarget} Referer: {http.Request.Headers.Referer}");
                return next(http);
            }
        );
        await app.StartAsync(ct);
    }

    private static X509ChainPolicy Trusting(X509Certificate2 root)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(root);
        return policy;
    }
}
