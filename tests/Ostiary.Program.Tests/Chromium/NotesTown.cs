using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Ostiary.AspNetCore.Bff;
using Ostiary.Cli.Demo;
using Ostiary.Program.Tests.Cli;
using Ostiary.Samples.Api;
using Ostiary.Samples.Web;

namespace Ostiary.Program.Tests.Chromium;

/// <summary>The real server as a child process, the sample API and the sample app, all over TLS or all without.</summary>
internal sealed class NotesTown : IAsyncDisposable
{
    public const string Username = "alice";
    private const string Audience = "https://notes.example";

    private static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ostiary-town-");
    private readonly string _clientSecret = RandomNumberGenerator.GetHexString(64);
    private readonly ConcurrentQueue<BffHop> _hops = new();
    private readonly Logouts _logouts;
    private ServerProcess? _server;
    private WebApplication? _api;
    private WebApplication? _app;

    private NotesTown(bool tls, Logouts logouts, string issuerHost)
    {
        _logouts = logouts;
        var scheme = tls ? "https" : "http";
        string At(string host) => string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{ServerProcess.FreePort()}");
        (Issuer, Api, App) = (At(issuerHost), At("127.0.0.1"), At("127.0.0.1"));
    }

    public string Issuer { get; }
    public string Api { get; }
    public string App { get; }
    public string Password { get; } = RandomNumberGenerator.GetHexString(24);
    public AheadClock AppClock { get; } = new();
    public KeptSessions Sessions { get; } = new();
    public IReadOnlyList<BffHop> Hops => [.. _hops];

    /// <summary>Where commands find the server.</summary>
    public string Data => Path.Combine(_directory.FullName, "data");

    /// <summary>What must stay with the app and the server: no browser gets any of it.</summary>
    public IReadOnlyList<string> Secrets => [_clientSecret, .. Sessions.Secrets];

    /// <param name="issuerHost">The apps are at 127.0.0.1: for a browser that is another site than the usual one, and the same site where it is named here.</param>
    public static async Task<NotesTown> StartAsync(DemoAuthority? authority, Logouts logouts = Logouts.None, string issuerHost = "localhost")
    {
        var town = new NotesTown(authority is not null, logouts, issuerHost);
        try
        {
            await town.StartServerAsync(authority);
            await town.StartAppsAsync(authority);
            return town;
        }
        catch
        {
            await town.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        if (_api is not null)
            await _api.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task StartServerAsync(DemoAuthority? authority)
    {
        string In(string name) => Path.Combine(_directory.FullName, name);
        await File.WriteAllTextAsync(In("app.secret"), _clientSecret);
        await File.WriteAllTextAsync(In("alice.password"), Password);
        await File.WriteAllTextAsync(In("ostiary.json"), Configuration());
        string[] tls = authority is null
            ? []
            : ["--tls-cert", authority.CertificateFile, "--tls-key", authority.KeyFile, "--extra-ca", In("ca.pem"), "--allow-loopback-fetch"];
        if (authority is not null)
            await File.WriteAllTextAsync(In("ca.pem"), authority.Root.ExportCertificatePem());
        _server = await ServerProcess.StartAsync([
            "--issuer",
            Issuer,
            "--listen",
            Issuer,
            "--data",
            In("data"),
            "--config",
            In("ostiary.json"),
            .. tls,
        ]);
    }

    private async Task StartAppsAsync(DemoAuthority? authority)
    {
        var patient = TimeSpan.FromSeconds(60);
        _api = SampleApi.Build(
            new SampleApiOptions
            {
                Url = Api,
                Issuer = Issuer,
                Audience = Audience,
                Certificate = authority?.Server,
                TrustedAuthority = authority?.Root,
            },
            configure: api => api.Backchannel.Timeout = patient
        );
        _app = SampleWeb.Build(
            new SampleWebOptions
            {
                Url = App,
                Issuer = Issuer,
                ClientId = "notes-web",
                ClientSecret = _clientSecret,
                ApiUrl = Api,
                Resource = Audience,
                Certificate = authority?.Server,
                TrustedAuthority = authority?.Root,
                Time = AppClock,
            },
            _hops.Enqueue,
            bff =>
            {
                bff.Sessions = Sessions;
                bff.Backchannel.Timeout = patient;
            }
        );
        _app.MapGet("/watch", http => WatchingApp.WritePageAsync(http, Issuer));
        await _api.StartAsync(TestContext.Current.CancellationToken);
        await _app.StartAsync(TestContext.Current.CancellationToken);
    }

    private string Configuration() =>
        JsonSerializer.Serialize(
            new
            {
                apis = new[]
                {
                    new
                    {
                        identifier = Audience,
                        token_lifetime = "2m",
                        scopes = new[]
                        {
                            new { name = "notes:read", description = "Read your notes" },
                            new { name = "notes:write", description = "Write notes for you" },
                        },
                    },
                },
                clients = new[]
                {
                    new
                    {
                        client_id = "notes-web",
                        client_name = "Notes",
                        type = "web",
                        redirect_uris = new[] { App + "/signin/callback" },
                        post_logout_redirect_uris = new[] { App + "/signout/callback" },
                        backchannel_logout_uri = _logouts == Logouts.Backchannel ? App + "/signout/backchannel" : null,
                        // A page that the app has anyway.
                        frontchannel_logout_uri = _logouts == Logouts.Frontchannel ? App + "/style.css" : null,
                        scope = "openid profile offline_access notes:read notes:write",
                        consent = "required",
                        client_secret = new { file = "app.secret" },
                    },
                },
                users = new[]
                {
                    new
                    {
                        username = Username,
                        claims = new { name = "Alice Example" },
                        password = new { file = "alice.password" },
                    },
                },
            },
            WithoutNulls
        );
}

/// <summary>How the app hears of logouts.</summary>
internal enum Logouts
{
    None,

    /// <summary>Only over TLS, for the server fetches nothing without it.</summary>
    Backchannel,
    Frontchannel,
}

/// <summary>The system's clock, set ahead by hand.</summary>
internal sealed class AheadClock : TimeProvider
{
    private long _ahead;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ahead));
}
