using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Stores.Memory;

/// <summary>The state in memory, every group of writes in a journal before it is acknowledged, the journal folded into a snapshot when it has grown.</summary>
internal sealed class KeptEngine : IMemoryEngine
{
    private readonly StorageFiles files;
    private readonly string directory;
    private readonly long smallestBound;
    private readonly MemoryState state;
    private readonly Lock gate = new();
    private readonly RowLog rows = new();
    private readonly GroupCommit<MemoryState> group;
    private Journal journal;
    private long bound;
    private StoreException? broken;

    private KeptEngine(StorageFiles files, string directory, long smallestBound, MemoryState state, Journal journal)
    {
        (this.files, this.directory, this.smallestBound) = (files, directory, smallestBound);
        (this.state, this.journal, bound) = (state, journal, smallestBound);
        rows.Follow(state);
        group = new("ostiary journal", Commit);
    }

    public NewsBell News => state.News;

    public static KeptEngine Open(StorageFiles files, string directory, long smallestBound)
    {
        try
        {
            Directory.CreateDirectory(directory);
            foreach (var unfinished in Directory.EnumerateFiles(directory, "*.tmp"))
                File.Delete(unfinished);
            var state = new MemoryState();
            var (number, length) = SnapshotFile.Read(directory, state);
            var journal = OpenJournal(files, directory, number, length > 0, state);
            return new(files, directory, Math.Max(smallestBound, 2 * length), state, journal);
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            throw StorageFault.Of(fault, directory);
        }
    }

    public T Read<T>(Func<MemoryState, T> read)
    {
        lock (gate)
            return read(state);
    }

    public ValueTask<T> WriteAsync<T>(Func<MemoryState, T> write, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return group.RunAsync(write, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await group.DisposeAsync();
        if (journal.HasLines && broken is null)
            Fold();
        journal.Dispose();
        rows.Dispose();
    }

    private static Journal OpenJournal(StorageFiles files, string directory, long number, bool afterSnapshot, MemoryState state)
    {
        var path = Path.Combine(directory, Journal.Name);
        var exists = File.Exists(path);
        if (!exists && afterSnapshot)
            throw new StoreException(Reason.StorageDamaged, $"{path} is missing although there is a snapshot; nothing was changed.");
        // An older journal is a leftover of a fold that was interrupted: the snapshot holds all of it.
        if (exists && Journal.Open(files, directory, number, state) is { } journal)
            return journal;
        var created = Journal.Create(files, directory, number);
        created.PutInPlace();
        return created;
    }

    private void Commit(IReadOnlyList<QueuedWrite<MemoryState>> writes)
    {
        try
        {
            if (broken is not null)
                throw broken;
            Keep(writes);
        }
        catch (StoreException fault)
        {
            state.Discard();
            foreach (var write in writes)
                write.Fail(fault);
            return;
        }
        catch (Exception) when (writes.Count > 1)
        {
            // One of them is at fault. Nothing of the group is kept, so each goes alone and only that one fails.
            state.Discard();
            foreach (var write in writes)
                Commit([write]);
            return;
        }
#pragma warning disable CA1031 // It goes to its caller.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            state.Discard();
            writes[0].Fail(fault);
            return;
        }
        foreach (var write in writes)
            write.Complete();
        if (journal.Length > bound)
            Fold();
    }

    private void Keep(IReadOnlyList<QueuedWrite<MemoryState>> writes)
    {
        rows.Begin();
        foreach (var write in writes)
            write.Run(state);
        var changes = rows.End();
        if (rows.IsEmpty)
            return;
        try
        {
            journal.Append(changes);
        }
        catch (JournalLost lost)
        {
            throw broken = new StoreException(Reason.StorageUnavailable, lost.Message, lost);
        }
        lock (gate)
            state.Keep();
    }

    /// <summary>Snapshot, then a new journal. Until the snapshot is in its place the old journal counts; from then on only the new one does.</summary>
    private void Fold()
    {
        Journal? next = null;
        try
        {
            var length = SnapshotFile.Write(files, directory, state, journal.Number + 1);
            next = Journal.Create(files, directory, journal.Number + 1);
            bound = Math.Max(smallestBound, 2 * length);
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            // All is still in the old journal, which goes on.
            next?.Dispose();
            RemoveUnfinished();
            bound = 2 * journal.Length;
            return;
        }
        try
        {
            SnapshotFile.PutInPlace(files, directory);
            next.PutInPlace();
            journal.Dispose();
            journal = next;
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            // Which journal counts after a restart is not known now, so neither may take more.
            next.Dispose();
            broken = new StoreException(Reason.StorageUnavailable, $"The snapshot in {directory} could not be put in its place.", fault);
        }
    }

    private void RemoveUnfinished()
    {
        try
        {
            File.Delete(Path.Combine(directory, SnapshotFile.Name + ".tmp"));
            File.Delete(Path.Combine(directory, Journal.Name + ".tmp"));
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            // The next start removes them.
        }
    }
}
