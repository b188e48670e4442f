using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Ostiary.Protocol;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.DeviceAuthorization;
using Ostiary.Server.EndSession;
using Ostiary.Server.Interaction;
using Ostiary.Server.Keys;
using Ostiary.Server.Pages;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Server.Users;

namespace Ostiary.Server.Tests.Pages;

/// <summary>The pages on a real server at a free loopback port, with memory stores, a clock of its own, and a protocol that only notes what it is told.</summary>
internal sealed class PageHost : IAsyncDisposable
{
    public const string Password = "correct horse battery staple";
    private static readonly string Hash = PasswordHash.Create(Password);
    private readonly WebApplication _app;
    private readonly Passwords _passwords;

    private PageHost(WebApplication app, Issuer issuer, FakeConfiguration configuration, FakeTime time, DecisionList log, Passwords passwords)
    {
        (_app, Issuer, Configuration, Time, Log, _passwords) = (app, issuer, configuration, time, log, passwords);
        Sessions = new BrowserSessions(issuer);
        Interactions = new FakeInteractions(issuer);
        Context = new PageContext(issuer, Sessions, Interactions);
    }

    public Issuer Issuer { get; }
    public FakeConfiguration Configuration { get; }
    public FakeTime Time { get; }
    public DecisionList Log { get; }
    public BrowserSessions Sessions { get; }
    public FakeInteractions Interactions { get; }
    public PageContext Context { get; }
    public PasswordUpdateList PasswordUpdates { get; } = new();
    public Uri Address { get; private set; } = null!;
    public IStores Stores => Issuer.Stores;

