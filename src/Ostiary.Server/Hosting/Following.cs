using Microsoft.Extensions.Logging;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Hosting;

/// <summary>The loop in which a node follows the others.</summary>
internal sealed partial class Following : IAsyncDisposable
{
    /// <summary>A storage that is away is asked again after this.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _logger;
    private readonly Task _task;

    private Following(Follower follower, IStores stores, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        _task = Task.Run(() => RunAsync(follower, stores, time));
    }

    public static Following Start(IssuerHouse house, TimeProvider time, ILogger logger) => new(house.Endpoints.Follower, house.Stores, time, logger);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(Follower follower, IStores stores, TimeProvider time)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await stores.WaitForNewsAsync(Follower.Patience, _stop.Token);
                await follower.FollowAsync(_stop.Token);
            }
            catch (StoreException)
            {
                // Readiness and the gauge of the lag report it; no token is judged by what is too old.
                await Task.Delay(Pause, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning disable CA1031 // Whatever it is, a node that follows no more would refuse every token.
            catch (Exception fault) when (fault is not OperationCanceledException || !_stop.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogFault(_logger, fault);
                await Task.Delay(Pause, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(5097, LogLevel.Error, "Following the other nodes failed; it is tried again")]
    private static partial void LogFault(ILogger logger, Exception fault);
}
