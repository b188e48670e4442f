using Ostiary.Protocol.Reasons;
using Ostiary.Server.EndSession;
using Ostiary.Server.Grants;

namespace Ostiary.Storage.Tests.Contract;

public abstract class LogoutNoticeContract(StoreEngine engine) : StoreContract(engine)
{
    private static readonly DateTimeOffset Lease = Start.AddMinutes(1);

    [Fact]
    public async Task A_client_has_one_notice_for_a_session()
    {
        Assert.True(await Stores.LogoutNotices.TryAddAsync(Samples.Notice("b"), Ct));
        Assert.True(await Stores.LogoutNotices.TryAddAsync(Samples.Notice("a"), Ct));
        Assert.True(await Stores.LogoutNotices.TryAddAsync(Samples.Notice("a", "other"), Ct));
        Assert.False(await Stores.LogoutNotices.TryAddAsync(Samples.Notice("a") with { Subject = "bob" }, Ct));
        Assert.Equal([Samples.Notice("a"), Samples.Notice("b")], await Stores.LogoutNotices.OfSessionAsync("session-of-ada", Ct));
        Assert.Empty(await Stores.LogoutNotices.OfSessionAsync("none", Ct));
    }

    [Fact]
    public async Task Those_that_are_due_come_in_their_order()
    {
        await Stores.LogoutNotices.TryAddAsync(Samples.Notice("late") with { DueAt = Start + Instant }, Ct);
        await Stores.LogoutNotices.TryAddAsync(Samples.Notice("second"), Ct);
        await Stores.LogoutNotices.TryAddAsync(Samples.Notice("first") with { DueAt = Start - Instant }, Ct);
        Assert.Equal(["first", "second"], await DueAsync(Start));
        Assert.Equal(["first"], await DueAsync(Start, 1));
        Assert.Equal(["first", "second", "late"], await DueAsync(Start + Instant));
    }

    [Fact]
    public async Task Of_many_who_take_it_one_delivers_until_its_lease_is_over()
    {
        var notice = Samples.Notice();
        await Stores.LogoutNotices.TryAddAsync(notice, Ct);
        Assert.False(await Stores.LogoutNotices.TryTakeAsync(notice.Id, 0, Lease, Start - Instant, Ct));
        Assert.False(await Stores.LogoutNotices.TryTakeAsync(notice.Id, 1, Lease, Start, Ct));
        Assert.False(await Stores.LogoutNotices.TryTakeAsync("none", 0, Lease, Start, Ct));
        Assert.Equal(1, await RaceAsync(20, _ => Stores.LogoutNotices.TryTakeAsync(notice.Id, 0, Lease, Start, Ct)));
        Assert.Empty(await DueAsync(Lease - Instant));
        Assert.False(await Stores.LogoutNotices.TryTakeAsync(notice.Id, 1, Lease.AddMinutes(1), Lease - Instant, Ct));
        Assert.Equal([notice.ClientId], await DueAsync(Lease));
        Assert.True(await Stores.LogoutNotices.TryTakeAsync(notice.Id, 1, Lease.AddMinutes(1), Lease, Ct));
    }

    [Fact]
    public async Task Who_took_it_last_settles_it_once()
    {
        var notice = Samples.Notice();
        await Stores.LogoutNotices.TryAddAsync(notice, Ct);
        await Stores.LogoutNotices.TryTakeAsync(notice.Id, 0, Lease, Start, Ct);
        Assert.True(await SettleAsync(1, LogoutNoticeState.Waiting, Reason.FetchTimedOut));
        var waiting = notice with { Tries = 1, DueAt = Lease.AddHours(1), Refused = Reason.FetchTimedOut };
        Assert.Equal([waiting], await Stores.LogoutNotices.OfSessionAsync(notice.SessionId, Ct));
        Assert.True(await Stores.LogoutNotices.TryTakeAsync(notice.Id, 1, Lease.AddHours(2), Lease.AddHours(1), Ct));
        Assert.False(await SettleAsync(1, LogoutNoticeState.Failed, Reason.FetchTimedOut));
        Assert.True(await SettleAsync(2, LogoutNoticeState.Told, null));
        Assert.False(await SettleAsync(2, LogoutNoticeState.Failed, Reason.FetchTimedOut));
        Assert.Empty(await DueAsync(Start.AddYears(1)));
        Assert.False(await Stores.LogoutNotices.TryTakeAsync(notice.Id, 2, Start.AddYears(2), Start.AddYears(1), Ct));
        var told = waiting with { Tries = 2, State = LogoutNoticeState.Told, Refused = null };
        Assert.Equal([told], await Stores.LogoutNotices.OfSessionAsync(notice.SessionId, Ct));

        async Task<bool> SettleAsync(int tries, LogoutNoticeState state, Reason? refused) =>
            await Stores.LogoutNotices.TrySettleAsync(notice.Id, tries, state, Lease.AddHours(1), refused, Ct);
    }

