using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Admin;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Hosting;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Server.Users;

namespace Ostiary.Server.Tests.Harness;

/// <summary>A whole server on a free loopback port over real HTTP, with its own clock, and the configuration that a test needs.</summary>
public sealed class TestServer : IAsyncDisposable
{
    public const string Password = "correct horse battery staple";
    public const string WebSecret = "web-secret-of-more-than-thirty-two-characters";
    public const string Callback = "http://127.0.0.1:1/cb";

    /// <summary>Hashing is slow on purpose; all test users have the same password.</summary>
    internal static readonly Lazy<string> HashedPassword = new(() => PasswordHash.Create(Password));

    private TestServer(OstiaryServer server, IssuerHouse house, FakeTime time) => (Server, House, Time) = (server, house, time);

    public OstiaryServer Server { get; }

    /// <summary>The issuer of the server that this is about: the first, where nothing else is said.</summary>
    public IssuerHouse House { get; }
    public FakeTime Time { get; }
    public string Issuer => House.Url.Text;

    /// <summary>Starts with alice, bob, an API <c>https://api.example</c> and the clients <c>web</c> (confidential, PKCE not required), <c>web2</c>, <c>spa</c>, <c>m2m</c> and <c>rs</c>.</summary>
    public static async Task<TestServer> StartAsync(
        string path = "",
        Func<ServerOptions, ServerOptions>? with = null,
        Func<IStores, IStores>? wrap = null,
        Action<IEndpointRouteBuilder, IssuerHouse>? map = null
    )
    {
        var time = new FakeTime();
        var url = $"http://127.0.0.1:{FreePort()}";
        var options = new ServerOptions
        {
            Issuer = url + path,
            Listen = [url],
            Store = "memory",
            Limit = ["queue-milliseconds=60000"], // All tests share the threads of one process.
        };
        var server = await OstiaryServer.StartAsync(
            with?.Invoke(options) ?? options,
            async (_, clock, ct) =>
            {
                var stores = await MemoryStores.OpenAsync(null, clock, ct);
                return wrap?.Invoke(stores) ?? stores;
            },
            time,
            TestContext.Current.CancellationToken,
            map
        );
        var test = new TestServer(server, server.Houses[0], time);
        await test.SeedAsync();
        return test;
    }

    /// <summary>Another issuer of the same server, with the same users and clients, which have the same passwords and secrets.</summary>
    public async Task<TestServer> SeedAsync(int issuer)
    {
        var test = new TestServer(Server, Server.Houses[issuer], Time);
        await test.SeedAsync();
        return test;
    }

    private async Task SeedAsync()
    {
        await AddApiAsync(
            """{"identifier":"https://api.example","scopes":[{"name":"read","description":"Read your notes","default":true},{"name":"write","description":"Change your notes"}],"resource_server_clients":["rs"]}"""
        );
        await AddClientAsync(
            """{"client_id":"web","type":"web","client_name":"Web","redirect_uris":["CB"],"post_logout_redirect_uris":["CB/out"],"require_pkce":false,"consent":"none","scope":"openid profile email address phone offline_access read write"}""",
            WebSecret
        );
        await AddClientAsync(
            """{"client_id":"web2","type":"web","client_name":"Other","redirect_uris":["CB2"],"consent":"none","require_pkce":false}""",
            WebSecret
        );
        await AddClientAsync(
            """{"client_id":"spa","type":"spa","client_name":"Spa","redirect_uris":["CB"],"scope":"openid profile offline_access read write"}"""
        );
        await AddClientAsync("""{"client_id":"m2m","type":"service","client_name":"Robot","scope":"read write"}""", WebSecret);
        await AddClientAsync("""{"client_id":"rs","type":"service","client_name":"API","scope":"read"}""", WebSecret);
        await AddUserAsync("alice", "alice@example.test");
        await AddUserAsync("bob", "bob@example.test");
    }

    /// <summary>A browser: keeps cookies, follows nothing.</summary>
    public Browser NewBrowser() => new(this);

