using System.Text;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>Keys are bytes: a client chooses them, and PostgreSQL's text knows no NUL.</summary>
internal sealed class PostgresOneTime(PostgresEngine engine) : IOneTimeStore
{
    public ValueTask<bool> TryAddOnceAsync(string key, DateTimeOffset until, DateTimeOffset now, CancellationToken ct)
    {
        // What is over already is accepted from nobody.
        if (StoreTime.ToUnix(until) <= StoreTime.ToUnix(now))
            return ValueTask.FromResult(false);
        const string Insert = """
            INSERT INTO our.one_time (key, until, writer) VALUES ($1, $2, $4)
            ON CONFLICT (key) DO UPDATE SET until = excluded.until, writer = excluded.writer
            WHERE one_time.until <= $3 OR one_time.writer = excluded.writer
            """;
        return engine.WinsAsync(engine.Say(Insert).BindBytes(Encoding.UTF8.GetBytes(key)).Bind(until).Bind(now).Bind(PostgresEngine.NewMark()), ct);
    }

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        PostgresSweep.PastAsync(engine, "one_time", "key", before, limit, ct);
}
