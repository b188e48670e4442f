using System.Text;
using Microsoft.Extensions.Logging;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Outbound;
using Ostiary.Server.Stores;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.EndSession;

/// <summary>
/// Delivers logout tokens, apart from every request: a client that is slow or dead costs one of a few rooms for a few seconds and is tried again later.
/// Back-Channel Logout §2.5
/// </summary>
internal sealed partial class LogoutDelivery : IAsyncDisposable
{
    private const int Rooms = 32;

    /// <summary>Longer than an exchange with a client may last.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);
    private readonly SemaphoreSlim _rooms = new(Rooms, Rooms);
    private readonly CancellationTokenSource _stop = new();
    private readonly Issuer _issuer;
    private readonly LogoutNotices _notices;
    private readonly LogoutTokens _tokens;
    private readonly ILogger _logger;
    private readonly Task _task;

    private LogoutDelivery(Issuer issuer, LogoutNotices notices, LogoutTokens tokens, ILogger logger)
    {
        (_issuer, _notices, _tokens, _logger) = (issuer, notices, tokens, logger);
        _task = Task.Run(RunAsync);
    }

    public static LogoutDelivery Start(OstiaryEndpoints endpoints, ILogger logger) =>
        new(endpoints.Issuer, endpoints.LogoutNotices, endpoints.LogoutTokens, logger);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        for (var room = 0; room < Rooms; room++)
            await _rooms.WaitAsync();
        _rooms.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _notices.CatchUpAsync(_stop.Token);
                await TakeDueAsync();
                await _notices.Bell.WaitAsync(Patience, _issuer.Time, _stop.Token);
            }
            catch (StoreException)
            {
                // Readiness reports it.
                await Task.Delay(Patience, _issuer.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning disable CA1031 // Whatever it is, clients must hear of later ends.
            catch (Exception fault) when (fault is not OperationCanceledException || !_stop.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogFault(_logger, fault);
                await Task.Delay(Patience, _issuer.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async ValueTask TakeDueAsync()
    {
        var free = _rooms.CurrentCount;
        if (free == 0)
            return;
        foreach (var notice in await _issuer.Stores.LogoutNotices.DueAsync(_issuer.Now, free, _stop.Token))
        {
            var now = _issuer.Now;
            if (!await _issuer.Stores.LogoutNotices.TryTakeAsync(notice.Id, notice.Tries, now + Lease, now, _stop.Token))
                continue;
            await _rooms.WaitAsync(_stop.Token);
            _ = Task.Run(() => DeliverAsync(notice with { Tries = notice.Tries + 1 }));
        }
    }

    private async Task DeliverAsync(LogoutNotice notice)
    {
        try
        {
            var (refused, tokenId) = await SendAsync(notice);
            await SettleAsync(notice, refused, tokenId);
        }
        catch (Exception end) when (end is StoreException || (end is OperationCanceledException && _stop.IsCancellationRequested))
        {
            // It is taken over by somebody when its lease is over.
        }
#pragma warning disable CA1031 // The same holds for a bug; nobody waits for this task.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogFault(_logger, fault);
        }
        finally
        {
            _rooms.Release();
            _notices.Bell.Ring();
        }
    }

    /// <summary>A client that lost its address meanwhile cannot be told.</summary>
    private async Task<(Reason? Refused, string? TokenId)> SendAsync(LogoutNotice notice)
    {
        if (_issuer.Configuration.Current.Client(notice.ClientId) is not { Disabled: false, BackchannelLogoutUri: { } uri } client)
            return (Reason.FetchUrlRefused, null);
        if (notice.Tries > 1 && _issuer.Now >= notice.CreatedAt + LogoutNotices.GiveUpAfter)
            return (notice.Refused ?? Reason.FetchTimedOut, null);
        var (token, id) = _tokens.Issue(client, notice.Subject, notice.SessionId, _issuer.Now);
        var body = Encoding.ASCII.GetBytes("logout_token=" + token); // Back-Channel Logout §2.5
        var answer = await _issuer.Fetcher.PostAsync(uri, body, "application/x-www-form-urlencoded", FetchPolicy.LogoutToken, _stop.Token);
        return (answer.Refused, id);
    }

    private async Task SettleAsync(LogoutNotice notice, Reason? refused, string? tokenId)
    {
        var now = _issuer.Now;
        var next = now + PauseAfter(notice.Tries);
        var state =
            refused is null ? LogoutNoticeState.Told
            : next < notice.CreatedAt + LogoutNotices.GiveUpAfter ? LogoutNoticeState.Waiting
            : LogoutNoticeState.Failed;
        if (!await _issuer.Stores.LogoutNotices.TrySettleAsync(notice.Id, notice.Tries, state, next, refused, CancellationToken.None))
            return;
        _issuer.Log.Record(
            new DecisionRecord
            {
                At = now,
                Flow = Flow.New(),
                Act = FetchPolicy.LogoutToken.Purpose,
                Refused = refused,
                ClientId = notice.ClientId,
                Subject = notice.Subject,
                SessionId = notice.SessionId,
                TokenId = tokenId,
                Change =
                    state == LogoutNoticeState.Failed ? "given up"
                    : state == LogoutNoticeState.Told ? "told"
                    : null,
                Revision = _issuer.Configuration.Current.Revision,
            }
        );
    }

    /// <summary>Twice as long after each try.</summary>
    internal static TimeSpan PauseAfter(int tries) =>
        tries > 10 ? LongestPause : TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << (tries - 1), LongestPause.Ticks));

    [LoggerMessage(5096, LogLevel.Error, "Telling clients of the end of a session failed; it is tried again")]
    private static partial void LogFault(ILogger logger, Exception fault);
}
