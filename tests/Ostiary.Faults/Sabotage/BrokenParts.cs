using System.Collections.Concurrent;
using Ostiary.Server.Stores;

namespace Ostiary.Faults.Sabotage;

/// <summary>One-time ids in memory.</summary>
internal sealed class ForgetfulOnce : IOneTimeStore
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);

    public ValueTask<bool> TryAddOnceAsync(string key, DateTimeOffset until, DateTimeOffset now, CancellationToken ct) =>
        ValueTask.FromResult(_seen.TryAdd(key, until));

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => ValueTask.FromResult(0);
}

/// <summary>Takes entries and keeps none.</summary>
internal sealed class SilentFeed(IChangeFeed inner) : IChangeFeed
{
    public TimeSpan Retention
    {
        get => inner.Retention;
        set => inner.Retention = value;
    }

    public ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct) =>
        ValueTask.FromResult(1L);

    public ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct) => inner.ReadAsync(after, limit, ct);

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => inner.SweepAsync(before, limit, ct);
}

/// <summary>Every published key may sign at once.</summary>
internal sealed class HastyKeys(IDocumentStore inner) : IDocumentStore
{
    public ValueTask<DocumentSet> LoadAsync(CancellationToken ct) => inner.LoadAsync(ct);

    public ValueTask<long> RevisionAsync(CancellationToken ct) => inner.RevisionAsync(ct);

    public ValueTask<bool> TryCommitAsync(IReadOnlyList<DocumentChange> changes, long expectedRevision, CancellationToken ct) =>
        inner.TryCommitAsync([.. changes.Select(Hasten)], expectedRevision, ct);

    private static DocumentChange Hasten(DocumentChange change) =>
        change is { Kind: "key", Json: { } json } && json.Contains("\"state\":\"published\"", StringComparison.Ordinal)
            ? change with
            {
                Json = System.Text.RegularExpressions.Regex.Replace(
                    json.Replace("\"state\":\"published\"", "\"state\":\"active\"", StringComparison.Ordinal),
                    "\"ready_at\":(\"[^\"]*\")",
                    "\"ready_at\":$1,\"active_at\":$1"
                ),
            }
            : change;
}

/// <summary>Writes the first documents, those of the start, and keeps what comes later in memory.</summary>
internal sealed class ForgetfulDocuments(IDocumentStore inner) : IDocumentStore
{
    private readonly Lock _gate = new();
    private DocumentSet? _set;

    public async ValueTask<long> RevisionAsync(CancellationToken ct) => (await LoadAsync(ct)).Revision;

    public async ValueTask<DocumentSet> LoadAsync(CancellationToken ct)
    {
        var loaded = _set ?? await inner.LoadAsync(ct);
        lock (_gate)
            return _set ??= loaded;
    }

    public async ValueTask<bool> TryCommitAsync(IReadOnlyList<DocumentChange> changes, long expectedRevision, CancellationToken ct)
    {
        var isOfTheLoad = changes.Any(change => change.Kind == "user" && change.Json?.Contains("made-", StringComparison.Ordinal) == true);
        if (!isOfTheLoad && !await inner.TryCommitAsync(changes, (await inner.LoadAsync(ct)).Revision, ct))
            return false;
        lock (_gate)
        {
            if (_set is null || _set.Revision != expectedRevision)
                return false;
            var kept = _set.Documents.Where(document => !changes.Any(c => c.Kind == document.Kind && c.Id == document.Id));
            _set = new(expectedRevision + 1, [.. kept, .. changes.Where(c => c.Json is not null).Select(c => new Document(c.Kind, c.Id, c.Json!))]);
            return true;
        }
    }
}

/// <summary>Says for ever what time it was at the start. Timers go on.</summary>
internal sealed class StoppedClock(TimeProvider inner) : TimeProvider
{
    private readonly DateTimeOffset _start = inner.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => _start;
}
