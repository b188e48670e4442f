using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests.Contract;

/// <summary>What every store is, whatever engine it runs on. A class for each interface; each engine inherits all of them.</summary>
public abstract class StoreContract(StoreEngine engine) : IAsyncLifetime
{
    protected static readonly DateTimeOffset Start = Samples.Start;
    protected static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(1);

    private readonly SettableTime time = new();

    protected IStores Stores { get; private set; } = null!;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected DateTimeOffset Now
    {
        get => time.Now;
        set => time.Now = value;
    }

    public async ValueTask InitializeAsync() => Stores = await engine.OpenAsync(time);

    public async ValueTask DisposeAsync()
    {
        await Stores.DisposeAsync();
        engine.Dispose();
    }

    protected async Task ReopenAsync()
    {
        await Stores.DisposeAsync();
        Stores = await engine.OpenAsync(time);
    }

    /// <summary>Goes on with what a killed process would leave.</summary>
    protected async Task CrashAsync()
    {
        var copy = await engine.OpenCopyAsync(time);
        await Stores.DisposeAsync();
        Stores = copy;
    }

    /// <summary>Lets all callers go at once and counts those who won.</summary>
    protected static async Task<int> RaceAsync(int callers, Func<int, ValueTask<bool>> act)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var runs = Enumerable
            .Range(0, callers)
            .Select(caller =>
                Task.Run(async () =>
                {
                    await gate.Task;
                    return await act(caller);
                })
            )
            .ToArray();
        gate.SetResult();
        return (await Task.WhenAll(runs)).Count(won => won);
    }
}

public sealed class SettableTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = Samples.Start;

    public override DateTimeOffset GetUtcNow() => Now;
}
