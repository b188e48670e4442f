using System.Collections.Concurrent;
using Ostiary.Server.Stores;

namespace Ostiary.Server.EndSession;

/// <summary>What became of a client when a session ended.</summary>
/// <param name="Notice">Null: it has no address at which it could be told.</param>
internal sealed record LogoutOutcome(string ClientId, LogoutNotice? Notice);

/// <summary>
/// Writes down which clients must hear that a session is over. Every end of a session is in the change feed, by whomever and on whatever node, so what a node
/// did not come to write before it fell is written by whoever reads the feed next. Back-Channel Logout §2.5
/// </summary>
internal sealed class LogoutNotices(Issuer issuer)
{
    /// <summary>So long after the end of a session a client is tried.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(1);

    /// <summary>A person waits so long for the page that says who was told.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentQueue<string> _heard = new();

    /// <summary>Rings when there may be something to deliver.</summary>
    public NewsBell Bell { get; } = new();

    /// <summary>Takes note of an entry of the change feed.</summary>
    public void Hear(Change change)
    {
        if (change.Kind != ChangeKind.SessionEnded)
            return;
        _heard.Enqueue(change.Id);
        Bell.Ring();
    }

    /// <summary>Writes the notices of every end that was heard of. Throws <see cref="StoreException"/>; then what is left is written the next time.</summary>
    public async ValueTask CatchUpAsync(CancellationToken ct)
    {
        while (_heard.TryPeek(out var sessionId))
        {
            await WriteAsync(sessionId, ct);
            _heard.TryDequeue(out _);
        }
    }

    /// <summary>Writes the notices of a session that is over; those that are there already stay as they are.</summary>
    public async ValueTask WriteAsync(string sessionId, CancellationToken ct)
    {
        var snapshot = issuer.Configuration.Current;
        if (!snapshot.KnownClients.Any(client => client.BackchannelLogoutUri is not null))
            return;
        var clients = await issuer.Stores.Grants.ClientsOfSessionAsync(sessionId, ct);
        var told = clients.Where(id => snapshot.Client(id) is { Disabled: false, BackchannelLogoutUri: not null }).ToList();
        if (told.Count == 0 || await issuer.Stores.Sessions.FindAsync(sessionId, ct) is not { } session)
            return;
        var now = issuer.Now;
        // Longer than the feed keeps the end, so that no end is written down twice.
        var kept = now + GiveUpAfter + snapshot.LongestToken;
        foreach (var clientId in told)
        {
            var notice = new LogoutNotice
            {
                SessionId = sessionId,
                ClientId = clientId,
                Subject = session.Subject,
                CreatedAt = now,
                DueAt = now,
                KeptUntil = kept,
            };
            await issuer.Stores.LogoutNotices.TryAddAsync(notice, ct);
        }
        Bell.Ring();
    }

    /// <summary>Every client of a session that is over, and whether it was told.</summary>
    public static async ValueTask<IReadOnlyList<LogoutOutcome>> OutcomesAsync(IStores stores, string sessionId, CancellationToken ct)
    {
        var notices = await stores.LogoutNotices.OfSessionAsync(sessionId, ct);
        var clients = await stores.Grants.ClientsOfSessionAsync(sessionId, ct);
        return
        [
            .. clients
                .Union(notices.Select(notice => notice.ClientId), StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Select(id => new LogoutOutcome(id, notices.FirstOrDefault(notice => notice.ClientId == id))),
        ];
    }

    /// <summary>The same, when each client was tried once or the patience of a person is over.</summary>
    public async ValueTask<IReadOnlyList<LogoutOutcome>> FirstOutcomesAsync(string sessionId, CancellationToken ct)
    {
        var begun = issuer.Time.GetTimestamp();
        while (true)
        {
            var outcomes = await OutcomesAsync(issuer.Stores, sessionId, ct);
            var untried = outcomes.Any(o => o.Notice is { State: LogoutNoticeState.Waiting, Refused: null });
            if (!untried || issuer.Time.GetElapsedTime(begun) > Patience)
                return outcomes;
            await Task.Delay(LookAgain, issuer.Time, ct);
        }
    }
}
