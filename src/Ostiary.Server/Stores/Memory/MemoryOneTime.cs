namespace Ostiary.Server.Stores.Memory;

internal sealed class MemoryOneTime(IMemoryEngine engine) : IOneTimeStore
{
    public ValueTask<bool> TryAddOnceAsync(string key, DateTimeOffset until, DateTimeOffset now, CancellationToken ct)
    {
        var (end, at) = (StoreTime.Cut(until), StoreTime.Cut(now));
        // What is over already is accepted from nobody.
        if (end <= at)
            return ValueTask.FromResult(false);
        return engine.WriteAsync(
            state =>
            {
                if (state.OneTime.Current(key) is { } entry && at < entry.Until)
                    return false;
                state.OneTime.Put(key, new(key, end));
                return true;
            },
            ct
        );
    }

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                var over = state.OneTime.CurrentWhere(entry => entry.Until <= before, limit);
                foreach (var entry in over)
                    state.OneTime.Remove(entry.Key);
                return over.Count;
            },
            ct
        );
}
