using Ostiary.Server.Admin;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Keys;
using Ostiary.Server.Outbound;
using Ostiary.Server.Stores;
using Ostiary.Server.Tokens;
using Ostiary.Server.Users;

namespace Ostiary.Server.Hosting;

/// <summary>Everything an issuer needs, opened in order and closed in reverse: directory, storage, keys, configuration, log, endpoints.</summary>
public sealed class IssuerHouse : IAsyncDisposable
{
    private readonly Stack<IDisposable> _open = new();
    private ServerOptions? _options;

    public required IStores Stores { get; init; }
    public required LiveConfiguration Configuration { get; init; }
    public required KeyRing Keys { get; init; }
    public required DecisionLog Log { get; init; }
    public required OstiaryEndpoints Endpoints { get; init; }
    public required AdminService Administration { get; init; }

    /// <summary>Done when there is a key for every algorithm: before the first request.</summary>
    public required Task KeysComplete { get; init; }

    /// <summary>The way in for its administration socket.</summary>
    internal Entrance Entrance { get; } = new();

    /// <summary>Where its administration listens, or null.</summary>
    internal string? Socket => _options?.Socket;

    /// <summary>Its data directory, or null.</summary>
    public string? Directory => _options?.DataDirectory;
    public IssuerUrl Url => Endpoints.Issuer.Url;

    /// <param name="options">Of this issuer alone.</param>
    /// <param name="shared">What it has in common with the other issuers of the process; null: there are none.</param>
    public static async ValueTask<IssuerHouse> OpenAsync(
        ServerOptions options,
        StoreOpener openStores,
        TimeProvider time,
        CancellationToken ct,
        SharedWork? shared = null
    )
    {
        if (!IssuerUrl.TryParse(options.Issuer, out var url))
            throw new ArgumentException("The options were not validated.", nameof(options));
        var directory = options.DataDirectory is { } path ? DataDirectory.Open(path) : null;
        IStores? stores = null;
        try
        {
            var master = directory is null ? MasterKey.Ephemeral() : MasterKey.Open(Path.Combine(options.DataDirectory!, "keys"));
            stores = await openStores(options, time, ct);
            if (directory is not null)
                await MasterKeyFingerprint.CheckAsync(stores.Documents, master, ct);
            var configuration = await LiveConfiguration.LoadAsync(stores.Documents, url, ct);
            var ended = new EndedTokens();
            stores = new NodeStores(stores, ended, () => configuration.Current.Fence, () => configuration.Current.LongestToken);
            var keys = await OpenKeysAsync(stores.Documents, master, configuration, time, ct);
            var log = OpenLog(options, time, checkpoint => keys.Signer("ES256").Sign(LogCheckpoint.Type, checkpoint.Span));
            var decisions = new CountedDecisions(log);
            var issuer = new Issuer
            {
                Url = url,
                Configuration = configuration,
                Stores = stores,
                Master = master,
                Log = decisions,
                Time = time,
                Development = options.Development,
                MutualTls = options.MutualTls.Of(url),
                Fetcher = new GuardedFetcher(options.AllowLoopbackFetch, options.ExtraCaFile is { } ca ? TrustedRoots.With(ca) : null),
            };
            var work = shared ?? new SharedWork(options.ReadLimits());
            var endpoints = new OstiaryEndpoints(issuer, keys, ended, decisions, work.Passwords, work.Admission, configuration);
            await issuer.Uses.ReadAsync(stores.Documents, ct);
            await FollowAsync(endpoints, configuration, ct);
            var house = new IssuerHouse
            {
                _options = options,
                Stores = stores,
                Configuration = configuration,
                Keys = keys,
                Log = log,
                Endpoints = endpoints,
                KeysComplete = Task.Run(() => keys.CompleteAsync(configuration.Current.SigningAlgorithms, ct).AsTask(), ct),
                Administration = new AdminService(new AdminParts(issuer, configuration, keys, log.Reader)),
            };
            return house.Keep(directory, shared is null ? work : null);
        }
        catch
        {
            if (stores is not null)
                await stores.DisposeAsync();
            directory?.Dispose();
            throw;
        }
    }

    private static DecisionLog OpenLog(ServerOptions options, TimeProvider time, Func<ReadOnlyMemory<byte>, string> sign) =>
        options.DataDirectory is { } directory
            ? DecisionLog.Open(directory, options.Node ?? Environment.MachineName, time, sign)
            : DecisionLog.InMemory(time, sign);

    private static async ValueTask<KeyRing> OpenKeysAsync(
        IDocumentStore documents,
        MasterKey master,
        LiveConfiguration configuration,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var keys = await KeyRing.OpenAsync(
            documents,
            master,
            () => configuration.Current.Settings,
            time,
            ct,
            () => configuration.Current.Fence?.Since
        );
        keys.LongestToken = () => configuration.Current.LongestToken;
        configuration.KeysStayed = keys.PassOver;
        await configuration.ReloadAsync(ct); // The first keys were documents too.
        return keys;
    }

    /// <summary>From now on what other nodes change is taken over here, and what has ended until now is known.</summary>
    private static async ValueTask FollowAsync(OstiaryEndpoints endpoints, LiveConfiguration configuration, CancellationToken ct)
    {
        endpoints.Follower.Reload = async (revision, stop) =>
        {
            var known = await configuration.ReloadAsync(stop, revision);
            endpoints.Issuer.Stores.Changes.Retention = configuration.Current.LongestToken;
            await endpoints.Keys.ReloadAsync(stop, known);
        };
        await endpoints.Follower.FollowAsync(ct);
    }

    /// <summary>What is closed last comes first.</summary>
    private IssuerHouse Keep(params ReadOnlySpan<IDisposable?> resources)
    {
        foreach (var resource in resources)
            if (resource is not null)
                _open.Push(resource);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await KeysComplete.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Endpoints.Follower.Dispose();
        Log.Dispose();
        Keys.Dispose();
        Configuration.Dispose();
        await Stores.DisposeAsync();
        while (_open.TryPop(out var resource))
            resource.Dispose();
    }
}
