namespace Ostiary.Server.Stores.Memory;

internal interface IMemoryEngine : IAsyncDisposable
{
    /// <summary>Reads what is kept: nothing of a write that is not yet acknowledged.</summary>
    T Read<T>(Func<MemoryState, T> read);

    NewsBell News { get; }

    /// <summary>Runs the write alone, and acknowledges it when it is kept.</summary>
    ValueTask<T> WriteAsync<T>(Func<MemoryState, T> write, CancellationToken ct);
}
