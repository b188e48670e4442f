namespace Ostiary.Server.Stores.Memory;

internal sealed class MemoryDocuments(IMemoryEngine engine) : IDocumentStore
{
    public ValueTask<DocumentSet> LoadAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult(
            engine.Read(state => new DocumentSet(
                state.Counters.Find(MemoryState.Revision)?.Value ?? 0,
                [
                    .. state
                        .Documents.Rows.OrderBy(document => document.Kind, StringComparer.Ordinal)
                        .ThenBy(document => document.Id, StringComparer.Ordinal),
                ]
            ))
        );
    }

    public ValueTask<long> RevisionAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult(engine.Read(state => state.Counters.Find(MemoryState.Revision)?.Value ?? 0));
    }

    public ValueTask<bool> TryCommitAsync(IReadOnlyList<DocumentChange> changes, long expectedRevision, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                if ((state.Counters.Current(MemoryState.Revision)?.Value ?? 0) != expectedRevision)
                    return false;
                state.Counters.Put(MemoryState.Revision, new(MemoryState.Revision, expectedRevision + 1));
                state.HasNews = true;
                foreach (var change in changes)
                {
                    if (change.Json is null)
                        state.Documents.Remove((change.Kind, change.Id));
                    else
                        state.Documents.Put((change.Kind, change.Id), new(change.Kind, change.Id, change.Json));
                }
                return true;
            },
            ct
        );
}
