using Microsoft.Extensions.Logging;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Hosting;

/// <summary>What a server does without being asked: keeps the keys and sweeps what is over. It never decides validity.</summary>
internal sealed partial class Upkeep : IAsyncDisposable
{
    private static readonly TimeSpan KeepEvery = TimeSpan.FromMinutes(1);

    /// <summary>How long what is over stays readable: longer than any replayed code or refresh token is told apart from an unknown one.</summary>
    private static readonly TimeSpan Remember = TimeSpan.FromDays(1);
    private const int SweepBatch = 1000;
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _logger;
    private readonly Task[] _tasks;

    private Upkeep(IssuerHouse house, TimeProvider time, ILogger logger)
    {
        _logger = logger;
        var stores = house.Stores;
        var sweeping = new SteadyClock(time);
        _tasks =
        [
            RepeatAsync(
                KeepEvery,
                time,
                [
                    house.Keys.MaintainAsync,
                    ct => WriteUsesAsync(house, time.GetUtcNow(), ct),
                    house.Endpoints.Registrations.ExpireAsync,
                    ct => SweepAsync(stores.Grants.SweepAsync, sweeping.Now() - Remember, ct),
                    ct => SweepAsync(stores.Sessions.SweepAsync, sweeping.Now() - Remember, ct),
                    ct => SweepAsync(stores.OneTime.SweepAsync, sweeping.Now(), ct),
                    ct => SweepAsync(stores.LogoutNotices.SweepAsync, sweeping.Now(), ct),
                    ct => SweepAsync(stores.Changes.SweepAsync, sweeping.Now(), ct),
                ]
            ),
        ];
    }

    public static Upkeep Start(IssuerHouse house, TimeProvider time, ILogger logger) => new(house, time, logger);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks);
        _stop.Dispose();
    }

    private async Task RepeatAsync(TimeSpan every, TimeProvider time, IReadOnlyList<Func<CancellationToken, ValueTask>> acts)
    {
        using var timer = new PeriodicTimer(every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                foreach (var act in acts)
                    await TryAsync(act);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>A storage that is away is asked again at the next tick; readiness says so meanwhile. One act that fails keeps no other from its turn.</summary>
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
#pragma warning disable CA1031 // Whatever it is, the server must not go on without its upkeep.
        catch (Exception fault) when (fault is not OperationCanceledException || !_stop.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogFault(_logger, fault);
        }
    }

    private static ValueTask WriteUsesAsync(IssuerHouse house, DateTimeOffset now, CancellationToken ct)
    {
        var issuer = house.Endpoints.Issuer;
        return issuer.Uses.WriteAsync(issuer.Stores.Documents, id => issuer.Configuration.Current.Client(id) is not null, now, ct);
    }

    private static async ValueTask SweepAsync(
        Func<DateTimeOffset, int, CancellationToken, ValueTask<int>> sweep,
        DateTimeOffset before,
        CancellationToken ct
    )
    {
        while (await sweep(before, SweepBatch, ct) == SweepBatch) { }
    }

    [LoggerMessage(5098, LogLevel.Error, "The upkeep failed; it is tried again")]
    private static partial void LogFault(ILogger logger, Exception fault);
}
