namespace Ostiary.Server.Stores;

/// <summary>
/// Wakes the reader that waits for the change feed or the documents. What rings while nobody waits is remembered for the next who does,
/// so that a change between a reading and the wait after it is not slept over.
/// </summary>
public sealed class NewsBell
{
    private readonly Lock gate = new();
    private TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Ring()
    {
        lock (gate)
            next.TrySetResult();
    }

    /// <summary>Completes when it rings, or when the patience is over.</summary>
    public async ValueTask WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        TaskCompletionSource mine;
        lock (gate)
            mine = next;
        // Thrown, the exception of each wait that times out would be the costly part of a quiet server.
        if (!mine.Task.IsCompleted)
            await mine.Task.WaitAsync(patience, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
        lock (gate)
        {
            if (mine.Task.IsCompleted && ReferenceEquals(mine, next))
                next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
