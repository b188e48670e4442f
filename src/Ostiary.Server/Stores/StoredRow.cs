using Ostiary.Server.Consents;
using Ostiary.Server.EndSession;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Stores;

/// <summary>One row of a store, the same for every engine.</summary>
public abstract record StoredRow;

public sealed record StoredGrant(Grant Grant) : StoredRow;

public sealed record StoredSession(Session Session) : StoredRow;

public sealed record StoredConsent(Consent Consent) : StoredRow;

public sealed record StoredOnce(string Key, DateTimeOffset Until) : StoredRow;

public sealed record StoredLogoutNotice(LogoutNotice Notice) : StoredRow;

public sealed record StoredChange(Change Change) : StoredRow;

public sealed record StoredDocument(Document Document) : StoredRow;

/// <summary><see cref="Revision"/> of the documents, or <see cref="Sequence"/>: the last number that the change feed gave.</summary>
public sealed record StoredNumber(string Name, long Value) : StoredRow
{
    public const string Revision = "revision";
    public const string Sequence = "sequence";
}

/// <summary>A whole store out and in again, also into another engine.</summary>
public interface IStoreArchive
{
    /// <summary>Every row as it was at one moment; writers go on meanwhile. Throws <see cref="StoreException"/>.</summary>
    ValueTask ReadAllAsync(Action<StoredRow> take, CancellationToken ct);

    /// <summary>Puts rows into a store that holds none: all or none of them. False: there is something in it.</summary>
    ValueTask<bool> TryFillAsync(IEnumerable<StoredRow> rows, CancellationToken ct);
}
