using Ostiary.Protocol.Reasons;
using Ostiary.Server.EndSession;

namespace Ostiary.Server.Stores;

/// <summary>
/// Whom to tell that a session is over: an outbox that survives a restart. Of several nodes one delivers a notice at a time, because taking it is one
/// conditional write; who dies meanwhile loses it to the others when its lease is over. So a notice may arrive twice, and never not at all.
/// </summary>
public interface ILogoutNoticeStore
{
    /// <summary>Adds a notice. False: the client has one for this session already, whatever became of it.</summary>
    ValueTask<bool> TryAddAsync(LogoutNotice notice, CancellationToken ct);

    /// <summary>All of a session, by client.</summary>
    ValueTask<IReadOnlyList<LogoutNotice>> OfSessionAsync(string sessionId, CancellationToken ct);

    /// <summary>Those that wait and are due, longest due first.</summary>
    ValueTask<IReadOnlyList<LogoutNotice>> DueAsync(DateTimeOffset now, int limit, CancellationToken ct);

    /// <summary>
    /// Takes a notice that waits, is due, and was taken exactly <paramref name="tries"/> times; counts the try, and keeps others off until the lease is over.
    /// Of any number of concurrent callers exactly one gets true.
    /// </summary>
    ValueTask<bool> TryTakeAsync(string id, int tries, DateTimeOffset leaseUntil, DateTimeOffset now, CancellationToken ct);

    /// <summary>What became of a try: by whoever took it as the last, once. <paramref name="dueAt"/> is the next try of one that waits on.</summary>
    ValueTask<bool> TrySettleAsync(string id, int tries, LogoutNoticeState state, DateTimeOffset dueAt, Reason? refused, CancellationToken ct);

    ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct);
}
