using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Stores;

public sealed class GroupCommitTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_disk_that_does_not_answer_refuses_what_has_not_begun_and_goes_on_by_itself()
    {
        using var disk = new Disk();
        await using var commits = disk.NewCommits();
        var begun = commits.RunAsync(_ => 1, Stop).AsTask();
        await disk.ReachedAsync();
        var waiting = commits.RunAsync(log => log.Add("waiting"), Stop).AsTask();

        for (var look = 0; look < 5; look++)
            commits.Look();

        Assert.Equal(Reason.StorageUnavailable, (await Assert.ThrowsAsync<StoreException>(() => waiting)).Reason);
        var late = await Assert.ThrowsAsync<StoreException>(async () => await commits.RunAsync(log => log.Add("late"), Stop));
        Assert.Equal(Reason.StorageUnavailable, late.Reason);
        Assert.False(begun.IsCompleted);

        disk.Answer();
        Assert.Equal(1, await begun);
        while (!await TryAsync(commits)) { }
        Assert.Equal(["after"], disk.Log.Written);
    }

    [Fact]
    public async Task The_queue_is_bounded()
    {
        using var disk = new Disk();
        await using var commits = disk.NewCommits(longestQueue: 2);
        var begun = commits.RunAsync(_ => 1, Stop).AsTask();
        await disk.ReachedAsync();
        var waiting = new[] { commits.RunAsync(_ => 2, Stop).AsTask(), commits.RunAsync(_ => 3, Stop).AsTask() };

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await commits.RunAsync(_ => 4, Stop));
        disk.Answer();

        Assert.Equal(Reason.Overloaded, refused.Reason);
        Assert.Equal(1, await begun);
        var ended = await Task.WhenAll(waiting);
        Assert.Equal([2, 3], ended);
    }

    [Fact]
    public async Task Who_goes_before_the_write_begins_leaves_nothing_and_who_goes_after_hears_how_it_ended()
    {
        using var disk = new Disk();
        using var gone = new CancellationTokenSource();
        await using var commits = disk.NewCommits();
        var begun = commits.RunAsync(log => log.Add("begun"), gone.Token).AsTask();
        await disk.ReachedAsync();
        var waiting = commits.RunAsync(log => log.Add("waiting"), gone.Token).AsTask();

        await gone.CancelAsync();
        Assert.False(begun.IsCompleted || waiting.IsCompleted);
        disk.Answer();

        Assert.True(await begun);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(["begun"], disk.Log.Written);
    }

    [Fact]
    public async Task A_closed_store_says_so()
    {
        using var disk = new Disk();
        disk.Answer();
        var commits = disk.NewCommits();
        await commits.DisposeAsync();

        Assert.Equal(Reason.StorageUnavailable, (await Assert.ThrowsAsync<StoreException>(async () => await commits.RunAsync(_ => 1, Stop))).Reason);
    }

    private static async Task<bool> TryAsync(GroupCommit<Log> commits)
    {
        try
        {
            return await commits.RunAsync(log => log.Add("after"), Stop);
        }
        catch (StoreException)
        {
            return false;
        }
    }

    public sealed class Log
    {
        public List<string> Written { get; } = [];

        public bool Add(string what)
        {
            Written.Add(what);
            return true;
        }
    }

    /// <summary>A disk that answers when it is told to.</summary>
    private sealed class Disk : IDisposable
    {
        private readonly ManualResetEventSlim _answers = new();
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Log Log { get; } = new();

        public Task ReachedAsync() => _reached.Task.WaitAsync(Stop);

        public void Answer() => _answers.Set();

        public GroupCommit<Log> NewCommits(int longestQueue = 100) => new("test", Commit, longestQueue);

        public void Dispose() => _answers.Dispose();

        private void Commit(IReadOnlyList<QueuedWrite<Log>> writes)
        {
            foreach (var write in writes)
                write.Run(Log);
            _reached.TrySetResult();
            _answers.Wait(CancellationToken.None);
            foreach (var write in writes)
                write.Complete();
        }
    }
}
