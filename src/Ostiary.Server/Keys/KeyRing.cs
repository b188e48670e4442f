using System.Collections.Concurrent;
using System.Collections.Frozen;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Keys;

/// <summary>
/// The signing keys of an issuer. Reading is free: one immutable state, swapped whole. Every change is decided on freshly loaded documents and committed
/// only if their revision is still the same, so nodes that race converge.
/// </summary>
public sealed class KeyRing : IDisposable
{
    private const int MaxAttempts = 50;
    private static readonly string[] Always = ["ES256", "RS256"];

    private readonly IDocumentStore _documents;
    private readonly KeyMint _mint;
    private readonly Func<IssuerSettings> _settings;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ConcurrentDictionary<string, bool> _missed = new(StringComparer.Ordinal);
    private volatile RingState _state = RingState.Empty;
    private AnnouncedCache _announced = AnnouncedCache.OfFreshInstallation;
    private long _revision = -1;

    private KeyRing(IDocumentStore documents, MasterKey master, Func<IssuerSettings> settings, TimeProvider time)
    {
        _documents = documents;
        _mint = new KeyMint(master, Covering, time, () => Fence());
        _settings = settings;
        _time = time;
    }

    /// <summary>
    /// Loads the keys and makes that of ES256 where there is none; the caller sees to the others with <see cref="CompleteAsync"/>. Throws <see cref="StoreException"/> where a
    /// key cannot be read.
    /// </summary>
    public static async ValueTask<KeyRing> OpenAsync(
        IDocumentStore documents,
        MasterKey master,
        Func<IssuerSettings> settings,
        TimeProvider time,
        CancellationToken ct,
        Func<DateTimeOffset?>? fence = null
    )
    {
        var ring = new KeyRing(documents, master, settings, time) { Fence = fence ?? (static () => null) };
        await ring.EnsureAsync(["ES256"], ct);
        return ring;
    }

    /// <summary>Makes the keys that every server has and those that its configuration asks for. An RSA key takes a tenth of a second: beside other work, before the first request.</summary>
    public ValueTask CompleteAsync(IEnumerable<string> algorithms, CancellationToken ct = default) => EnsureAsync(Always.Concat(algorithms), ct);

    /// <summary>The algorithms that keys can be made for.</summary>
    public static IReadOnlyList<string> Algorithms => KeyMint.Algorithms;

    /// <summary>The longest token lifetime that APIs and clients override; a retiring key is kept at least that long.</summary>
    public Func<TimeSpan> LongestToken { get; set; } = static () => TimeSpan.Zero;

    /// <summary>Keys from before that time are taken as revoked: a restore may have brought one back that was.</summary>
    private Func<DateTimeOffset?> Fence { get; init; } = static () => null;

    /// <summary>Whether tokens that name this key can be judged.</summary>
    public bool Knows(string kid) => _state.Kids.Contains(kid);

    /// <summary>
    /// The active key of an algorithm that <see cref="EnsureAsync"/> was asked for. Where it was not, the key is made in the background and this request fails.
    /// </summary>
    public JwsSigner Signer(string alg)
    {
        if (_state.Signers.TryGetValue(alg, out var signer))
            return signer;
        if (KeyMint.Algorithms.Contains(alg) && _missed.TryAdd(alg, true))
            _ = Task.Run(() => MakeMissedAsync(alg));
        throw new StoreException(Reason.KeyUnreadable, $"There is no signing key for {alg}.");
    }

    /// <summary>Whether a token can be signed with this algorithm now.</summary>
    public bool CanSign(string alg) => _state.Signers.ContainsKey(alg);

    /// <summary>The public keys whose signatures are accepted: published, active and retiring ones.</summary>
    public JsonWebKeySet Verification => _state.Verification;

    /// <summary>Also those that are gone but were not revoked: for the checkpoints of the event log, never for tokens.</summary>
    public JsonWebKeySet History => _state.History;

    public JwksDocument Jwks => _state.Jwks with { MaxAge = _settings().JwksCacheLifetime };

    /// <summary>All known keys, those that are gone included; newest first.</summary>
    public IReadOnlyList<KeyInfo> List() => _state.List;

    /// <summary>Makes the first key of each algorithm that has none. Symmetric algorithms need none and are passed over.</summary>
    public async ValueTask EnsureAsync(IEnumerable<string> algorithms, CancellationToken ct = default)
    {
        var wanted = algorithms.Where(alg => !alg.StartsWith("HS", StringComparison.Ordinal)).Distinct().ToList();
        var unknown = wanted.Find(alg => !KeyMint.Algorithms.Contains(alg));
        if (unknown is not null)
            throw new ArgumentException($"No keys are made for {unknown}.", nameof(algorithms));
        await ChangeAsync(
            life =>
            {
                life.Ensure(wanted);
                return 0;
            },
            ct
        );
    }

