using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>
/// Removes what is over, from the head of the order in which rows fall due. Each node skips the rows that another one holds, so several share the work and
/// none waits for another. The names come from the schema, never from outside.
/// </summary>
internal static class PostgresSweep
{
    /// <summary>Of a table whose rows are over at one time that never changes.</summary>
    public static ValueTask<int> PastAsync(PostgresEngine engine, string table, string key, DateTimeOffset before, int limit, CancellationToken ct)
    {
        var delete = engine
            .Say(
                $"""
                DELETE FROM our.{table} WHERE until <= $1
                AND {key} = ANY (ARRAY(SELECT {key} FROM our.{table} WHERE until <= $1 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED))
                """
            )
            .Bind(before)
            .Bind(limit);
        return SendAsync(engine, delete, ct);
    }

    /// <summary>
    /// Of a table whose rows may live longer than they said at first. <c>due</c> is when a row is to be looked at: rows that were prolonged since are put
    /// back in the order once, here, so that the statement that prolongs them touches no index.
    /// </summary>
    public static async ValueTask<int> OverAsync(PostgresEngine engine, string table, DateTimeOffset before, int limit, CancellationToken ct)
    {
        // An array is found once; a subquery the planner may find again for each row, and with it more than the limit.
        var head = $"ANY (ARRAY(SELECT id FROM our.{table} WHERE due <= $1 ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED))";
        var removed = 0;
        for (var prolonged = limit; removed < limit && prolonged > 0; )
        {
            prolonged = await SendAsync(
                engine,
                engine
                    .Say($"UPDATE our.{table} SET due = expires WHERE id = {head} AND due <= $1 AND expires > $1 AND (ended IS NULL OR ended > $1)")
                    .Bind(before)
                    .Bind(limit),
                ct
            );
            removed += await SendAsync(
                engine,
                engine.Say($"DELETE FROM our.{table} WHERE id = {head} AND (expires <= $1 OR ended <= $1)").Bind(before).Bind(limit - removed),
                ct
            );
        }
        return removed;
    }

    private static ValueTask<int> SendAsync(PostgresEngine engine, Statement statement, CancellationToken ct) =>
        engine.RunAsync(Lane.Acts, (connection, _) => engine.SendAsync(connection, statement), ct);
}
