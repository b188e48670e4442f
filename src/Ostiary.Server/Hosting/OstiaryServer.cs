using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
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

/// <summary>A running server: Kestrel, and its issuers with their upkeep.</summary>
public sealed class OstiaryServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IReadOnlyList<IssuerHouse> _houses;
    private readonly Premises _premises;
    private readonly IReadOnlyList<IAsyncDisposable> _work;

    private readonly TimeSpan _drainDelay;

    private OstiaryServer(WebApplication app, Premises premises, IReadOnlyList<IAsyncDisposable> work, TimeSpan drainDelay) =>
        (_app, _houses, _premises, _work, _drainDelay) = (app, premises.Houses, premises, work, drainDelay);

    /// <summary>In the order in which they were named.</summary>
    public IReadOnlyList<IssuerHouse> Houses => _houses;

    // The first, which mostly is the only one.
    public Issuer Issuer => Endpoints.Issuer;
    public OstiaryEndpoints Endpoints => _houses[0].Endpoints;
    public LiveConfiguration Configuration => _houses[0].Configuration;
    public AdminService Administration => _houses[0].Administration;
    public IEventLog Events => _houses[0].Log.Reader;

    /// <summary>The end of the event log that was damaged and set aside at start; null: none was.</summary>
    public string? LogMovedAside => _houses[0].Log.MovedAside;

    /// <summary>The addresses that it listens on, free ports resolved.</summary>
    public IReadOnlyList<string> Addresses => [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    /// <summary>Starts a server. Throws <see cref="StoreException"/> or <see cref="StartException"/>, each with one plain sentence; then nothing was changed.</summary>
    /// <param name="options">Validated options.</param>
    /// <param name="openStores">Opens the storage.</param>
    /// <param name="time">The clock of everything.</param>
    /// <param name="prepare">Runs for each issuer before the first request: configuration that is applied at start.</param>
    /// <param name="map">Further routes of each issuer, for the program that embeds it.</param>
    public static async Task<OstiaryServer> StartAsync(
        ServerOptions options,
        StoreOpener openStores,
        TimeProvider time,
        CancellationToken ct,
        Action<IEndpointRouteBuilder, IssuerHouse>? map = null,
        Func<IssuerHouse, CancellationToken, Task>? prepare = null
    )
    {
        if (options.Validate() is [var fault, ..])
            throw new StartException(fault.Reason, fault.Message, fault.Try);
        var premises = await Premises.OpenAsync(options, openStores, time, ct);
        try
        {
            ListenProbe.Demand(options); // Before anything is changed for a server that cannot start.
            foreach (var house in premises.Houses)
                if (prepare is not null)
                    await prepare(house, ct);
            var app = Build(options, premises.Houses, map);
            foreach (var house in premises.Houses)
            {
                await house.KeysComplete;
                await house.Endpoints.Follower.FollowAsync(ct);
            }
            await StartAsync(app, premises.Houses, options, ct);
            var work = premises.Houses.SelectMany(house => WorkOf(house, time, app.Logger));
            return new(app, premises, [.. work], options.DrainDelay);
        }
        catch
        {
            await premises.DisposeAsync();
            throw;
        }
    }

    private static IEnumerable<IAsyncDisposable> WorkOf(IssuerHouse house, TimeProvider time, ILogger logger) =>
        [LogoutDelivery.Start(house.Endpoints, logger), Following.Start(house, time, logger), Upkeep.Start(house, time, logger)];

    /// <summary>Completes when the process is asked to stop.</summary>
    public Task WaitForShutdownAsync(CancellationToken ct) => _app.WaitForShutdownAsync(ct);

    /// <summary>Says that it is not ready and serves on for the drain delay, so that balancers notice before it accepts no more.</summary>
    public async Task DrainAsync()
    {
        Part();
        await Task.Delay(_drainDelay, Issuer.Time);
    }

    public async ValueTask DisposeAsync()
    {
        Part();
        await _app.StopAsync(); // Accepts no more, and waits for what has begun.
        await _app.DisposeAsync();
        foreach (var work in _work)
            await work.DisposeAsync();
        await _premises.DisposeAsync();
    }

    private void Part()
    {
        foreach (var house in _houses)
            house.Endpoints.Health.Drain();
    }

    private static WebApplication Build(ServerOptions options, IReadOnlyList<IssuerHouse> houses, Action<IEndpointRouteBuilder, IssuerHouse>? map)
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
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, houses, options));
        var app = builder.Build();
        var guard = new TransportGuard([.. options.TrustedProxies.Select(ParseNetwork)], options.MutualTls.FromProxy);
        var door = new Door(app.Services, houses, guard, app.Logger, map);
        app.Run(door.InvokeAsync);
        return app;
    }

    private static async Task StartAsync(WebApplication app, IReadOnlyList<IssuerHouse> houses, ServerOptions options, CancellationToken ct)
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
        foreach (var house in houses)
            if (house.Socket is { } socket)
                File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static void Listen(KestrelServerOptions kestrel, IReadOnlyList<IssuerHouse> houses, ServerOptions options)
    {
        KestrelSettings.Apply(kestrel);
        var tls = options.TlsCertFile is null ? null : LoadCertificate(options);
        var bound = new ConnectionBound(options.ReadLimits().Connections);
        foreach (
            var (url, isForCertificates) in options.Listen.Select(url => (url, false)).Concat(options.MutualTls.Listen.Select(url => (url, true)))
        )
        {
            if (!ListenAddress.TryParse(url, out var listen))
                throw new ArgumentException("The options were not validated.", nameof(options));
            Listen(
                kestrel,
                listen,
                endpoint =>
                {
                    bound.On(endpoint);
                    if (listen.Secure && isForCertificates)
                        ClientTls.On(endpoint, tls!);
                    else if (listen.Secure)
                        endpoint.UseHttps(tls!);
                }
            );
        }
        foreach (var house in houses)
        {
            if (house.Socket is not { } socket)
                continue;
            File.Delete(socket);
            kestrel.ListenUnixSocket(socket, endpoint => endpoint.Use(house.Entrance.Lead));
        }
    }

    private static void Listen(KestrelServerOptions kestrel, ListenAddress listen, Action<ListenOptions> configure)
    {
        if (listen.Address is { } address)
            kestrel.Listen(address, listen.Port, configure);
        else if (listen.Port != 0)
            kestrel.ListenLocalhost(listen.Port, configure);
        else
            kestrel.Listen(IPAddress.Loopback, listen.Port, configure);
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
