using Npgsql;
using Ostiary.Protocol;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>
/// One connection that listens for the news of other nodes. What is told while it is away is lost, so whoever waits is sent to look when it comes back,
/// and looks often while it is not there.
/// </summary>
internal sealed class PostgresNews : IAsyncDisposable
{
    private static readonly TimeSpan WhileDeaf = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly PostgresEngine engine;
    private readonly NpgsqlDataSource source;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stop = new();
    private readonly Task listening;
    private volatile bool hears;

    public PostgresNews(PostgresEngine engine, NpgsqlDataSource source, TimeProvider time)
    {
        (this.engine, this.source, this.time) = (engine, source, time);
        listening = engine.Dialect.IsPostgres ? Task.Run(ListenAsync) : Task.CompletedTask;
    }

    public bool Hears => hears;

    public ValueTask WaitAsync(TimeSpan patience, CancellationToken ct) =>
        engine.News.WaitAsync(hears || patience < WhileDeaf ? patience : WhileDeaf, time, ct);

    public async ValueTask DisposeAsync()
    {
        if (stop.IsCancellationRequested)
            return;
        await stop.CancelAsync();
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        await source.DisposeAsync();
    }

    private async Task ListenAsync()
    {
        for (var failures = 0; !stop.IsCancellationRequested; failures++)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(stop.Token);
                connection.Notification += (_, _) => engine.News.Ring();
                await using (var listen = new NpgsqlCommand("LISTEN " + PostgresDialect.Channel, connection))
                    await listen.ExecuteNonQueryAsync(stop.Token);
                (hears, failures) = (true, 0);
                engine.News.Ring();
                while (true)
                    await connection.WaitAsync(stop.Token);
            }
            catch (Exception fault) when (PostgresFault.IsOne(fault))
            {
                // The database is away, or the connection was cut.
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            hears = false;
            engine.News.Ring();
            var pause = Math.Min(LongestPause.TotalMilliseconds, 50 * Math.Pow(2, failures));
            await Task.Delay(TimeSpan.FromMilliseconds((pause / 2) + Entropy.Below((int)pause)), time, stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