    [Fact]
    public async Task A_sweep_takes_what_need_not_be_kept()
    {
        await Stores.LogoutNotices.TryAddAsync(Samples.Notice("a"), Ct);
        await Stores.LogoutNotices.TryAddAsync(Samples.Notice("b"), Ct);
        await Stores.LogoutNotices.TryAddAsync(Samples.Notice("c") with { KeptUntil = Start.AddDays(3) }, Ct);
        Assert.Equal(0, await Stores.LogoutNotices.SweepAsync(Start.AddDays(2) - Instant, 10, Ct));
        Assert.Equal(1, await Stores.LogoutNotices.SweepAsync(Start.AddDays(2), 1, Ct));
        Assert.Equal(1, await Stores.LogoutNotices.SweepAsync(Start.AddDays(2), 10, Ct));
        Assert.Equal(["c"], await DueAsync(Start));
    }

    [Fact]
    public async Task The_clients_of_a_session_are_those_that_redeemed_a_code_in_it()
    {
        var ended = Samples.Active() with { ClientId = "b" };
        foreach (var grant in new[] { ended, Samples.Active(), Samples.Active(), Samples.Approved() with { ClientId = "c" } })
            await Stores.Grants.TryCreateAsync(grant, Ct);
        var elsewhere = Samples.Approval with { SessionId = "other" };
        await Stores.Grants.TryCreateAsync(Samples.Active() with { ClientId = "d", Approval = elsewhere }, Ct);
        await Stores.Grants.TryEndAsync(ended.Id, GrantEnd.RevokedByUser, Start, Ct);
        Assert.Equal(["app", "b"], await Stores.Grants.ClientsOfSessionAsync("session-of-ada", Ct));
    }

    private async Task<IEnumerable<string>> DueAsync(DateTimeOffset now, int limit = 10) =>
        (await Stores.LogoutNotices.DueAsync(now, limit, Ct)).Select(notice => notice.ClientId);
}

public abstract class KeptLogoutNoticeContract(StoreEngine engine) : LogoutNoticeContract(engine)
{
    [Fact]
    public async Task What_waits_survives_a_crash()
    {
        await Stores.LogoutNotices.TryAddAsync(Samples.Notice(), Ct);
        await Stores.LogoutNotices.TryTakeAsync(Samples.Notice().Id, 0, Start.AddMinutes(1), Start, Ct);
        await CrashAsync();
        var taken = Samples.Notice() with { Tries = 1, DueAt = Start.AddMinutes(1) };
        Assert.Equal([taken], await Stores.LogoutNotices.DueAsync(Start.AddMinutes(1), 10, Ct));
    }
}

public sealed class LogoutNoticesInMemory() : LogoutNoticeContract(new InMemory());

public sealed class LogoutNoticesInMemoryKept() : KeptLogoutNoticeContract(new InMemoryKept());

public sealed class LogoutNoticesOnSqlite() : KeptLogoutNoticeContract(new OnSqlite());

[Trait("Speed", "Slow")]
public sealed class LogoutNoticesOnPostgres() : KeptLogoutNoticeContract(new OnPostgres());

[Trait("Speed", "Slow")]
public sealed class LogoutNoticesInIssuerSchema() : KeptLogoutNoticeContract(new InIssuerSchema());
