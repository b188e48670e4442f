namespace Ostiary.Server.Stores.Memory;

/// <summary>Rows by key, in two layers: what is kept (readers see it) and what the writes of the running group have changed (only writers see it).</summary>
internal sealed class Table<TKey, TRow>
    where TKey : notnull
    where TRow : class
{
    private readonly Dictionary<TKey, TRow> kept = [];
    private readonly Dictionary<TKey, TRow?> pending = [];

    /// <summary>Hears of every change a writer makes, before it is kept.</summary>
    public Action<TKey, TRow?>? Changed { get; set; }

    public int Count => kept.Count;

    /// <summary>For readers.</summary>
    public IEnumerable<TRow> Rows => kept.Values;

    /// <summary>For readers.</summary>
    public TRow? Find(TKey key) => kept.GetValueOrDefault(key);

    /// <summary>For writers: with the changes of the running group.</summary>
    public TRow? Current(TKey key) => pending.TryGetValue(key, out var row) ? row : kept.GetValueOrDefault(key);

    /// <summary>For writers: with the changes of the running group.</summary>
    public List<TRow> CurrentWhere(Func<TRow, bool> wanted, int limit = int.MaxValue)
    {
        var unchanged = kept.Where(entry => !pending.ContainsKey(entry.Key)).Select(entry => entry.Value);
        return [.. unchanged.Concat(pending.Values.OfType<TRow>()).Where(wanted).Take(limit)];
    }

    public void Put(TKey key, TRow row)
    {
        pending[key] = row;
        Changed?.Invoke(key, row);
    }

    public void Remove(TKey key)
    {
        pending[key] = null;
        Changed?.Invoke(key, null);
    }

    public void Keep()
    {
        foreach (var (key, row) in pending)
        {
            if (row is null)
                kept.Remove(key);
            else
                kept[key] = row;
        }
        pending.Clear();
    }

    public void Discard() => pending.Clear();
}
