using Microsoft.Extensions.Logging.Abstractions;
using Ostiary.Server.Hosting;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;

namespace Ostiary.Server.Tests.Hosting;

public sealed class UpkeepTests
{
    [Fact]
    public async Task An_act_that_fails_is_tried_again_and_keeps_no_other_from_its_turn()
    {
        var time = new HurriedTime();
        var options = new ServerOptions
        {
            Issuer = "http://127.0.0.1:1",
            Listen = ["http://127.0.0.1:1"],
            Store = "memory",
        };
        BrokenSweep? broken = null;
        await using var house = await IssuerHouse.OpenAsync(
            options,
            async (_, clock, ct) => broken = new BrokenSweep(await MemoryStores.OpenAsync(null, clock, ct)),
            time,
            TestContext.Current.CancellationToken
        );

        await using (Upkeep.Start(house, time, NullLogger.Instance))
            await broken!.SweptThrice.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.True(broken.Failures >= 3);
    }

    /// <summary>Every period is over at once.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            period > TimeSpan.Zero ? base.CreateTimer(callback, state, Moment, Moment) : base.CreateTimer(callback, state, dueTime, period);
    }

    /// <summary>Stores whose sweep of one-time things has a bug; that of the change feed comes after it.</summary>
    private sealed class BrokenSweep(IStores inner) : IStores, IOneTimeStore, IChangeFeed
    {
        private readonly TaskCompletionSource _sweptThrice = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _failures;
        private int _sweeps;

        public Task SweptThrice => _sweptThrice.Task;
        public int Failures => Volatile.Read(ref _failures);
        public string Engine => inner.Engine;
        public IGrantStore Grants => inner.Grants;
        public ISessionStore Sessions => inner.Sessions;
        public IConsentStore Consents => inner.Consents;
        public IOneTimeStore OneTime => this;
        public ILogoutNoticeStore LogoutNotices => inner.LogoutNotices;
        public IChangeFeed Changes => this;
        public IDocumentStore Documents => inner.Documents;
        public IDirectory Directory => inner.Directory;
        public IStoreArchive Archive => inner.Archive;

        public ValueTask ProbeAsync(CancellationToken ct) => inner.ProbeAsync(ct);

        public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => inner.WaitForNewsAsync(patience, ct);

        public ValueTask<bool> TryAddOnceAsync(string key, DateTimeOffset until, DateTimeOffset now, CancellationToken ct) =>
            inner.OneTime.TryAddOnceAsync(key, until, now, ct);

        public TimeSpan Retention
        {
            get => inner.Changes.Retention;
            set => inner.Changes.Retention = value;
        }

        public ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct) =>
            inner.Changes.AppendAsync(kind, id, until, now, ct);

        public ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct) => inner.Changes.ReadAsync(after, limit, ct);

        ValueTask<int> IOneTimeStore.SweepAsync(DateTimeOffset before, int limit, CancellationToken ct)
        {
            Interlocked.Increment(ref _failures);
            throw new InvalidOperationException("A bug.");
        }

        ValueTask<int> IChangeFeed.SweepAsync(DateTimeOffset before, int limit, CancellationToken ct)
        {
            if (Interlocked.Increment(ref _sweeps) == 3)
                _sweptThrice.TrySetResult();
            return inner.Changes.SweepAsync(before, limit, ct);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
