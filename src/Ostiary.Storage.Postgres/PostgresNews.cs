using Npgsql;
using Ostiary.Protocol;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>
/// One connection that listens for the news of other nodes, on a channel for each issuer. What is told while it is away is lost, so whoever waits is sent to look
/// when it comes back, and looks often while it is not there.
/// </summary>
internal sealed class PostgresNews(NpgsqlDataSource source, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan WhileDeaf = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly Dictionary<string, NewsBell> bells = new(StringComparer.Ordinal);
    private CancellationTokenSource? round;
    private Task? listening;
    private volatile IReadOnlySet<string> heard = new HashSet<string>();

    public bool Hears(string channel) => heard.Contains(channel);

    /// <summary>From soon on, what is told on the channel rings the bell.</summary>
    public void Join(string channel, NewsBell bell)
    {
        lock (gate)
        {
            bells[channel] = bell;
            listening ??= Task.Run(ListenAsync);
            round?.Cancel(); // It begins anew, with this channel too.
        }
    }

    /// <summary>Nobody waits for it any more; that it is still told is no harm.</summary>
    public void Leave(string channel)
    {
        lock (gate)
            bells.Remove(channel);
    }

    public ValueTask WaitAsync(string channel, NewsBell bell, TimeSpan patience, CancellationToken ct) =>
        bell.WaitAsync(Hears(channel) || patience < WhileDeaf ? patience : WhileDeaf, time, ct);

    public async ValueTask DisposeAsync()
    {
        if (stop.IsCancellationRequested)
            return;
        await stop.CancelAsync();
        if (listening is not null)
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        await source.DisposeAsync();
    }

    private async Task ListenAsync()
    {
        for (var failures = 0; !stop.IsCancellationRequested; failures++)
        {
            var (changed, channels) = Begin();
            try
            {
                await ListenAsync(channels, () => failures = 0, changed.Token);
            }
            catch (Exception fault) when (PostgresFault.IsOne(fault))
            {
                // The database is away, or the connection was cut.
            }
            catch (OperationCanceledException)
            {
                failures = -1; // There is one channel more, or it is the end.
            }
            lock (gate)
                round = null;
            changed.Dispose();
            heard = new HashSet<string>();
            RingAll();
            if (failures < 0)
                continue;
            var pause = Math.Min(LongestPause.TotalMilliseconds, 50 * Math.Pow(2, failures));
            await Task.Delay(TimeSpan.FromMilliseconds((pause / 2) + Entropy.Below((int)pause)), time, stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private (CancellationTokenSource Changed, IReadOnlySet<string> Channels) Begin()
    {
        lock (gate)
        {
            round = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            return (round, bells.Keys.ToHashSet(StringComparer.Ordinal));
        }
    }

    private async Task ListenAsync(IReadOnlySet<string> channels, Action begun, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        connection.Notification += (_, told) => Ring(told.Channel);
        await using (var listen = new NpgsqlCommand("UNLISTEN *; " + string.Join("; ", channels.Select(channel => "LISTEN " + channel)), connection))
            await listen.ExecuteNonQueryAsync(ct);
        heard = channels;
        begun();
        RingAll();
        while (true)
            await connection.WaitAsync(ct);
    }

    private void Ring(string channel)
    {
        NewsBell? bell;
        lock (gate)
            bells.TryGetValue(channel, out bell);
        bell?.Ring();
    }

    private void RingAll()
    {
        NewsBell[] all;
        lock (gate)
            all = [.. bells.Values];
        foreach (var bell in all)
            bell.Ring();
    }
}
