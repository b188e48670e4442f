using Ostiary.Storage.Sqlite;

namespace Ostiary.Bench.Ceilings;

/// <summary>
/// A store without group commit at its best: as durable as ours (write-ahead log, <c>synchronous=FULL</c>), one prepared update of one small row a commit, all
/// callers through one writer's lock. They wait for the lock without holding a thread.
/// </summary>
internal sealed class OneCommitEach : IDisposable
{
    private const int Rows = 64;
    private const string Update = "UPDATE grants SET generation = generation + 1, rotated = ?2, used = ?2 WHERE id = ?1";
    private readonly Connection _connection;
    private readonly SemaphoreSlim _writer = new(1);
    private long _commits;

    public OneCommitEach(string file)
    {
        _connection = Connection.Open(file);
        SqliteSchema.SetUp(_connection);
        _connection.Execute(
            "CREATE TABLE grants (id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, rotated INTEGER, used INTEGER, request TEXT NOT NULL, approval TEXT NOT NULL)"
        );
        var content = new string('c', 150);
        for (var i = 0; i < Rows; i++)
            _connection.Execute($"INSERT INTO grants VALUES ({i}, 1, 0, 0, '{content}', '{content}')");
    }

    public async Task UpdateAsync(CancellationToken ct)
    {
        await _writer.WaitAsync(ct);
        try
        {
            using var update = _connection.Prepare(Update).Bind(1, _commits % Rows).Bind(2, _commits);
            if (update.Run() != 1)
                throw new InvalidOperationException("A row is missing.");
            _commits++;
        }
        finally
        {
            _writer.Release();
        }
    }

    public void Dispose()
    {
        _writer.Dispose();
        _connection.Dispose();
    }
}
