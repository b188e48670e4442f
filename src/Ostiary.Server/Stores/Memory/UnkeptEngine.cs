namespace Ostiary.Server.Stores.Memory;

/// <summary>One gate: writes one after the other, readers between them. Nothing outlives the process.</summary>
internal sealed class UnkeptEngine : IMemoryEngine
{
    private readonly MemoryState state = new();
    private readonly Lock gate = new();

    public NewsBell News => state.News;

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
            try
            {
                var result = write(state);
                state.Keep();
                return ValueTask.FromResult(result);
            }
            finally
            {
                state.Discard();
            }
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
