using System.Threading.Channels;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Stores;

/// <summary>A write that waits for its group.</summary>
public abstract class QueuedWrite<TContext>
{
    /// <summary>Does the write, unless its caller has gone. May be called again after a rollback.</summary>
    public abstract void Run(TContext context);

    /// <summary>Tells the caller its own result. Only after the commit.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception fault);
}

/// <summary>
/// One thread that commits: it takes every write that waits, commits them as one group, tells each caller its own result, and repeats.
/// While a group is on its way to the disk the next one gathers, so throughput does not hang on one flush for each write.
/// </summary>
public sealed class GroupCommit<TContext> : IAsyncDisposable
{
    // A group is bounded so that the first of it does not wait for all the work of a burst.
    private const int LargestGroup = 1024;
    private const int LongestQueue = 4096;

    private readonly Channel<QueuedWrite<TContext>> queue = Channel.CreateBounded<QueuedWrite<TContext>>(
        new BoundedChannelOptions(LongestQueue) { SingleReader = true }
    );
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<IReadOnlyList<QueuedWrite<TContext>>> commit;

    /// <param name="name">Of the thread.</param>
    /// <param name="commit">Runs and commits the group, then completes or fails each of its members.</param>
    public GroupCommit(string name, Action<IReadOnlyList<QueuedWrite<TContext>>> commit)
    {
        this.commit = commit;
        new Thread(Work) { IsBackground = true, Name = name }.Start();
    }

    public async ValueTask<T> RunAsync<T>(Func<TContext, T> write, CancellationToken ct)
    {
        var queued = new Waiting<T>(write, ct);
        try
        {
            if (!queue.Writer.TryWrite(queued))
                await queue.Writer.WriteAsync(queued, ct);
        }
        catch (ChannelClosedException closed)
        {
            throw new StoreException(Reason.StorageUnavailable, "The store is closed.", closed);
        }
        // Once queued the write may be done, so its caller hears how it ended.
        return await queued.Task;
    }

    /// <summary>Commits what waits, then ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await ended.Task;
    }

    private void Work()
    {
        var group = new List<QueuedWrite<TContext>>(64);
        while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            group.Clear();
            while (group.Count < LargestGroup && queue.Reader.TryRead(out var queued))
                group.Add(queued);
            try
            {
                commit(group);
            }
#pragma warning disable CA1031 // Whatever it is, the callers must hear of it and the thread must live on.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                foreach (var queued in group)
                    queued.Fail(fault);
            }
        }
        ended.SetResult();
    }

    private sealed class Waiting<T>(Func<TContext, T> write, CancellationToken ct) : QueuedWrite<TContext>
    {
        private readonly TaskCompletionSource<T> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T result = default!;
        private bool canceled;

        public Task<T> Task => told.Task;

        public override void Run(TContext context)
        {
            canceled = ct.IsCancellationRequested;
            if (!canceled)
                result = write(context);
        }

        public override void Complete()
        {
            if (canceled)
                told.TrySetCanceled(ct);
            else
                told.TrySetResult(result);
        }

        public override void Fail(Exception fault) => told.TrySetException(fault);
    }
}