    /// <summary>Returns the successor: still published if its time has not come, active otherwise or if forced.</summary>
    public async ValueTask<KeyInfo> RotateAsync(string alg, bool force, CancellationToken ct = default)
    {
        if (!KeyMint.Algorithms.Contains(alg))
            throw new ArgumentException($"No keys are made for {alg}.", nameof(alg));
        return (await ChangeAsync(life => life.Rotate(alg, force), ct)).ToInfo();
    }

    /// <summary>
    /// An active key retires as soon as its successor may sign (the answer shows it active until then), a published one is dropped. Null: no such key.
    /// </summary>
    public async ValueTask<KeyInfo?> RetireAsync(string kid, CancellationToken ct = default) =>
        (await ChangeAsync(life => life.Retire(kid), ct))?.ToInfo();

    /// <summary>The key is gone at once and its successor signs at once. Safe to repeat: the change feed then has it twice. Null: no such key.</summary>
    public async ValueTask<KeyInfo?> RevokeAsync(string kid, IChangeFeed changes, CancellationToken ct = default)
    {
        var gone = await ChangeAsync(life => life.Revoke(kid), ct);
        if (gone is null)
            return null;
        var now = _time.GetUtcNow();
        await changes.AppendAsync(ChangeKind.KeyRevoked, kid, now + KeyLifecycle.RetiringPeriod(_settings(), LongestToken()), now, ct);
        return gone.ToInfo();
    }

    /// <summary>Once a minute: reads what other nodes changed, publishes, promotes and drops keys whose time has come.</summary>
    public async ValueTask MaintainAsync(CancellationToken ct) =>
        await ChangeAsync(
            life =>
            {
                life.Ensure(Always);
                life.Maintain();
                return 0;
            },
            ct
        );

    /// <summary>Reads what other nodes changed, where these are not yet the keys of that revision.</summary>
    public async ValueTask ReloadAsync(CancellationToken ct, long? revision = null)
    {
        if (revision is null || revision != Interlocked.Read(ref _revision))
            await ChangeAsync(static _ => 0, ct);
    }

    /// <summary>Where the keys of the revision before it are known, those of this one are: nothing has changed for them.</summary>
    internal void PassOver(long revision) => Interlocked.CompareExchange(ref _revision, revision, revision - 1);

    public void Dispose() => _gate.Dispose();

    private async Task MakeMissedAsync(string alg)
    {
        try
        {
            await EnsureAsync([alg]);
        }
        catch (Exception fault) when (fault is StoreException or ObjectDisposedException)
        {
            // The next request that misses it tries again.
        }
        finally
        {
            _missed.TryRemove(alg, out _);
        }
    }

    private async ValueTask<T> ChangeAsync<T>(Func<KeyLifecycle, T> act, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            var spares = new Dictionary<string, KeyRecord>(StringComparer.Ordinal);
            for (var attempt = 0; attempt < MaxAttempts; attempt++)
            {
                var set = await _documents.LoadAsync(ct);
                var loaded = RingState.Load(set, _state, _mint, _settings().JwksCacheLifetime, Fence());
                var now = _time.GetUtcNow();
                var stored = AnnouncedCache.Of(set);
                _announced = stored.Announce(_settings().JwksCacheLifetime, now, KeyMint.SlowestNode);
                var life = new KeyLifecycle(loaded.Usable, Covering(), LongestToken(), now, alg => Spare(spares, alg));
                var result = act(life);
                var changes = ChangesOf(life);
                if (_announced != stored)
                    changes.Add(_announced.ToChange());
                if (changes.Count == 0)
                {
                    _state = loaded;
                    Interlocked.Exchange(ref _revision, set.Revision);
                    return result;
                }
                if (!await _documents.TryCommitAsync(changes, set.Revision, ct))
                    continue;
                _state = loaded.With(changes.Where(change => change.Kind == RingState.Kind), _mint, _settings().JwksCacheLifetime, Fence());
                Interlocked.Exchange(ref _revision, set.Revision + 1);
                return result;
            }
            throw new StoreException(Reason.StorageUnavailable, "The configuration changes faster than the keys can be written.");
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The settings, with a cache lifetime that also covers verifiers that were told of a longer one. Under the gate.</summary>
    private IssuerSettings Covering() => _settings() with { JwksCacheLifetime = _announced.Longest(_time.GetUtcNow()) };

    // A key that was made for an attempt that lost is used by the next one.
    private KeyRecord Spare(Dictionary<string, KeyRecord> spares, string alg)
    {
        if (!spares.TryGetValue(alg, out var spare))
            spares[alg] = spare = _mint.Make(alg);
        return spare;
    }

    private static List<DocumentChange> ChangesOf(KeyLifecycle life) =>
        [
            .. life.Changed.Select(key => new DocumentChange(RingState.Kind, key.Kid, KeyRecordJson.Write(key))),
            .. life.Forgotten.Select(kid => new DocumentChange(RingState.Kind, kid, null)),
        ];
}