    /// <param name="issuerUrl">Null: the address where it listens.</param>
    public static async Task<PageHost> StartAsync(
        string? issuerUrl = null,
        Passwords? passwords = null,
        Action<IEndpointRouteBuilder, PageHost>? map = null,
        Func<IStores, IStores>? wrap = null,
        bool development = false
    )
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var port = FreePort();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        var address = $"http://127.0.0.1:{port}";
        Assert.True(IssuerUrl.TryParse(issuerUrl ?? address, out var url));
        var time = new FakeTime();
        var log = new DecisionList();
        var configuration = new FakeConfiguration();
        IStores stores = await MemoryStores.OpenAsync(null, time, CancellationToken.None);
        var issuer = new Issuer
        {
            Url = url,
            Configuration = configuration,
            Stores = wrap is null ? stores : wrap(stores),
            Master = MasterKey.Ephemeral(),
            Log = log,
            Time = time,
            Development = development,
        };
        var host = new PageHost(app, issuer, configuration, time, log, passwords ?? new Passwords()) { Address = new Uri(address) };
        Map(
            app,
            new PageEndpoints(
                issuer,
                host.Sessions,
                host.Interactions,
                new DeviceApprovals(issuer, new UserCodes(issuer.Master)),
                host._passwords,
                host.PasswordUpdates,
                new LogoutNotices(issuer)
            )
        );
        map?.Invoke(app, host);
        await app.StartAsync();
        return host;
    }

    public Browser NewBrowser(string? from = null) => new(Address, from);

    /// <summary>A browser in which alice has signed in.</summary>
    public async Task<Browser> SignedInAsync(string username = "alice")
    {
        var browser = NewBrowser();
        var answer = await browser.SignInAsync(username, Password);
        Assert.Equal(303, (int)answer.StatusCode);
        return browser;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await Issuer.Stores.DisposeAsync();
        _passwords.Dispose();
    }

    private static void Map(WebApplication app, PageEndpoints pages)
    {
        app.MapGet("/login", pages.Guard(pages.Login.ShowAsync));
        app.MapPost("/login", pages.Guard(pages.Login.SubmitAsync));
        app.MapGet("/consent", pages.Guard(pages.Consent.ShowAsync));
        app.MapPost("/consent", pages.Guard(pages.Consent.SubmitAsync));
        app.MapGet("/device", pages.Guard(pages.Device.ShowAsync));
        app.MapPost("/device", pages.Guard(pages.Device.SubmitAsync));
        app.MapGet("/account", pages.Guard(pages.Account.ShowAsync));
        app.MapPost("/account/sessions/end", pages.Guard(pages.Account.EndSessionAsync));
        app.MapPost("/account/sessions/end-all", pages.Guard(pages.Account.EndAllSessionsAsync));
        app.MapPost("/account/apps/revoke", pages.Guard(pages.Account.RevokeAsync));
        app.MapGet("/errors/{code}", pages.Guard(pages.Errors.ShowAsync));
        app.MapGet("/assets/{name}", (RequestDelegate)Assets.ServeAsync);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The snapshot that tests change.</summary>
    internal sealed class FakeConfiguration : IConfiguration
    {
        private static readonly Api Billing = new()
        {
            Identifier = "https://billing.example",
            Scopes = [new("invoices.read", "Read your invoices"), new("invoices.write", "Create invoices for you")],
        };

        private static readonly Client Television = NewClient("tv", "Invoices on TV") with
        {
            Type = ClientType.Device,
            AuthenticationMethod = ClientAuthenticationMethod.None,
            GrantTypes = [ClientNames.DeviceCode],
        };

        public FakeConfiguration() => Current = Of(new IssuerSettings { DisplayName = "Acme" }, Alice, Bob, Disabled, WithoutPassword);

        public Snapshot Current { get; set; }

        public static User Alice { get; } = NewUser("usr_alice", "alice") with { Email = "Alice@Example.com", EmailVerified = true };
        public static User Bob { get; } = NewUser("usr_bob", "bob");
        public static User Disabled { get; } = NewUser("usr_disabled", "disabled") with { Disabled = true };
        public static User WithoutPassword { get; } = NewUser("usr_nopassword", "nopassword") with { PasswordHash = null };

        public static Snapshot Of(IssuerSettings settings, params User[] users) =>
            Of(settings, users, [NewClient("billing-web", "Billing Web"), NewClient("notes", null), Television]);

        public static Snapshot Of(IssuerSettings settings, User[] users, Client[] clients)
        {
            var byName = users.ToDictionary(u => User.Normalize(u.Username), StringComparer.Ordinal);
            foreach (var user in users.Where(u => u.Email is not null))
                byName[User.Normalize(user.Email!)] = user;
            return new()
            {
                Revision = 7,
                Settings = settings,
                Clients = clients.ToImmutableDictionary(c => c.Id),
                Apis = new[] { Billing }.ToFrozenDictionary(a => a.Identifier),
                UsersByName = byName.ToFrozenDictionary(StringComparer.Ordinal),
                UsersBySubject = users.ToFrozenDictionary(u => u.Subject, StringComparer.Ordinal),
            };
        }

        private static User NewUser(string subject, string name) =>
            new()
            {
                Subject = subject,
                Username = name,
                PasswordHash = Hash,
            };

        private static Client NewClient(string id, string? name) =>
            new()
            {
                Id = id,
                Name = name,
                Type = ClientType.Web,
                AuthenticationMethod = ClientAuthenticationMethod.ClientSecretBasic,
            };
    }

    internal sealed class DecisionList : IDecisionLog
    {
        public void Reserve() { }

        private readonly ConcurrentQueue<DecisionRecord> _records = new();

        public IReadOnlyList<DecisionRecord> All => [.. _records];
        public bool IsBroken { get; set; }

        public void Record(DecisionRecord record)
        {
            if (IsBroken)
                throw new StoreException(Protocol.Reasons.Reason.LogUnavailable, "broken by the test");
            _records.Enqueue(record);
        }
    }

    internal sealed class PasswordUpdateList : IPasswordUpdates
    {
        public ConcurrentQueue<(string Subject, string Old, string New)> All { get; } = new();

        public ValueTask RehashedAsync(string subject, string oldHash, string newHash, CancellationToken ct)
        {
            All.Enqueue((subject, oldHash, newHash));
            return ValueTask.CompletedTask;
        }
    }
}
