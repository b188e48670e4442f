using System.Buffers.Binary;
using Npgsql;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>Which of the two pools an act takes its connection from.</summary>
internal enum Lane
{
    Acts,
    Reserve,
}

/// <summary>The connections, and the one place where a statement is tried again.</summary>
internal sealed class PostgresEngine(PostgresDatabase database, PostgresLines lines, PostgresDialect dialect, IssuerSchema schema) : IAsyncDisposable
{
    private const int MostTries = 4;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);

    // A caller waits for an answer: what the tries have not settled by then is told as it is.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly PostgresAddress address = database.Address;
    private readonly TimeProvider time = database.Time;
    private readonly string? wake = dialect.Wake(schema.Channel);
    private int closings;

    private bool IsClosed => Volatile.Read(ref closings) > 0;

    public PostgresDialect Dialect => dialect;

    /// <summary>Whether other nodes can be heard at the moment; else this one polls.</summary>
    public bool Hears => lines.News.Hears(schema.Channel);

    /// <summary>How long ends stay in the change feed.</summary>
    public TimeSpan Retention { get; set; } = StoreTime.EndIsKept;

    /// <summary>Rings when the feed or the documents may have changed, here or on another node.</summary>
    public NewsBell News { get; } = new();

    /// <summary>The mark of one act: by it a second try recognises what the first one did.</summary>
    public static long NewMark() => BinaryPrimitives.ReadInt64LittleEndian(Entropy.Bytes(sizeof(long)));

    /// <summary>A statement about the tables of this issuer.</summary>
    public Statement Say(string sql, bool hasNews = false) => new(schema.In(sql)) { HasNews = hasNews };

    /// <summary>Runs a statement that changes at most one row, and says whether it did. It must hold when it is sent twice.</summary>
    public ValueTask<bool> WinsAsync(Statement statement, CancellationToken ct, Lane lane = Lane.Acts) =>
        RunAsync(lane, async (connection, _) => await SendAsync(connection, statement) == 1, ct);

    public async ValueTask<int> SendAsync(NpgsqlConnection connection, Statement statement)
    {
        var rows = await statement.RunAsync(connection, wake);
        if (statement.HasNews)
            News.Ring();
        return rows;
    }

    /// <summary>After a commit that is news. Those who are not woken find it when they next ask, so a failure is nobody's.</summary>
    public async ValueTask WakeAsync(NpgsqlConnection connection)
    {
        News.Ring();
        if (wake is null)
            return;
        try
        {
            await new Statement(wake).RunAsync(connection, null);
        }
        catch (Exception fault) when (PostgresFault.IsOne(fault))
        {
            // What was committed stands.
        }
    }

    public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => lines.News.WaitAsync(schema.Channel, News, patience, ct);

    public ValueTask<List<T>> ListAsync<T>(Statement statement, Func<NpgsqlDataReader, T> read, CancellationToken ct) =>
        RunAsync(Lane.Reserve, (connection, _) => statement.ListAsync(connection, read), ct);

    public ValueTask<T?> OneAsync<T>(Statement statement, Func<NpgsqlDataReader, T> read, CancellationToken ct)
        where T : class => RunAsync(Lane.Reserve, (connection, _) => statement.OneAsync(connection, read), ct);

    /// <summary>
    /// Runs an act. Where its outcome is not known it is run again, and told so: it must then find out whether it was itself that won.
    /// Once it is sent its caller hears how it ended, so only the wait for a connection can be cancelled.
    /// </summary>
    public async ValueTask<T> RunAsync<T>(Lane lane, Func<NpgsqlConnection, bool, ValueTask<T>> act, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var begun = time.GetTimestamp();
        var again = false;
        for (var tries = 1; ; tries++)
        {
            var sent = false;
            try
            {
                await using var connection = await OpenAsync(lane, ct);
                sent = true;
                return await act(connection, again);
            }
            catch (Exception fault) when (PostgresFault.IsOne(fault))
            {
                var fate = PostgresFault.FateOf(fault);
                again |= sent && fate == Fate.Unknown;
                if (sent && !IsClosed && PostgresFault.LeadsNowhere(fault))
                    lines.Of(lane).Clear();
                // A connection that could not be had in all that time is not waited for once more.
                if (!sent && PostgresFault.IsExhausted(fault))
                    throw new StoreException(Reason.StorageUnavailable, $"{address.ForPeople} has more work than connections.", fault);
                if (IsClosed || fate == Fate.Refused || tries == MostTries || time.GetElapsedTime(begun) > Patience)
                    throw PostgresFault.Of(fault, address.ForPeople);
            }
            await Task.Delay(Pause(tries), time, ct);
        }
    }

    /// <summary>Runs what is not tried again: a copy of everything out or in, which its caller starts anew.</summary>
    public async ValueTask<T> OnceAsync<T>(Func<NpgsqlConnection, ValueTask<T>> act, CancellationToken ct)
    {
        try
        {
            await using var connection = await OpenAsync(Lane.Acts, ct);
            return await act(connection);
        }
        catch (Exception fault) when (PostgresFault.IsOne(fault))
        {
            throw PostgresFault.Of(fault, address.ForPeople);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Increment(ref closings) > 1)
            return;
        lines.News.Leave(schema.Channel);
        await database.LeaveAsync();
    }

    private ValueTask<NpgsqlConnection> OpenAsync(Lane lane, CancellationToken ct) =>
        IsClosed ? throw new StoreException(Reason.StorageUnavailable, "The store is closed.") : lines.Of(lane).OpenConnectionAsync(ct);

    /// <summary>Longer each time, and never the same for two: who collided must not collide again.</summary>
    private static TimeSpan Pause(int tries)
    {
        var longest = (int)FirstPause.TotalMilliseconds << (2 * (tries - 1));
        return TimeSpan.FromMilliseconds((longest / 2) + Entropy.Below(longest));
    }
}
