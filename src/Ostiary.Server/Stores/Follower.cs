using Ostiary.Server.Hosting;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Stores;

/// <summary>
/// Keeps a node up to date with the others: what ended (the change feed), and under which revision configuration and keys are. It is woken by the store and asks
/// anyway every <see cref="Patience"/>.
/// </summary>
public sealed class Follower(IChangeFeed changes, IDocumentStore documents, EndedTokens ended, TimeProvider time) : IDisposable
{
    /// <summary>So old may be what a node knows when it judges a token. Older, it asks first; it never judges by less.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>A node that knows less is not ready: balancers take it out before another node may sign with a key that it has not seen.</summary>
    public static readonly TimeSpan Ready = TimeSpan.FromSeconds(5);

    /// <summary>The longest between two questions.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private const int PageSize = 1000;
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SteadyClock _forgetting = new(time);
    private DateTimeOffset _forgetAt;
    private long _sequence;
    private long _revision = -1;
    private long _caughtUp;
    private volatile bool _everCaughtUp;

    /// <summary>Takes over configuration and keys of a revision. Set once, before the first question.</summary>
    public Func<long, CancellationToken, ValueTask> Reload { get; set; } = static (_, _) => ValueTask.CompletedTask;

    /// <summary>Hears every entry of the feed, in order, also those from before the start. Set once, before the first question.</summary>
    internal Action<Change>? Heard { get; set; }

    /// <summary>How old what this node knows is at most.</summary>
    public TimeSpan Lag => _everCaughtUp ? time.GetElapsedTime(Volatile.Read(ref _caughtUp)) : TimeSpan.MaxValue;

    /// <summary>Asks now. Whatever was committed before the call is known when it returns. Throws <see cref="StoreException"/>.</summary>
    public async ValueTask FollowAsync(CancellationToken ct)
    {
        var called = time.GetTimestamp();
        await _gate.WaitAsync(ct);
        try
        {
            // What was asked after the call, for somebody else, is answer enough: many who wait cost one question.
            if (!_everCaughtUp || _caughtUp < called)
                await CatchUpAsync(ct);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Asks if what is known is too old to judge by. Throws <see cref="StoreException"/>.</summary>
    public ValueTask EnsureFreshAsync(CancellationToken ct) => Lag <= Fresh ? ValueTask.CompletedTask : FollowAsync(ct);

    public void Dispose() => _gate.Dispose();

    private async ValueTask CatchUpAsync(CancellationToken ct)
    {
        var begun = time.GetTimestamp();
        IReadOnlyList<Change> news;
        do
        {
            news = await changes.ReadAsync(_sequence, PageSize, ct);
            foreach (var change in news)
            {
                ended.Add(change);
                Heard?.Invoke(change);
            }
            if (news.Count > 0)
                _sequence = news[^1].Sequence;
        } while (news.Count == PageSize);
        var revision = await documents.RevisionAsync(ct);
        if (revision != _revision)
            await Reload(revision, ct);
        _revision = revision;
        Volatile.Write(ref _caughtUp, begun);
        _everCaughtUp = true;
        var now = _forgetting.Now();
        if (now < _forgetAt)
            return;
        ended.Forget(now);
        _forgetAt = now + ForgetEvery;
    }
}
