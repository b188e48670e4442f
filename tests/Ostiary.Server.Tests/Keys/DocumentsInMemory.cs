using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Keys;

/// <summary>The contract of <see cref="IDocumentStore"/> and of the change feed, and a way to act between a read and a write.</summary>
internal sealed class DocumentsInMemory : IDocumentStore, IChangeFeed
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string, string), Document> _documents = [];
    private long _revision;

    public Func<Task>? BeforeCommit { get; set; }
    public int Conflicts { get; private set; }
    public int Loads { get; private set; }
    public List<Change> Feed { get; } = [];

    public IReadOnlyList<Document> All
    {
        get
        {
            lock (_gate)
                return [.. _documents.Values];
        }
    }

    public async ValueTask<DocumentSet> LoadAsync(CancellationToken ct)
    {
        await Task.Yield();
        Loads++;
        lock (_gate)
            return new DocumentSet(_revision, [.. _documents.Values]);
    }

    public TimeSpan Retention { get; set; }

    public ValueTask<long> RevisionAsync(CancellationToken ct)
    {
        lock (_gate)
            return ValueTask.FromResult(_revision);
    }

    public async ValueTask<bool> TryCommitAsync(IReadOnlyList<DocumentChange> changes, long expectedRevision, CancellationToken ct)
    {
        var before = BeforeCommit;
        BeforeCommit = null;
        if (before is not null)
            await before();
        lock (_gate)
        {
            if (expectedRevision != _revision)
            {
                Conflicts++;
                return false;
            }
            foreach (var change in changes)
            {
                if (change.Json is null)
                    _documents.Remove((change.Kind, change.Id));
                else
                    _documents[(change.Kind, change.Id)] = new Document(change.Kind, change.Id, change.Json);
            }
            _revision++;
            return true;
        }
    }

    public ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct)
    {
        Feed.Add(new Change(Feed.Count + 1, kind, id, now, until));
        return ValueTask.FromResult((long)Feed.Count);
    }

    public ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct) =>
        ValueTask.FromResult<IReadOnlyList<Change>>(Feed);

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => ValueTask.FromResult(0);
}
