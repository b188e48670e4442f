using System.Runtime.InteropServices;
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

    // More than admission ever lets in: a request that has begun is not refused half-way.
    private const int LongestQueue = 64 * 1024;
    private const int LookEverySecond = 1000;

    // A disk that flushes one group for longer does not answer.
    private const int PatienceInLooks = 3;

    // A monitor, and no channel: the thread sleeps until it is woken, where waiting for a task spins first, and takes a whole group at once.
    private readonly object gate = new();
    private readonly int longestQueue;
    private List<QueuedWrite<TContext>> waiting = [];
    private readonly Timer watch;
    private long group;
    private long lookedAt;
    private int looks;
    private volatile bool isStuck;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<IReadOnlyList<QueuedWrite<TContext>>> commit;
    private bool closed;

    /// <param name="name">Of the thread.</param>
    /// <param name="commit">Runs and commits the group, then completes or fails each of its members.</param>
    /// <param name="longestQueue">How many writes may wait.</param>
    public GroupCommit(string name, Action<IReadOnlyList<QueuedWrite<TContext>>> commit, int longestQueue = LongestQueue)
    {
        this.commit = commit;
        this.longestQueue = longestQueue;
        watch = new Timer(static commit => ((GroupCommit<TContext>)commit!).Look(), this, LookEverySecond, LookEverySecond);
        new Thread(Work) { IsBackground = true, Name = name }.Start();
    }

    public async ValueTask<T> RunAsync<T>(Func<TContext, T> write, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (isStuck)
            throw Stuck();
        var queued = new Waiting<T>(write, ct);
        Enqueue(queued);
        // Once queued the write may be done, so its caller hears how it ended.
        return await queued.Task;
    }

    /// <summary>Commits what waits, then ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            closed = true;
            Monitor.Pulse(gate);
        }
        await ended.Task;
        await watch.DisposeAsync();
    }

    /// <summary>
    /// Once a second: where one group is on its way to the disk all the time, what waits behind it is told so, and what comes is refused at once. Nothing of
    /// that has begun, so nothing of it is done. The group itself hears how it ended, whenever that is; then all goes on.
    /// </summary>
    internal void Look()
    {
        var busy = Volatile.Read(ref group);
        looks = busy != 0 && busy == lookedAt ? looks + 1 : 0;
        lookedAt = busy;
        isStuck = looks >= PatienceInLooks;
        if (!isStuck)
            return;
        List<QueuedWrite<TContext>> refused;
        lock (gate)
            (refused, waiting) = (waiting, []);
        foreach (var queued in refused)
            queued.Fail(Stuck());
    }

    private static StoreException Stuck() => new(Reason.StorageUnavailable, "The disk does not answer.");

    private void Enqueue(QueuedWrite<TContext> queued)
    {
        lock (gate)
        {
            if (closed)
                throw new StoreException(Reason.StorageUnavailable, "The store is closed.");
            if (waiting.Count >= longestQueue)
                throw new StoreException(Reason.Overloaded, "Too many writes wait for the disk.");
            waiting.Add(queued);
            // Only the first can find the thread asleep.
            if (waiting.Count == 1)
                Monitor.Pulse(gate);
        }
    }

    /// <summary>Moves the next group; waits where there is none. False: closed, and nothing is left.</summary>
    private bool TakeGroup(List<QueuedWrite<TContext>> writes)
    {
        writes.Clear();
        lock (gate)
        {
            while (waiting.Count == 0 && !closed)
                Monitor.Wait(gate);
            var count = Math.Min(waiting.Count, LargestGroup);
            writes.AddRange(CollectionsMarshal.AsSpan(waiting)[..count]);
            waiting.RemoveRange(0, count);
            return count > 0;
        }
    }

    private void Work()
    {
        var writes = new List<QueuedWrite<TContext>>(64);
        for (var number = 1L; TakeGroup(writes); number++)
        {
            Volatile.Write(ref group, number);
            try
            {
                commit(writes);
            }
#pragma warning disable CA1031 // Whatever it is, the callers must hear of it and the thread must live on.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                foreach (var queued in writes)
                    queued.Fail(fault);
            }
            Volatile.Write(ref group, 0);
            isStuck = false;
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
