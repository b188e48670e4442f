using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Configuration;

/// <summary>
/// The configuration of a running issuer. A change is a function from the whole configuration to the whole configuration: it is checked whole, committed whole
/// under the revision it was made for, and only then seen, whole.
/// </summary>
public sealed class LiveConfiguration : IConfiguration, IDisposable
{
    /// <summary>How often a change is made again because another writer came first.</summary>
    private const int MaxTries = 8;

    private readonly IDocumentStore _documents;
    private readonly IssuerUrl _issuer;
    private readonly SemaphoreSlim _gate = new(1);
    private volatile State _state;

    private LiveConfiguration(IDocumentStore documents, IssuerUrl issuer, KnownDocuments known, State state) =>
        (_documents, _issuer, Documents, _state) = (documents, issuer, known, state);

    public Snapshot Current => _state.Snapshot;

    internal KnownDocuments Documents { get; }

    /// <summary>Hears of each revision that this node commits and that changes nothing that the keys depend on.</summary>
    internal Action<long> KeysStayed { get; set; } = static _ => { };

    internal ConfigurationSet CurrentSet => _state.Set;

    /// <summary>Whether the issuer itself is on loopback: then http redirect addresses on loopback are accepted of every client, for development.</summary>
    internal bool OnLoopback => new Uri(_issuer.Origin).IsLoopback;

    internal IssuerUrl Issuer => _issuer;

    /// <summary>Throws <see cref="StoreException"/> where the stored configuration cannot be read.</summary>
    public static async Task<LiveConfiguration> LoadAsync(IDocumentStore documents, IssuerUrl issuer, CancellationToken ct)
    {
        var stored = await documents.LoadAsync(ct);
        var known = new KnownDocuments();
        return new(documents, issuer, known, State.Of(stored, issuer, known));
    }

    /// <summary>Takes over what another process has committed meanwhile, where this is not yet the configuration of that revision.</summary>
    /// <returns>The revision of the store that it knows then.</returns>
    public async Task<long> ReloadAsync(CancellationToken ct, long? revision = null)
    {
        await _gate.WaitAsync(ct);
        try
        {
            if (revision is null || revision != _state.StoreRevision)
                await ReadAgainAsync(ct);
            return _state.StoreRevision;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Makes a change. Where the caller names the revision that it has seen, anything newer is <see cref="Reason.RevisionConflict"/>; otherwise the change is made again
    /// on what the other writer left. The function may run several times. An early change may name objects that do not exist yet.
    /// </summary>
    internal async ValueTask<ChangeOutcome> TryChangeAsync(
        Func<ConfigurationSet, ConfigurationDraft> change,
        long? expectedRevision,
        CancellationToken ct,
        bool early = false
    )
    {
        await _gate.WaitAsync(ct);
        try
        {
            for (var tries = 0; tries < MaxTries; tries++)
            {
                var state = _state;
                if (expectedRevision is { } expected && expected != state.Snapshot.Revision)
                    break;
                var draft = change(state.Set);
                var faults = draft.Faults.ToList();
                if (faults.Count == 0)
                    ReferenceRules.CheckChange(state.Set, draft.Set!, early, faults);
                if (faults.Count > 0)
                    return new(null, state.Set, state.Set, faults, []);
                var changes = draft.Set!.ChangesSince(state.Set);
                if (changes.Count == 0)
                    return new(state.Snapshot, state.Set, state.Set, [], changes);
                if (await _documents.TryCommitAsync(changes, state.StoreRevision, ct))
                {
                    var revision = state.StoreRevision + 1;
                    _state = new(draft.Set.Settled(), draft.Set.ToSnapshot(revision, state.Set, state.Snapshot, _issuer), revision);
                    if (draft.Set.OnlyClientsSince(state.Set) is not null)
                        KeysStayed(revision);
                    return new(_state.Snapshot, state.Set, draft.Set, [], changes);
                }
                await ReadAgainAsync(ct);
            }
            return ChangeOutcome.Conflict(_state.Set);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>Signing keys are documents too, under the same revision: where only they have changed, the snapshot and its revision stay.</summary>
    private async Task ReadAgainAsync(CancellationToken ct)
    {
        var state = _state;
        if (await _documents.RevisionAsync(ct) == state.StoreRevision)
            return; // It was asked for by what this node has committed since.
        var stored = await _documents.LoadAsync(ct);
        var read = State.Of(stored, _issuer, Documents);
        _state = read.Set.ChangesSince(state.Set).Count == 0 ? state with { StoreRevision = stored.Revision } : read;
    }

    private sealed record State(ConfigurationSet Set, Snapshot Snapshot, long StoreRevision)
    {
        public static State Of(DocumentSet stored, IssuerUrl issuer, KnownDocuments known)
        {
            var set = StoredDocuments.Read(stored);
            return new(set.Settled(), set.ToSnapshot(stored.Revision, issuer, known), stored.Revision);
        }
    }
}

/// <summary>What a change wants: the new configuration, or why there is none.</summary>
internal readonly record struct ConfigurationDraft(ConfigurationSet? Set, IReadOnlyList<ConfigurationFault> Faults)
{
    public static implicit operator ConfigurationDraft(ConfigurationSet set) => new(set, []);

    public static implicit operator ConfigurationDraft(List<ConfigurationFault> faults) => new(null, faults);

    public static implicit operator ConfigurationDraft(ConfigurationFault fault) => new(null, [fault]);
}

/// <summary>What became of a change: the snapshot that holds it, what was before and after it, what it put and deleted; or the faults.</summary>
internal sealed record ChangeOutcome(
    Snapshot? Snapshot,
    ConfigurationSet Before,
    ConfigurationSet After,
    IReadOnlyList<ConfigurationFault> Faults,
    IReadOnlyList<DocumentChange> Changes
)
{
    public static ChangeOutcome Conflict(ConfigurationSet present) =>
        new(
            null,
            present,
            present,
            [new("", Reason.RevisionConflict, "The configuration has changed meanwhile.", "Read it again and repeat the change.")],
            []
        );
}
