using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests.Contract;

public abstract class GrantEndContract(StoreEngine engine) : StoreContract(engine)
{
    [Fact]
    public async Task Ends_once_from_any_state_and_the_first_end_wins()
    {
        foreach (var grant in new[] { Samples.Requested(), Samples.Approved(), Samples.Active() })
        {
            await Stores.Grants.TryCreateAsync(grant, Ct);
            Assert.True(await Stores.Grants.TryEndAsync(grant.Id, GrantEnd.RefreshTokenReused, Start.AddSeconds(1), Ct));
            Assert.False(await Stores.Grants.TryEndAsync(grant.Id, GrantEnd.LoggedOut, Start.AddSeconds(2), Ct));
            var expected = grant with { Status = GrantStatus.Ended, End = GrantEnd.RefreshTokenReused, EndedAt = Start.AddSeconds(1) };
            Assert.Equal(Samples.Text(expected), Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct)));
        }
    }

    [Fact]
    public async Task Does_not_end_what_it_does_not_know()
    {
        Assert.False(await Stores.Grants.TryEndAsync(Samples.NewId(), GrantEnd.LoggedOut, Start, Ct));
        Assert.Empty(await Stores.Changes.ReadAsync(0, 10, Ct));
    }

    [Fact]
    public async Task Ended_stays_ended()
    {
        var grant = Samples.Active();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        await Stores.Grants.TryEndAsync(grant.Id, GrantEnd.RevokedByUser, Start, Ct);
        var ended = Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct));
        Assert.False(await Stores.Grants.TryApproveAsync(grant.Id, Samples.Approval, Start.AddDays(1), Start, Ct));
        Assert.False(await Stores.Grants.TryRedeemAsync(grant, Start.AddDays(2), Start, Ct));
        Assert.False(await Stores.Grants.TryRotateAsync(grant.Id, 1, Start, Ct));
        Assert.False(await Stores.Grants.TryTouchAsync(grant.Id, Start, Ct));
        Assert.False(await Stores.Grants.TryCreateAsync(grant, Ct));
        Assert.Equal(ended, Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct)));
    }

    [Fact]
    public async Task An_end_and_its_entry_in_the_feed_are_one_act()
    {
        var (first, second) = (Samples.Active(), Samples.Requested());
        await Stores.Grants.TryCreateAsync(first, Ct);
        await Stores.Grants.TryCreateAsync(second, Ct);
        await Stores.Grants.TryEndAsync(first.Id, GrantEnd.RevokedByUser, Start.AddSeconds(1), Ct);
        await Stores.Grants.TryEndAsync(second.Id, GrantEnd.Denied, Start.AddSeconds(2), Ct);
        await Stores.Grants.TryEndAsync(first.Id, GrantEnd.LoggedOut, Start.AddSeconds(3), Ct);
        var feed = await Stores.Changes.ReadAsync(0, 10, Ct);
        Assert.Equal([first.Id.ToString(), second.Id.ToString()], feed.Select(change => change.Id));
        Assert.All(feed, change => Assert.Equal(ChangeKind.GrantEnded, change.Kind));
        Assert.Equal([Start.AddSeconds(1), Start.AddSeconds(2)], feed.Select(change => change.At));
        Assert.Equal(Start.AddSeconds(1).AddDays(1), feed[0].Until);
    }

    [Fact, Trait("Spec", "OIDC Core §11")]
    public async Task The_end_of_a_session_spares_grants_that_outlive_it()
    {
        var bound = Samples.Active();
        var waiting = Samples.Approved();
        var offline = Samples.Active() with { Approval = Samples.Approval with { Offline = true } };
        var other = Samples.Active() with { Approval = Samples.Approval with { SessionId = "another" } };
        var none = Samples.Active() with { Approval = Samples.Approval with { SessionId = null } };
        var approvedLater = Samples.Requested();
        var ended = Samples.Active();
        foreach (var grant in new[] { bound, waiting, offline, other, none, approvedLater, ended })
            await Stores.Grants.TryCreateAsync(grant, Ct);
        await Stores.Grants.TryApproveAsync(approvedLater.Id, Samples.Approval, Start.AddMinutes(1), Start, Ct);
        await Stores.Grants.TryEndAsync(ended.Id, GrantEnd.RevokedByUser, Start, Ct);

        var touched = await Stores.Grants.EndOfSessionAsync("session-of-ada", GrantEnd.LoggedOut, Start.AddSeconds(9), Ct);

        Assert.Equal(Sorted(bound.Id, waiting.Id, approvedLater.Id), Sorted([.. touched]));
        foreach (var id in touched)
        {
            var grant = await Stores.Grants.FindAsync(id, Ct);
            Assert.Equal((GrantStatus.Ended, GrantEnd.LoggedOut, Start.AddSeconds(9)), (grant!.Status, grant.End, grant.EndedAt!.Value));
        }
        foreach (var spared in new[] { offline, other, none })
            Assert.Equal(Samples.Text(spared), Samples.Text(await Stores.Grants.FindAsync(spared.Id, Ct)));
        Assert.Equal(GrantEnd.RevokedByUser, (await Stores.Grants.FindAsync(ended.Id, Ct))!.End);
        Assert.Equal(4, (await Stores.Changes.ReadAsync(0, 10, Ct)).Count);
        Assert.Empty(await Stores.Grants.EndOfSessionAsync("session-of-ada", GrantEnd.LoggedOut, Start.AddSeconds(10), Ct));
    }

    [Fact]
    public async Task Ends_what_a_subject_has_at_one_client_or_at_all()
    {
        var here = Samples.Active();
        var there = Samples.Active() with { ClientId = "other" };
        var offline = Samples.Active() with { Approval = Samples.Approval with { Offline = true } };
        var foreign = Samples.Active() with { Approval = Samples.Approval with { Subject = "bob" } };
        var unapproved = Samples.Requested();
        foreach (var grant in new[] { here, there, offline, foreign, unapproved })
            await Stores.Grants.TryCreateAsync(grant, Ct);

        Assert.Equal([there.Id], await Stores.Grants.EndOfSubjectAsync("ada", "other", GrantEnd.RevokedByUser, Start, Ct));
        Assert.Equal(
            Sorted(here.Id, offline.Id),
            Sorted([.. await Stores.Grants.EndOfSubjectAsync("ada", null, GrantEnd.SubjectDisabled, Start, Ct)])
        );
        Assert.Empty(await Stores.Grants.EndOfSubjectAsync("ada", null, GrantEnd.SubjectDisabled, Start, Ct));
        Assert.Equal(Samples.Text(foreign), Samples.Text(await Stores.Grants.FindAsync(foreign.Id, Ct)));
        Assert.Equal(Samples.Text(unapproved), Samples.Text(await Stores.Grants.FindAsync(unapproved.Id, Ct)));
        Assert.Equal(3, (await Stores.Changes.ReadAsync(0, 10, Ct)).Count);
    }

    [Fact]
    public async Task Sweeps_what_was_over_and_nothing_else()
    {
        var expired = Samples.Active() with { ExpiresAt = Start };
        var ended = Samples.Active();
        var endedLater = Samples.Active();
        var live = Samples.Active() with { ExpiresAt = Start + Instant };
        foreach (var grant in new[] { expired, ended, endedLater, live })
            await Stores.Grants.TryCreateAsync(grant, Ct);
        await Stores.Grants.TryEndAsync(ended.Id, GrantEnd.LoggedOut, Start, Ct);
        await Stores.Grants.TryEndAsync(endedLater.Id, GrantEnd.LoggedOut, Start + Instant, Ct);

        Assert.Equal(2, await Stores.Grants.SweepAsync(Start, 100, Ct));
        Assert.Null(await Stores.Grants.FindAsync(expired.Id, Ct));
        Assert.Null(await Stores.Grants.FindAsync(ended.Id, Ct));
        Assert.NotNull(await Stores.Grants.FindAsync(endedLater.Id, Ct));
        Assert.NotNull(await Stores.Grants.FindAsync(live.Id, Ct));
        Assert.Equal(0, await Stores.Grants.SweepAsync(Start, 100, Ct));
    }

    [Fact]
    public async Task Sweeps_in_portions()
    {
        for (var i = 0; i < 7; i++)
            await Stores.Grants.TryCreateAsync(Samples.Active() with { ExpiresAt = Start }, Ct);
        var dead = Samples.Active();
        await Stores.Grants.TryCreateAsync(dead, Ct);
        await Stores.Grants.TryEndAsync(dead.Id, GrantEnd.LoggedOut, Start, Ct);
        Assert.Equal(3, await Stores.Grants.SweepAsync(Start, 3, Ct));
        Assert.Equal(3, await Stores.Grants.SweepAsync(Start, 3, Ct));
        Assert.Equal(2, await Stores.Grants.SweepAsync(Start, 3, Ct));
    }

    [Fact]
    public async Task Validity_does_not_wait_for_a_sweep()
    {
        var grant = Samples.Active();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        Assert.False(await Stores.Grants.TryRotateAsync(grant.Id, 1, grant.ExpiresAt, Ct));
        Assert.NotNull(await Stores.Grants.FindAsync(grant.Id, Ct));
        Assert.True(await Stores.Grants.TryEndAsync(grant.Id, GrantEnd.LoggedOut, grant.ExpiresAt, Ct));
    }

    private static IEnumerable<string> Sorted(params GrantId[] ids) => ids.Select(id => id.ToString()).Order(StringComparer.Ordinal);
}

public sealed class GrantEndsInMemory() : GrantEndContract(new InMemory());

public sealed class GrantEndsInMemoryKept() : GrantEndContract(new InMemoryKept());

public sealed class GrantEndsOnSqlite() : GrantEndContract(new OnSqlite());
