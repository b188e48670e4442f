using System.Text;
using System.Text.Json;
using Ostiary.Server.Admin;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;

namespace Ostiary.Server.Tests.Admin;

/// <summary>Administration of an issuer that keeps everything in memory.</summary>
internal sealed class AdminHarness : IAsyncDisposable
{
    /// <summary>The first keys, made once: RSA keys take their time.</summary>
    private static readonly Lazy<Task<(MasterKey, IReadOnlyList<DocumentChange>)>> First = new(MakeKeysAsync);

    private AdminHarness(Issuer issuer, LiveConfiguration configuration, KeyRing keys, DecisionLog log)
    {
        (Issuer, Configuration, Keys, Log) = (issuer, configuration, keys, log);
        Service = new AdminService(new AdminParts(issuer, configuration, keys, log.Reader));
    }

    public Issuer Issuer { get; }
    public LiveConfiguration Configuration { get; }
    public KeyRing Keys { get; }
    public DecisionLog Log { get; }
    public AdminService Service { get; }

    public static async Task<AdminHarness> OpenAsync(string issuer = "https://id.example")
    {
        Assert.True(IssuerUrl.TryParse(issuer, out var url));
        var time = TimeProvider.System;
        var stores = await MemoryStores.OpenAsync(null, time, TestContext.Current.CancellationToken);
        var (master, made) = await First.Value;
        Assert.True(await stores.Documents.TryCommitAsync(made, 0, TestContext.Current.CancellationToken));
        var configuration = await LiveConfiguration.LoadAsync(stores.Documents, url, TestContext.Current.CancellationToken);
        var keys = await KeyRing.OpenAsync(
            stores.Documents,
            master,
            () => configuration.Current.Settings,
            time,
            TestContext.Current.CancellationToken
        );
        var log = DecisionLog.InMemory(time);
        return new(
            new Issuer
            {
                Url = url,
                Configuration = configuration,
                Stores = stores,
                Master = master,
                Log = log,
                Time = time,
            },
            configuration,
            keys,
            log
        );
    }

    private static async Task<(MasterKey, IReadOnlyList<DocumentChange>)> MakeKeysAsync()
    {
        var master = MasterKey.Ephemeral();
        await using var stores = await MemoryStores.OpenAsync(null, TimeProvider.System, CancellationToken.None);
        using var keys = await KeyRing.OpenAsync(stores.Documents, master, () => new IssuerSettings(), TimeProvider.System, CancellationToken.None);
        var made = await stores.Documents.LoadAsync(CancellationToken.None);
        return (master, [.. made.Documents.Select(d => new DocumentChange(d.Kind, d.Id, d.Json))]);
    }

    public ValueTask<AdminResponse> SendAsync(string method, string path, string body = "", long? revision = null)
    {
        var parts = path.Split('?', 2);
        var query = parts.Length == 1 ? [] : parts[1].Split('&').Select(p => KeyValuePair.Create(p.Split('=')[0], p.Split('=')[1])).ToList();
        var request = new AdminRequest(method, parts[0], AdminCaller.Owner)
        {
            Body = Encoding.UTF8.GetBytes(body),
            Query = query,
            ExpectedRevision = revision,
        };
        return Service.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Sends a request that must be carried out.</summary>
    public async Task<JsonElement> DoAsync(string method, string path, string body = "")
    {
        var response = await SendAsync(method, path, body);
        Assert.True(response.Reason is null, Encoding.UTF8.GetString(response.Body.Span));
        return Json(response);
    }

    public async Task<JsonElement> ApplyAsync(string configuration, string secrets = "{}", bool prune = false) =>
        await DoAsync(
            "POST",
            "/config/apply",
            $$"""{"configuration":{{configuration}},"secrets":{{secrets}},"prune":{{(prune ? "true" : "false")}}}"""
        );

    public static JsonElement Json(AdminResponse response)
    {
        using var document = JsonDocument.Parse(response.Body);
        return document.RootElement.Clone();
    }

    public static string Text(AdminResponse response) => Encoding.UTF8.GetString(response.Body.Span);

    public async ValueTask DisposeAsync()
    {
        Log.Dispose();
        Keys.Dispose();
        Configuration.Dispose();
        await Issuer.Stores.DisposeAsync();
    }
}
