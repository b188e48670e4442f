using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Stores;

/// <summary>A backup into an empty store, behind a <see cref="Fence"/>.</summary>
public static class Restore
{
    /// <summary>Throws <see cref="StoreException"/>; then nothing was changed. Returns what the backup says of itself.</summary>
    /// <param name="path">A backup.</param>
    /// <param name="master">The master key of the data directory: the one that the backup was made under.</param>
    /// <param name="stores">The empty store.</param>
    /// <param name="since">The time of the restore, in whole seconds like the times in tokens, and not before any of theirs.</param>
    public static async ValueTask<BackupHead> RunAsync(string path, MasterKey master, IStores stores, DateTimeOffset since, CancellationToken ct)
    {
        var head = BackupFile.Check(path);
        if (head.MasterKey != master.Fingerprint)
            throw new StoreException(
                Reason.KeyUnreadable,
                $"The backup {path} was made under another master key; give the file keys/master.key of the server that made it."
            );
        if (!await stores.Archive.TryFillAsync(Fenced(path, new(since, head.MadeAt)), ct))
            throw new StoreException(Reason.DataDirectoryUnusable, "The store holds data already; a backup is restored into an empty one.");
        return head;
    }

    private static IEnumerable<StoredRow> Fenced(string path, Fence fence)
    {
        foreach (var row in BackupFile.Rows(path))
        {
            if (row is StoredDocument { Document: { Kind: StoredDocuments.SettingKind, Id: StoredDocuments.FenceId } })
                continue;
            yield return row is StoredNumber { Name: StoredNumber.Revision } number ? number with { Value = number.Value + 1 } : row;
        }
        yield return new StoredDocument(new(StoredDocuments.SettingKind, StoredDocuments.FenceId, StoredDocuments.Write(fence)));
    }
}
