using Npgsql;

namespace Ostiary.Storage.Postgres;

/// <summary>One database, and the connections to it that all issuers of a process share. They are there while one of its stores is open.</summary>
/// <param name="address">Where it is.</param>
/// <param name="time">The clock of everything.</param>
/// <param name="issuers">How many stores may be open in it: each has statements of its own, which a connection keeps prepared.</param>
public sealed class PostgresDatabase(PostgresAddress address, TimeProvider time, int issuers = 1)
{
    // The server does one thing at a time for a connection; more than a few for each of its cores only wait there instead of here.
    private const int MostActs = 20;
    private const int MostReserved = 8;

    private readonly Lock gate = new();
    private PostgresLines? lines;
    private int users;

    internal PostgresAddress Address => address;

    internal TimeProvider Time => time;

    /// <summary>To be given back with <see cref="LeaveAsync"/>.</summary>
    internal PostgresLines Take()
    {
        lock (gate)
        {
            lines ??= Build();
            users++;
            return lines;
        }
    }

    internal async ValueTask LeaveAsync()
    {
        PostgresLines? last = null;
        lock (gate)
            if (--users == 0)
                (last, lines) = (lines, null);
        if (last is not null)
            await last.DisposeAsync();
    }

    private PostgresLines Build()
    {
        var listener = address.Connection(1, "ostiary news");
        (listener.KeepAlive, listener.ConnectionLifetime) = (5, 0);
        return new(
            PostgresPool.Build(address.Connection(MostActs, "ostiary", issuers)),
            PostgresPool.Build(address.Connection(MostReserved, "ostiary reserve", issuers)),
            new(PostgresPool.Build(listener), time)
        );
    }
}

/// <summary>Two pools, so that what ends and what reads finds a connection while everything else waits for one; and the one that listens.</summary>
internal sealed class PostgresLines(NpgsqlDataSource acts, NpgsqlDataSource reserve, PostgresNews news) : IAsyncDisposable
{
    public PostgresNews News => news;

    public NpgsqlDataSource Of(Lane lane) => lane == Lane.Acts ? acts : reserve;

    public async ValueTask DisposeAsync()
    {
        await news.DisposeAsync();
        await acts.DisposeAsync();
        await reserve.DisposeAsync();
    }
}
