namespace Ostiary.Server.Stores.Memory;

/// <summary>One gate: writes one after the other, readers between them.</summary>
internal sealed class MemoryEngine(MemoryState state)
{
    private readonly Lock gate = new();

    public T Read<T>(Func<MemoryState, T> read)
    {
        lock (gate)
            return read(state);
    }

    public ValueTask<T> WriteAsync<T>(Func<MemoryState, T> write, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        lock (gate)
        {
            var result = write(state);
            state.Keep();
            return ValueTask.FromResult(result);
        }
    }
}
