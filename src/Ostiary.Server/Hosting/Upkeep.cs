using Ostiary.Server.Stores;

namespace Ostiary.Server.Hosting;

/// <summary>What a server does without being asked: follows the change feed each second, keeps the keys, and sweeps what is over. It never decides validity.</summary>
internal sealed class Upkeep : IAsyncDisposable
{
    private static readonly TimeSpan FollowEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeepEvery = TimeSpan.FromMinutes(1);

    /// <summary>How long what is over stays readable: longer than any replayed code or refresh token is told apart from an unknown one.</summary>
    private static readonly TimeSpan Remember = TimeSpan.FromDays(1);
    private const int SweepBatch = 1000;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _tasks;

    private Upkeep(IssuerHouse house, TimeProvider time) =>
        _tasks = [
            RepeatAsync(FollowEvery, time, ct => house.Endpoints.Status.FollowAsync(time.GetUtcNow(), ct)),
            RepeatAsync(KeepEvery, time, ct => KeepAsync(house, time.GetUtcNow(), ct)),
        ];

    public static Upkeep Start(IssuerHouse house, TimeProvider time) => new(house, time);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks);
        _stop.Dispose();
    }

    private async Task RepeatAsync(TimeSpan every, TimeProvider time, Func<CancellationToken, ValueTask> act)
    {
        using var timer = new PeriodicTimer(every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                await TryAsync(act);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>A storage that is away is asked again at the next tick; readiness says so meanwhile.</summary>
    private async ValueTask TryAsync(Func<CancellationToken, ValueTask> act)
    {
        try
        {
            await act(_stop.Token);
        }
        catch (StoreException)
        {
            // Readiness reports it.
        }
    }

    private static async ValueTask KeepAsync(IssuerHouse house, DateTimeOffset now, CancellationToken ct)
    {
        await house.Keys.MaintainAsync(ct);
        var before = now - Remember;
        var stores = house.Stores;
        while (await stores.Grants.SweepAsync(before, SweepBatch, ct) == SweepBatch) { }
        while (await stores.Sessions.SweepAsync(before, SweepBatch, ct) == SweepBatch) { }
        while (await stores.OneTime.SweepAsync(now, SweepBatch, ct) == SweepBatch) { }
        while (await stores.Changes.SweepAsync(now, SweepBatch, ct) == SweepBatch) { }
    }
}