    /// <summary>An HTTP client without cookies and redirects.</summary>
    public HttpClient NewHttp() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(House.Url.Origin) };

    public async Task AddClientAsync(string json, string? secret = null)
    {
        using var document = JsonDocument.Parse(
            json.Replace("\"CB2", "\"http://127.0.0.1:2/cb", StringComparison.Ordinal).Replace("[\"CB", $"[\"{Callback}", StringComparison.Ordinal)
        );
        var faults = new List<ConfigurationFault>();
        var client = ClientDocument.Parse(document.RootElement.Clone(), "client", onLoopback: true, faults);
        Assert.Empty(faults);
        if (secret is not null)
        {
            var sealing = new ClientSecrets(House.Endpoints.Issuer.Master).Seal(secret);
            client = client! with
            {
                Client = client.Client with { Secrets = [new ClientSecret("s1", ClientSecrets.Hash(secret), Time.GetUtcNow(), null, sealing)] },
            };
        }
        await ChangeAsync(set => set.With(client!));
    }

    public async Task AddApiAsync(string json)
    {
        using var document = JsonDocument.Parse(json);
        var faults = new List<ConfigurationFault>();
        var api = ApiDocument.Parse(document.RootElement.Clone(), "api", faults);
        Assert.Empty(faults);
        // Who may introspect is checked against clients that a test adds later.
        await AddApiLaterAsync(api!);
    }

    public async Task AddUserAsync(string name, string email, string more = "")
    {
        using var document = JsonDocument.Parse(
            $$$"""{{{{more}}}"username":"{{{name}}}","email":"{{{email}}}","email_verified":true,"claims":{"name":"{{{name}}} Example","address":{"country":"CH"},"phone_number":"+41 44 000 00 00","phone_number_verified":true}}"""
        );
        var faults = new List<ConfigurationFault>();
        var user = UserDocument.Parse(document.RootElement.Clone(), "user", faults);
        Assert.Empty(faults);
        await ChangeAsync(set =>
            set.With(
                user! with
                {
                    User = user.User with { Subject = "usr_" + name, CreatedAt = Time.GetUtcNow(), PasswordHash = HashedPassword.Value },
                }
            )
        );
    }

    /// <summary>The same person again, who may not sign in any more.</summary>
    public Task DisableUserAsync(string name) => AddUserAsync(name, name + "@example.test", "\"disabled\":true,");

    /// <summary>Whether the log has a refusal for this reason.</summary>
    public async Task<bool> RefusedWithAsync(Reason reason)
    {
        var log = House.Log.Reader;
        return (await log.ListAsync(new LogFilter { Reason = reason, Limit = 1 }, TestContext.Current.CancellationToken)).Count > 0;
    }

    /// <summary>What the operator does, which must be carried out.</summary>
    public async Task<JsonElement> AdministerAsync(string method, string path, string body = "")
    {
        var request = new AdminRequest(method, path, AdminCaller.Owner) { Body = System.Text.Encoding.UTF8.GetBytes(body) };
        var response = await House.Administration.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(response.Reason is null, System.Text.Encoding.UTF8.GetString(response.Body.Span));
        using var json = JsonDocument.Parse(response.Body);
        return json.RootElement.Clone();
    }

    internal async Task ChangeAsync(Func<ConfigurationSet, ConfigurationSet> change)
    {
        var outcome = await House.Configuration.TryChangeAsync(set => change(set), null, TestContext.Current.CancellationToken);
        Assert.Empty(outcome.Faults);
        // As the administration does.
        await House.Keys.EnsureAsync(House.Configuration.Current.SigningAlgorithms, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private async Task AddApiLaterAsync(ApiDocument api)
    {
        foreach (var client in api.Api.ResourceServerClients)
        {
            if (House.Configuration.Current.Client(client) is null)
                await AddClientAsync($$"""{"client_id":"{{client}}","type":"service"}""", WebSecret);
        }
        await ChangeAsync(set => set.With(api));
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
