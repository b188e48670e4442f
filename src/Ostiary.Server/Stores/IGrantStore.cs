using Ostiary.Server.Grants;

namespace Ostiary.Server.Stores;

/// <summary>
/// The grants. Every member does one statement on one key, is atomic, takes <c>now</c>, says who won, and is durable when it returns true.
/// A member that returns false has changed nothing. Throws <see cref="StoreException"/> where the storage fails: then nothing was acknowledged.
/// </summary>
public interface IGrantStore
{
    /// <summary>Adds a grant in any state but Ended. False: the id is taken.</summary>
    ValueTask<bool> TryCreateAsync(Grant grant, CancellationToken ct);

    ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct);

    /// <summary>Requested → Approved, if it is still Requested and not over. Of any number of concurrent callers exactly one gets true.</summary>
    ValueTask<bool> TryApproveAsync(GrantId id, Approval approval, DateTimeOffset codeExpiresAt, DateTimeOffset now, CancellationToken ct);

    /// <summary>
    /// Approved → Active(1), if it is still Approved and its code is not over. Of any number of concurrent callers exactly one gets true. Of its request it keeps
    /// what <see cref="GrantRequest.Redeemed"/> says. RFC 6749 §4.1.2
    /// </summary>
    ValueTask<bool> TryRedeemAsync(Grant grant, DateTimeOffset grantExpiresAt, DateTimeOffset now, CancellationToken ct);

    /// <summary>Active(n) → Active(n+1), if it is Active, at exactly <paramref name="generation"/>, and not over. Sets RotatedAt and UsedAt to now. RFC 9700 §4.14.2</summary>
    ValueTask<bool> TryRotateAsync(GrantId id, int generation, DateTimeOffset now, CancellationToken ct);

    /// <summary>Sets UsedAt to now if the grant is Active and not over; the generation stays. For clients that do not rotate.</summary>
    ValueTask<bool> TryTouchAsync(GrantId id, DateTimeOffset now, CancellationToken ct);

    /// <summary>Any state → Ended, and appends the end to the change feed in the same act. False: it does not exist or has already ended. The first end wins.</summary>
    ValueTask<bool> TryEndAsync(GrantId id, GrantEnd end, DateTimeOffset now, CancellationToken ct);

    /// <summary>Ends all grants of a session that do not outlive it (<see cref="Approval.Offline"/> is false). Returns those it ended. OIDC Core §11</summary>
    ValueTask<IReadOnlyList<GrantId>> EndOfSessionAsync(string sessionId, GrantEnd end, DateTimeOffset now, CancellationToken ct);

    /// <summary>Ends all grants of a subject, at one client or (null) at all. Returns those it ended.</summary>
    ValueTask<IReadOnlyList<GrantId>> EndOfSubjectAsync(string subject, string? clientId, GrantEnd end, DateTimeOffset now, CancellationToken ct);

    /// <summary>The clients that redeemed a code which was approved in a session, in order of their names, also those whose grants have ended since.</summary>
    ValueTask<IReadOnlyList<string>> ClientsOfSessionAsync(string sessionId, CancellationToken ct);

    /// <summary>Removes up to <paramref name="limit"/> grants that were over (expired or ended) at <paramref name="before"/>. Never decides validity. Returns how many.</summary>
    ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct);
}
