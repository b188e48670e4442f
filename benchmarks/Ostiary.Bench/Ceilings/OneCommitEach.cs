using System.Threading.Channels;
using Ostiary.Storage.Sqlite;

namespace Ostiary.Bench.Ceilings;

/// <summary>
/// A store without group commit at its best: as durable as ours (write-ahead log, <c>synchronous=FULL</c>), one prepared update of one small row a commit, and a
/// writer thread of its own, so that no caller holds a thread while it waits for its turn.
/// </summary>
internal sealed class OneCommitEach
{
    private const int Rows = 64;
    private const string Update = "UPDATE grants SET generation = generation + 1, rotated = ?2, used = ?2 WHERE id = ?1";
    private readonly Channel<TaskCompletionSource> _waiting = Channel.CreateUnbounded<TaskCompletionSource>(new() { SingleReader = true });
    private readonly Connection _connection;

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
        new Thread(Work) { IsBackground = true, Name = "writer" }.Start();
    }

    public Task UpdateAsync()
    {
        var caller = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Writer.TryWrite(caller);
        return caller.Task;
    }

    private void Work()
    {
        for (var commits = 0L; _waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult(); )
        {
            while (_waiting.Reader.TryRead(out var caller))
            {
                using var update = _connection.Prepare(Update).Bind(1, commits % Rows).Bind(2, commits);
                if (update.Run() == 1)
                    caller.SetResult();
                else
                    caller.SetException(new InvalidOperationException("A row is missing."));
                commits++;
            }
        }
    }
}
