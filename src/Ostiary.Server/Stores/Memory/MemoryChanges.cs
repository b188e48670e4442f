namespace Ostiary.Server.Stores.Memory;

internal sealed class MemoryChanges(IMemoryEngine engine) : IChangeFeed
{
    public TimeSpan Retention
    {
        get => engine.Read(state => state.Retention);
        set => engine.Read(state => state.Retention = value);
    }

    public ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(state => state.Append(kind, id, until, now), ct);

    public ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult(engine.Read(state => Read(state, after, limit)));
    }

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                var over = state.Changes.CurrentWhere(change => change.Until <= before, limit);
                foreach (var change in over)
                    state.Changes.Remove(change.Sequence);
                return over.Count;
            },
            ct
        );

    private static IReadOnlyList<Change> Read(MemoryState state, long after, int limit)
    {
        // The usual poll finds nothing new and costs one look-up.
        if (state.Counters.Find(MemoryState.Sequence) is not { } last || last.Value <= after)
            return [];
        return [.. state.Changes.Rows.Where(change => change.Sequence > after).OrderBy(change => change.Sequence).Take(limit)];
    }
}
