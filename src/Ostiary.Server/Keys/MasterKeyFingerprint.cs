using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Keys;

/// <summary>
/// Several nodes share a storage, and each has its own copy of the key file. With another key a node could read no signing key and would take every good code
/// and refresh token for a forgery; so the first one leaves a mark of its key in the storage, and one whose mark differs does not start.
/// </summary>
internal static class MasterKeyFingerprint
{
    private const string Kind = "master-key";
    private const string Id = "fingerprint";
    private const int MaxAttempts = 50;

    public static async ValueTask CheckAsync(IDocumentStore documents, MasterKey master, CancellationToken ct)
    {
        // Derived for this alone, it tells nothing of the key, and no other use of the key gives it.
        var mine = Convert.ToHexStringLower(master.Derive("fingerprint", 16));
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var stored = await documents.LoadAsync(ct);
            if (stored.Documents.FirstOrDefault(document => document.Kind == Kind && document.Id == Id) is { } document)
            {
                if (Read(document.Json) == mine)
                    return;
                throw new StoreException(
                    Reason.KeyUnreadable,
                    "The storage belongs to another master key: copy keys/master.key from the data directory of a node that works with it."
                );
            }
            if (await documents.TryCommitAsync([new(Kind, Id, $$"""{"sha256":"{{mine}}"}""")], stored.Revision, ct))
                return;
        }
        throw new StoreException(Reason.StorageUnavailable, "The storage changes too fast to leave the mark of the master key in it.");
    }

    private static string? Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.GetProperty("sha256").GetString();
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
