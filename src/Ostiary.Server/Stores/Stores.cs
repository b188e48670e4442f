using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Stores;

/// <summary>The storage failed: full, unreachable, damaged. Never a bad request. <see cref="Reason"/> is one of the 5xxx.</summary>
public sealed class StoreException(Protocol.Reasons.Reason reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public Protocol.Reasons.Reason Reason { get; } = reason;
}

/// <summary>Signed-in browsers. One row each.</summary>
public interface ISessionStore
{
    ValueTask<bool> TryCreateAsync(Session session, CancellationToken ct);
    ValueTask<Session?> FindAsync(string id, CancellationToken ct);

    /// <summary>Marks activity, if the session is not over. Callers do so at most once a minute.</summary>
    ValueTask<bool> TryTouchAsync(string id, DateTimeOffset now, CancellationToken ct);

    /// <summary>
    /// The same person has signed in again: the session goes on under a new secret, freshly authenticated, and the grants made in it stay. False: it is over.
    /// </summary>
    ValueTask<bool> TryRenewAsync(
        string id,
        string secretHash,
        IReadOnlyList<string> amr,
        DateTimeOffset expiresAt,
        DateTimeOffset now,
        CancellationToken ct
    );

    /// <summary>Ends the session and appends its end to the change feed. False: unknown or already over.</summary>
    ValueTask<bool> TryEndAsync(string id, DateTimeOffset now, CancellationToken ct);

    /// <summary>Ends all sessions of a subject but <paramref name="exceptId"/>. Returns those it ended.</summary>
    ValueTask<IReadOnlyList<string>> EndOfSubjectAsync(string subject, string? exceptId, DateTimeOffset now, CancellationToken ct);

    ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct);
}

/// <summary>What a person allowed an app, remembered: one row per person and client.</summary>
public interface IConsentStore
{
    ValueTask<Consents.Consent?> FindAsync(string subject, string clientId, CancellationToken ct);

    /// <summary>Puts it where there is still what was found, or still none. False: read again, for somebody else allowed or withdrew something.</summary>
    ValueTask<bool> TryPutAsync(Consents.Consent consent, Consents.Consent? before, CancellationToken ct);
    ValueTask<bool> TryRemoveAsync(string subject, string clientId, CancellationToken ct);
}

/// <summary>One-time things: assertion ids, proofs, consumed request URIs. RFC 7523 §3</summary>
public interface IOneTimeStore
{
    /// <summary>True for exactly one caller per key until <paramref name="until"/>, restarts included. Durable when it returns true.</summary>
    ValueTask<bool> TryAddOnceAsync(string key, DateTimeOffset until, DateTimeOffset now, CancellationToken ct);

    ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct);
}

/// <summary>What ended before its time, in order. Kept until the longest access token is over.</summary>
public interface IChangeFeed
{
    /// <summary>How long the end of a grant or a session stays: the longest that an access token lives. A store does not know that; the server says so with each configuration.</summary>
    TimeSpan Retention { get; set; }

    /// <summary>Appends an entry; its sequence number is greater than that of every entry visible before.</summary>
    ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct);

    /// <summary>Entries after a sequence number, oldest first.</summary>
    ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct);

    ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct);
}

public enum ChangeKind
{
    GrantEnded = 1,
    TokenRevoked = 2,
    SessionEnded = 3,
    ClientDisabled = 4,
    SubjectDisabled = 5,
    KeyRevoked = 6,
}

/// <summary>One entry of the feed. <see cref="Until"/>: when no token that it concerns can be valid any more.</summary>
public sealed record Change(long Sequence, ChangeKind Kind, string Id, DateTimeOffset At, DateTimeOffset Until);

/// <summary>Configuration documents (clients, APIs, users, keys, settings) with one revision over all of them.</summary>
public interface IDocumentStore
{
    ValueTask<DocumentSet> LoadAsync(CancellationToken ct);

    /// <summary>The present revision alone: one read of one row, asked for many times a second.</summary>
    ValueTask<long> RevisionAsync(CancellationToken ct);

    /// <summary>All changes or none, if the revision is still <paramref name="expectedRevision"/>; the new revision is one more. Durable when it returns true.</summary>
    ValueTask<bool> TryCommitAsync(IReadOnlyList<DocumentChange> changes, long expectedRevision, CancellationToken ct);
}

public sealed record DocumentSet(long Revision, IReadOnlyList<Document> Documents);

/// <summary>A JSON document, by kind (<c>client</c>, <c>api</c>, <c>user</c>, <c>key</c>, <c>setting</c>) and id.</summary>
public sealed record Document(string Kind, string Id, string Json);

/// <summary>Puts a document, or deletes it where <see cref="Json"/> is null.</summary>
public sealed record DocumentChange(string Kind, string Id, string? Json);

/// <summary>Lists for administration and the account page. Protocol code does not see it.</summary>
public interface IDirectory
{
    ValueTask<Page<Grant>> GrantsAsync(GrantQuery query, CancellationToken ct);
    ValueTask<Page<Session>> SessionsAsync(string? subject, string? cursor, int limit, CancellationToken ct);
    ValueTask<IReadOnlyList<Consents.Consent>> ConsentsAsync(string subject, CancellationToken ct);

    /// <summary>Row counts for doctor and metrics, by table.</summary>
    ValueTask<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken ct);
}

public sealed record GrantQuery(string? Subject = null, string? ClientId = null, bool LiveOnly = false, string? Cursor = null, int Limit = 100);

/// <summary>A page of a list; <see cref="Next"/> is the cursor of the next one or null.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Everything an issuer keeps, on one engine. Disposing flushes and closes it.</summary>
public interface IStores : IAsyncDisposable
{
    /// <summary>The engine, for example <c>sqlite 3.40.1</c>.</summary>
    string Engine { get; }
    IGrantStore Grants { get; }
    ISessionStore Sessions { get; }
    IConsentStore Consents { get; }
    IOneTimeStore OneTime { get; }
    ILogoutNoticeStore LogoutNotices { get; }
    IChangeFeed Changes { get; }
    IDocumentStore Documents { get; }
    IDirectory Directory { get; }
    IStoreArchive Archive { get; }

    /// <summary>A cheap write and read, for readiness. Throws <see cref="StoreException"/>.</summary>
    ValueTask ProbeAsync(CancellationToken ct);

    /// <summary>Completes when another writer may have changed the feed or the documents, or after <paramref name="patience"/>. A hint only: the reader asks again either way.</summary>
    ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct);
}
