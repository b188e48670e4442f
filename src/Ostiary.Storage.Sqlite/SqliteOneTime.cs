using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

internal sealed class SqliteOneTime(SqliteEngine engine) : IOneTimeStore
{
    public ValueTask<bool> TryAddOnceAsync(string key, DateTimeOffset until, DateTimeOffset now, CancellationToken ct)
    {
        var (end, at) = (StoreTime.ToUnix(until), StoreTime.ToUnix(now));
        // What is over already is accepted from nobody.
        if (end <= at)
            return ValueTask.FromResult(false);
        return engine.WriteAsync(
            connection =>
            {
                using var insert = connection
                    .Prepare(
                        """
                        INSERT INTO one_time (key, until) VALUES (?1, ?2)
                        ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE one_time.until <= ?3
                        """
                    )
                    .Bind(1, key)
                    .Bind(2, end)
                    .Bind(3, at);
                return insert.Run() == 1;
            },
            ct
        );
    }

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(connection => SqliteSweep.Delete(connection, "one_time", "key", "until", before, limit), ct);
}
