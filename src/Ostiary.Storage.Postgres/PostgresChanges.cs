using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

internal sealed class PostgresChanges(PostgresEngine engine) : IChangeFeed
{
    public TimeSpan Retention
    {
        get => engine.Retention;
        set => engine.Retention = value;
    }

    /// <summary>Where the outcome of a try is unknown the entry may come twice; who follows keeps a set.</summary>
    public async ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct)
    {
        const string Insert = """
            WITH last AS (UPDATE our.numbers SET value = value + 1 WHERE name = 'sequence' RETURNING value)
            INSERT INTO our.changes (sequence, kind, id, at, until) SELECT value, $1, $2, $3, $4 FROM last RETURNING sequence
            """;
        var insert = engine.Say(Insert).Bind((int)kind).Bind(id).Bind(now).Bind(until);
        return await engine.RunAsync(
            Lane.Reserve,
            async (connection, _) =>
            {
                var sequence = (await insert.ListAsync(connection, row => row.GetInt64(0)))[0];
                await engine.WakeAsync(connection);
                return sequence;
            },
            ct
        );
    }

    public async ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct)
    {
        const string Select = "SELECT sequence, kind, id, at, until FROM our.changes WHERE sequence > $1 ORDER BY sequence LIMIT $2";
        return await engine.ListAsync(
            engine.Say(Select).Bind(after).Bind(limit),
            row => new Change(row.GetInt64(0), (ChangeKind)row.GetInt32(1), row.GetString(2), row.Time(3), row.Time(4)),
            ct
        );
    }

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        PostgresSweep.PastAsync(engine, "changes", "sequence", before, limit, ct);
}
