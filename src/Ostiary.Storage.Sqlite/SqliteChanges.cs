using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

internal sealed class SqliteChanges(SqliteEngine engine) : IChangeFeed
{
    public TimeSpan Retention
    {
        get => engine.Retention;
        set => engine.Retention = value;
    }

    public ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(connection => Append(connection, kind, id, until, now), ct);

    public ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct) =>
        engine.ReadAsync<IReadOnlyList<Change>>(
            connection =>
            {
                using var select = connection
                    .Prepare("SELECT sequence, kind, id, at, until FROM changes WHERE sequence > ?1 ORDER BY sequence LIMIT ?2")
                    .Bind(1, after)
                    .Bind(2, limit);
                var changes = new List<Change>();
                while (select.Next())
                    changes.Add(new(select.Int64(0), (ChangeKind)select.Int32(1), select.Text(2), select.Time(3), select.Time(4)));
                return changes;
            },
            ct
        );

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(connection => SqliteSweep.Delete(connection, "changes", "sequence", "until", before, limit), ct);

    /// <summary>Part of the transaction of whoever calls: an end and its entry are one act.</summary>
    public static long Append(Connection connection, ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now)
    {
        using var insert = connection
            .Prepare("INSERT INTO changes (kind, id, at, until) VALUES (?1, ?2, ?3, ?4)")
            .Bind(1, (long)kind)
            .Bind(2, id)
            .Bind(3, StoreTime.ToUnix(now))
            .Bind(4, StoreTime.ToUnix(until));
        insert.Run();
        connection.HasNews = true;
        return connection.LastRowId;
    }
}
