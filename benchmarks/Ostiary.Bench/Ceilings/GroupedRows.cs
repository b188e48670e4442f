using Ostiary.Server.Stores;
using Ostiary.Storage.Sqlite;

namespace Ostiary.Bench.Ceilings;

/// <summary>One small row for each request, as durable as ours (write-ahead log, <c>synchronous=FULL</c>): whatever waits is committed together.</summary>
internal sealed class GroupedRows : IAsyncDisposable
{
    private static readonly string Content = new('c', 150);
    private readonly GroupCommit<Connection> _group;
    private readonly Connection _connection;

    public GroupedRows(string file)
    {
        _connection = Connection.Open(file);
        SqliteSchema.SetUp(_connection);
        _connection.Execute("CREATE TABLE waiting (id INTEGER PRIMARY KEY, until INTEGER NOT NULL, content TEXT NOT NULL)");
        _group = new("writer", Commit);
    }

    public ValueTask<int> AddAsync() =>
        _group.RunAsync(
            static connection =>
            {
                using var insert = connection.Prepare("INSERT INTO waiting (until, content) VALUES (?1, ?2)").Bind(1, 0).Bind(2, Content);
                return insert.Run();
            },
            CancellationToken.None
        );

    public async ValueTask DisposeAsync()
    {
        await _group.DisposeAsync();
        _connection.Dispose();
    }

    private void Commit(IReadOnlyList<QueuedWrite<Connection>> writes)
    {
        _connection.Execute("BEGIN IMMEDIATE");
        foreach (var write in writes)
            write.Run(_connection);
        _connection.Execute("COMMIT");
        foreach (var write in writes)
            write.Complete();
    }
}
