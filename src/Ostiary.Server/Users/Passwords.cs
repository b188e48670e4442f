using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Ostiary.Server.Users;

/// <summary>What a check of a password says. <see cref="Rehashed"/>: a stronger hash of the same password, to be kept.</summary>
public readonly record struct PasswordCheck(bool Right, string? Rehashed);

/// <summary>Takes up the stronger hash of a user who has just signed in.</summary>
public interface IPasswordUpdates
{
    /// <summary>Replaces <paramref name="oldHash"/> by <paramref name="newHash"/> where it is still the present one.</summary>
    ValueTask RehashedAsync(string subject, string oldHash, string newHash, CancellationToken ct);
}

/// <summary>
/// Checks passwords on a few threads of their own, of low priority, with a bounded queue: however many sign-ins arrive, token requests keep a processor.
/// An account that does not exist, or has no password, costs the same time as one that does.
/// </summary>
public sealed partial class Passwords : IDisposable
{
    private readonly BlockingCollection<Work> _queue;
    private readonly string _nobody = PasswordHash.Create("nobody has this password");

    /// <param name="waiting">How many may wait.</param>
    public Passwords(int waiting = 32)
        : this(Math.Max(1, Environment.ProcessorCount - 1), waiting) { }

    internal Passwords(int threads, int waiting)
    {
        _queue = new BlockingCollection<Work>(waiting);
        for (var i = 0; i < threads; i++)
            new Thread(Run) { IsBackground = true, Name = "passwords" }.Start();
    }

    /// <summary>How many wait now.</summary>
    public int Waiting => _queue.Count;

    /// <summary>Null: the queue is full. Compares with the hash of nobody where there is no hash.</summary>
    public Task<PasswordCheck>? TryCheck(string? phc, string password, CancellationToken ct)
    {
        var work = new Work(phc ?? _nobody, password, phc is not null, ct);
        return _queue.TryAdd(work) ? work.Result.Task : null;
    }

    public void Dispose() => _queue.CompleteAdding();

    private void Run()
    {
        LowerPriority();
        foreach (var work in _queue.GetConsumingEnumerable())
        {
            if (work.Cancelled.IsCancellationRequested)
            {
                work.Result.TrySetCanceled(work.Cancelled);
                continue;
            }
            try
            {
                work.Result.TrySetResult(Check(work));
            }
#pragma warning disable CA1031 // The waiting request gets the failure; the thread serves the next one.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                work.Result.TrySetException(failure);
            }
        }
    }

    private static PasswordCheck Check(Work work)
    {
        if (!PasswordHash.Verify(work.Phc, work.Password) || !work.Exists)
            return new(false, null);
        return new(true, PasswordHash.NeedsRehash(work.Phc) ? PasswordHash.Create(work.Password) : null);
    }

    // Linux counts a niceness per thread; the runtime's own thread priorities do nothing there.
    private static void LowerPriority()
    {
        if (OperatingSystem.IsLinux())
            _ = SetPriority(which: 0, who: 0, niceness: 10);
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, uint who, int niceness);

    private sealed record Work(string Phc, string Password, bool Exists, CancellationToken Cancelled)
    {
        public TaskCompletionSource<PasswordCheck> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
