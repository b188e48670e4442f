using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Server.Apis;
using Ostiary.Server.Grants;
using Ostiary.Server.Hosting;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Tests.Nodes;

/// <summary>Two servers of one issuer on the same stores, each with a data directory of its own that holds the same master key.</summary>
public sealed class TwoNodes : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ostiary-nodes-").FullName;
    private readonly IStores _stores;

    private TwoNodes(IStores stores) => _stores = stores;

    public OstiaryServer First { get; private set; } = null!;
    public OstiaryServer Second { get; private set; } = null!;

    /// <summary>While set, the second node cannot read the feed.</summary>
    public bool SecondIsBlind { get; set; }

    public static async Task<TwoNodes> StartAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        var nodes = new TwoNodes(await MemoryStores.OpenAsync(null, TimeProvider.System, ct));
        var first = nodes.StartAsync("first", () => false, ct);
        // The master key is copied before both start, so both set up the same new store at once.
        var second = nodes.StartAsync("second", () => nodes.SecondIsBlind, ct);
        (nodes.First, nodes.Second) = (await first, await second);
        return nodes;
    }

    public static async Task<JsonElement> IntrospectAsync(OstiaryServer node, string token)
    {
        using var answer = await PostAsync(node, "/introspect", "rs", ("token", token));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return json.RootElement.Clone();
    }

    public static async Task<bool> IsActiveAsync(OstiaryServer node, string token) =>
        (await IntrospectAsync(node, token)).GetProperty("active").GetBoolean();

    public static async Task<string> TokenAsync(OstiaryServer node)
    {
        using var answer = await PostAsync(node, "/token", "m2m", ("grant_type", "client_credentials"), ("scope", "read"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return json.RootElement.GetProperty("access_token").GetString()!;
    }

    /// <summary>The tokens of a person who has just signed in to the client <c>shop</c> at the first node, for an API or for userinfo alone.</summary>
    public async Task<(string Access, string Refresh)> SignedInAsync(string name, string? api)
    {
        var issuer = First.Endpoints.Issuer;
        var snapshot = First.Configuration.Current;
        var (now, scope) = (TimeProvider.System.GetUtcNow(), ScopeSet.Of(["openid", "offline_access", "read"]));
        var grant = new Grant
        {
            Id = GrantId.New(),
            ClientId = "shop",
            Status = GrantStatus.Active,
            Generation = 1,
            CreatedAt = now,
            RotatedAt = now,
            ExpiresAt = now + TimeSpan.FromHours(1),
            Request = new GrantRequest { Scope = scope, Flow = "flow_test" },
            Approval = new Approval
            {
                Subject = "usr_" + name,
                Scope = scope,
                AuthenticatedAt = now,
                Refreshable = true,
                Offline = true,
            },
        };
        Assert.True(await _stores.Grants.TryCreateAsync(grant, TestContext.Current.CancellationToken));
        var tokens = new TokenIssuer(issuer.Url.Text, First.Endpoints.Keys, issuer.Master, snapshot.Apis.GetValueOrDefault);
        var target = api is null ? null : snapshot.Apis[api];
        var issued = tokens.ForGrant(grant, snapshot.Client("shop")!, target, TokenTarget.For(target, scope), 1, snapshot, now, default);
        return (issued.AccessToken.Text, issued.RefreshToken!);
    }

    public static Task<HttpResponseMessage> PostAsync(OstiaryServer node, string path, string client, params (string, string)[] form) =>
        PostProvenAsync(node, path, client, null, form);

    public static async Task<HttpResponseMessage> PostProvenAsync(
        OstiaryServer node,
        string path,
        string client,
        string? proof,
        params (string, string)[] form
    )
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, node.Addresses.First(a => !a.Contains("unix", StringComparison.Ordinal)) + path)
        {
            Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Item1, f.Item2))),
        };
        if (proof is not null)
            request.Headers.Add("DPoP", proof);
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client}:{TestServer.WebSecret}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", basic);
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Asks again until it holds; one second is what is promised, ten what a busy machine gets.</summary>
    public static async Task SoonAsync(Func<Task<bool>> holds)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(10), "It never came to hold.");
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
        await _stores.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    private async Task<OstiaryServer> StartAsync(string name, Func<bool> blind, CancellationToken ct)
    {
        var data = Path.Combine(_root, name);
        DataDirectory.Open(data).Dispose();
        var keys = Directory.CreateDirectory(Path.Combine(data, "keys"));
        var master = Path.Combine(keys.FullName, "master.key");
        await File.WriteAllBytesAsync(master, [.. Enumerable.Repeat((byte)7, 32)], ct);
        File.SetUnixFileMode(master, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var options = new ServerOptions
        {
            Issuer = "http://127.0.0.1:1",
            Listen = [$"http://127.0.0.1:{TestServer.FreePort()}"],
            DataDirectory = data,
            Store = "memory",
            Node = name,
        };
        return await OstiaryServer.StartAsync(
            options,
            (_, _, _) => ValueTask.FromResult<IStores>(new Shared(_stores, blind)),
            TimeProvider.System,
            ct
        );
    }

    private sealed class Shared(IStores inner, Func<bool> blind) : IStores, IChangeFeed
    {
        public string Engine => inner.Engine;
        public IGrantStore Grants => inner.Grants;
        public ISessionStore Sessions => inner.Sessions;
        public IConsentStore Consents => inner.Consents;
        public IOneTimeStore OneTime => inner.OneTime;
        public ILogoutNoticeStore LogoutNotices => inner.LogoutNotices;
        public IChangeFeed Changes => this;
        public IDocumentStore Documents => inner.Documents;
        public IDirectory Directory => inner.Directory;
        public IStoreArchive Archive => inner.Archive;

        public TimeSpan Retention
        {
            get => inner.Changes.Retention;
            set => inner.Changes.Retention = value;
        }

        public ValueTask ProbeAsync(CancellationToken ct) => inner.ProbeAsync(ct);

        public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => inner.WaitForNewsAsync(patience, ct);

        public ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct) =>
            inner.Changes.AppendAsync(kind, id, until, now, ct);

        public ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct) =>
            blind()
                ? throw new StoreException(Protocol.Reasons.Reason.StorageUnavailable, "The storage is away.")
                : inner.Changes.ReadAsync(after, limit, ct);

        public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => inner.Changes.SweepAsync(before, limit, ct);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
