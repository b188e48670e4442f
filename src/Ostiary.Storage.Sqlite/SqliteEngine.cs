using System.Collections.Concurrent;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

/// <summary>One writer that groups what waits into one transaction, and a few readers beside it.</summary>
internal sealed class SqliteEngine : IAsyncDisposable
{
    private const int MostReaders = 8;

    private readonly string file;
    private readonly Connection writer;
    private readonly GroupCommit<Connection> group;
    private readonly ConcurrentBag<Connection> readers = [];
    private readonly SemaphoreSlim freeReaders = new(MostReaders);
    private StoreException? broken;

    public SqliteEngine(string file, Connection writer)
    {
        this.file = file;
        this.writer = writer;
        group = new("ostiary sqlite writer", Commit);
    }

    /// <summary>How long ends stay in the change feed.</summary>
    public TimeSpan Retention { get; set; } = StoreTime.EndIsKept;

    /// <summary>Transactions committed since the start.</summary>
    public long Commits { get; private set; }

    /// <summary>Rings when a change of the feed or the documents is committed.</summary>
    public NewsBell News { get; } = new();

    public ValueTask<T> WriteAsync<T>(Func<Connection, T> write, CancellationToken ct) => group.RunAsync(write, ct);

    public async ValueTask<T> ReadAsync<T>(Func<Connection, T> read, CancellationToken ct)
    {
        await freeReaders.WaitAsync(ct);
        try
        {
            if (!readers.TryTake(out var reader))
                reader = OpenReader();
            try
            {
                return read(reader);
            }
            finally
            {
                readers.Add(reader);
            }
        }
        finally
        {
            freeReaders.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await group.DisposeAsync();
        while (readers.TryTake(out var reader))
            reader.Dispose();
        // The last connection folds the write-ahead log into the database.
        writer.Dispose();
        freeReaders.Dispose();
    }

    private Connection OpenReader()
    {
        var reader = Connection.Open(file);
        try
        {
            SqliteSchema.SetUp(reader);
            reader.Execute("PRAGMA query_only = ON");
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private void Commit(IReadOnlyList<QueuedWrite<Connection>> writes)
    {
        try
        {
            if (broken is not null)
                throw new StoreException(Reason.StorageUnavailable, broken.Message, broken);
            Transact(writes);
        }
        catch (StoreException fault)
        {
            // A flush is never tried again: the kernel may have dropped what it could not write.
            if (SqliteFault.IsFailedFlush(fault))
                broken ??= fault;
            foreach (var write in writes)
                write.Fail(fault);
            return;
        }
        catch (Exception) when (writes.Count > 1)
        {
            // One of them is at fault. The group is rolled back, so each goes alone and only that one fails.
            foreach (var write in writes)
                Commit([write]);
            return;
        }
#pragma warning disable CA1031 // It goes to its caller.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            writes[0].Fail(fault);
            return;
        }
        foreach (var write in writes)
            write.Complete();
    }

    private void Transact(IReadOnlyList<QueuedWrite<Connection>> writes)
    {
        writer.HasNews = false;
        writer.Execute("BEGIN IMMEDIATE");
        try
        {
            foreach (var write in writes)
                write.Run(writer);
            writer.Execute("COMMIT");
            Commits++;
            if (writer.HasNews)
                News.Ring();
        }
        catch
        {
            // SQLite has rolled back by itself after some faults.
            if (writer.InTransaction)
                writer.Execute("ROLLBACK");
            throw;
        }
    }
}
