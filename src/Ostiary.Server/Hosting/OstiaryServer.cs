using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Admin;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.EndSession;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Hosting;

/// <summary>Opens the storage that the options name; the engines live outside this assembly.</summary>
public delegate ValueTask<IStores> StoreOpener(ServerOptions options, TimeProvider time, CancellationToken ct);

/// <summary>A running server: Kestrel, one issuer, its upkeep.</summary>
public sealed class OstiaryServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IssuerHouse _house;
    private readonly Following _following;
    private readonly Upkeep _upkeep;
    private readonly LogoutDelivery _logouts;

    private readonly TimeSpan _drainDelay;

    private OstiaryServer(WebApplication app, IssuerHouse house, TimeProvider time, TimeSpan drainDelay)
    {
        (_app, _house, _drainDelay) = (app, house, drainDelay);
        _following = Following.Start(house, time, app.Logger);
        _upkeep = Upkeep.Start(house, time, app.Logger);
        _logouts = LogoutDelivery.Start(house.Endpoints, app.Logger);
    }

    public Issuer Issuer => _house.Endpoints.Issuer;
    public OstiaryEndpoints Endpoints => _house.Endpoints;
    public LiveConfiguration Configuration => _house.Configuration;
    public AdminService Administration => _house.Administration;
    public IEventLog Events => _house.Log.Reader;

    /// <summary>The end of the event log that was damaged and set aside at start; null: none was.</summary>
    public string? LogMovedAside => _house.Log.MovedAside;

    /// <summary>The addresses that it listens on, free ports resolved.</summary>
    public IReadOnlyList<string> Addresses => [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    /// <summary>Starts a server. Throws <see cref="StoreException"/> or <see cref="StartException"/>, each with one plain sentence; then nothing was changed.</summary>
    /// <param name="options">Validated options.</param>
    /// <param name="openStores">Opens the storage.</param>
    /// <param name="time">The clock of everything.</param>
    /// <param name="prepare">Runs before the first request: configuration that is applied at start.</param>
    /// <param name="map">Further routes, for the program that embeds it.</param>
    public static async Task<OstiaryServer> StartAsync(
        ServerOptions options,
        StoreOpener openStores,
        TimeProvider time,
        CancellationToken ct,
        Action<WebApplication, IssuerHouse>? map = null,
        Func<IssuerHouse, CancellationToken, Task>? prepare = null
    )
    {
        if (options.Validate() is [var fault, ..])
            throw new StartException(fault.Reason, fault.Message, fault.Try);
        var house = await IssuerHouse.OpenAsync(options, openStores, time, ct);
        try
        {
            ListenProbe.Demand(options); // Before anything is changed for a server that cannot start.
            if (prepare is not null)
                await prepare(house, ct);
            var app = Build(options, house, map);
            await house.KeysComplete;
            await house.Endpoints.Follower.FollowAsync(ct);
            await StartAsync(app, options, ct);
            return new(app, house, time, options.DrainDelay);
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    /// <summary>Completes when the process is asked to stop.</summary>
    public Task WaitForShutdownAsync(CancellationToken ct) => _app.WaitForShutdownAsync(ct);

    /// <summary>Says that it is not ready and serves on for the drain delay, so that balancers notice before it accepts no more.</summary>
    public async Task DrainAsync()
    {
        _house.Endpoints.Health.Drain();
        await Task.Delay(_drainDelay, Issuer.Time);
    }

    public async ValueTask DisposeAsync()
    {
        _house.Endpoints.Health.Drain();
        await _app.StopAsync(); // Accepts no more, and waits for what has begun.
        await _app.DisposeAsync();
        await _logouts.DisposeAsync();
        await _following.DisposeAsync();
        await _upkeep.DisposeAsync();
        await _house.DisposeAsync();
    }

    private static WebApplication Build(ServerOptions options, IssuerHouse house, Action<WebApplication, IssuerHouse>? map)
    {
        // Nothing but what the options say: no appsettings.json and no environment of the directory it happens to be started in, and no watching of its files.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [] });
        builder.Services.AddRoutingCore();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        // What fails at start is told once, in one sentence.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        // What a peer does wrong in HTTP/2 is its own affair, and must not fill our log.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.None);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopTimeout);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options));
        var app = builder.Build();
        var barrier = new FaultBarrier(house.Endpoints.Issuer, house.Endpoints.Health, app.Logger);
        var guard = new TransportGuard([.. options.TrustedProxies.Select(ParseNetwork)]);
        app.Use((HttpContext http, RequestDelegate next) => barrier.InvokeAsync(http, next));
        app.Use((HttpContext http, RequestDelegate next) => guard.InvokeAsync(http, next));
        app.MapOstiary(house.Endpoints);
        var door = new AdminDoor(house.Endpoints.Issuer, house.Endpoints.Status, house.Endpoints.Proofs);
        // Whoever comes over the socket knows the data directory, not the path of the issuer.
        foreach (var prefix in new[] { "", house.Endpoints.Issuer.Url.Path }.Distinct())
            AdminEndpoints.Map(app, prefix, house.Administration, door.AuthorizeAsync, house.Endpoints.Admission.Administration);
        map?.Invoke(app, house);
        return app;
    }

    private static async Task StartAsync(WebApplication app, ServerOptions options, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch (IOException exception)
        {
            await app.DisposeAsync();
            throw ListenProbe.InUse(string.Join(", ", options.Listen), exception);
        }
        if (options.Socket is { } socket)
            File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options)
    {
        KestrelSettings.Apply(kestrel);
        var tls = options.TlsCertFile is null ? null : LoadCertificate(options);
        var bound = new ConnectionBound(options.ReadLimits().Connections);
        foreach (var url in options.Listen)
        {
            if (!ListenAddress.TryParse(url, out var listen))
                throw new ArgumentException("The options were not validated.", nameof(options));
            void Configure(ListenOptions endpoint)
            {
                bound.On(endpoint);
                if (listen.Secure)
                    endpoint.UseHttps(tls!);
            }
            if (listen.Address is { } address)
                kestrel.Listen(address, listen.Port, Configure);
            else if (listen.Port != 0)
                kestrel.ListenLocalhost(listen.Port, Configure);
            else
                kestrel.Listen(IPAddress.Loopback, listen.Port, Configure);
        }
        if (options.Socket is { } socket)
        {
            File.Delete(socket);
            kestrel.ListenUnixSocket(socket);
        }
    }

    /// <summary>The certificate with those that follow it in its file: clients know the root only.</summary>
    private static HttpsConnectionAdapterOptions LoadCertificate(ServerOptions options)
    {
        try
        {
            using var pem = X509Certificate2.CreateFromPemFile(options.TlsCertFile!, options.TlsKeyFile);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(options.TlsCertFile!);
            return new()
            {
                ServerCertificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null),
                ServerCertificateChain = chain,
            };
        }
        catch (Exception exception)
            when (exception is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                Reason.CertificateUnusable,
                $"the certificate {options.TlsCertFile} cannot be used",
                "Give a PEM certificate and its PEM key."
            );
        }
    }

    private static IPNetwork ParseNetwork(string text) =>
        text.Contains('/', StringComparison.Ordinal)
            ? IPNetwork.Parse(text)
            : new IPNetwork(IPAddress.Parse(text), text.Contains(':', StringComparison.Ordinal) ? 128 : 32);
}

/// <summary>The server cannot start: which rule, one sentence, and the one thing to do.</summary>
public sealed class StartException(Reason reason, string message, string next) : Exception(message)
{
    public Reason Reason { get; } = reason;
    public string Next { get; } = next;
}
