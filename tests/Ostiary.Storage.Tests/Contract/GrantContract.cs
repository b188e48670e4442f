using Ostiary.Server.Grants;

namespace Ostiary.Storage.Tests.Contract;

public abstract class GrantContract(StoreEngine engine) : StoreContract(engine)
{
    [Fact]
    public async Task Keeps_every_member_of_a_grant()
    {
        foreach (var grant in new[] { Samples.Requested(), Samples.Approved(), Samples.Active() with { UsedAt = Start } })
        {
            Assert.True(await Stores.Grants.TryCreateAsync(grant, Ct));
            Assert.Equal(Samples.Text(grant), Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct)));
        }
    }

    [Fact]
    public async Task Does_not_find_what_was_never_added() => Assert.Null(await Stores.Grants.FindAsync(Samples.NewId(), Ct));

    [Fact]
    public async Task Refuses_an_id_that_is_taken_and_changes_nothing()
    {
        var grant = Samples.Requested();
        Assert.True(await Stores.Grants.TryCreateAsync(grant, Ct));
        Assert.False(await Stores.Grants.TryCreateAsync(Samples.Active() with { Id = grant.Id, ClientId = "thief" }, Ct));
        Assert.Equal(Samples.Text(grant), Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct)));
    }

    [Fact]
    public async Task Refuses_a_grant_that_has_ended_before_it_began() =>
        await Assert.ThrowsAnyAsync<ArgumentException>(async () =>
            await Stores.Grants.TryCreateAsync(Samples.Active() with { Status = GrantStatus.Ended }, Ct)
        );

    [Fact]
    public async Task Keeps_times_in_whole_milliseconds_cut_off()
    {
        var grant = Samples.Active() with { ExpiresAt = Start.AddMilliseconds(10).AddTicks(9_999) };
        await Stores.Grants.TryCreateAsync(grant, Ct);
        Assert.Equal(Start.AddMilliseconds(10), (await Stores.Grants.FindAsync(grant.Id, Ct))!.ExpiresAt);
        Assert.True(await Stores.Grants.TryTouchAsync(grant.Id, Start.AddMilliseconds(9).AddTicks(9_999), Ct));
        Assert.Equal(Start.AddMilliseconds(9), (await Stores.Grants.FindAsync(grant.Id, Ct))!.UsedAt);
        Assert.False(await Stores.Grants.TryTouchAsync(grant.Id, Start.AddMilliseconds(10).AddTicks(1), Ct));
    }

    [Fact]
    public async Task Approves_once()
    {
        var grant = Samples.Requested();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        Assert.True(await Stores.Grants.TryApproveAsync(grant.Id, Samples.Approval, Start.AddMinutes(1), Start, Ct));
        Assert.False(await Stores.Grants.TryApproveAsync(grant.Id, Samples.Approval with { Subject = "eve" }, Start.AddMinutes(9), Start, Ct));
        var expected = grant with { Status = GrantStatus.Approved, Approval = Samples.Approval, ExpiresAt = Start.AddMinutes(1) };
        Assert.Equal(Samples.Text(expected), Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct)));
    }

    [Fact]
    public async Task Approves_until_the_last_instant_of_the_request()
    {
        var (late, inTime) = (Samples.Requested(), Samples.Requested());
        await Stores.Grants.TryCreateAsync(late, Ct);
        await Stores.Grants.TryCreateAsync(inTime, Ct);
        Assert.False(await Stores.Grants.TryApproveAsync(late.Id, Samples.Approval, Start.AddHours(1), late.ExpiresAt, Ct));
        Assert.True(await Stores.Grants.TryApproveAsync(inTime.Id, Samples.Approval, Start.AddHours(1), inTime.ExpiresAt - Instant, Ct));
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.2")]
    public async Task Redeems_once()
    {
        var grant = Samples.Approved();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        Assert.True(await Stores.Grants.TryRedeemAsync(grant, Start.AddDays(1), Start.AddSeconds(3), Ct));
        Assert.False(await Stores.Grants.TryRedeemAsync(grant, Start.AddDays(9), Start.AddSeconds(4), Ct));
        var expected = grant with
        {
            Status = GrantStatus.Active,
            Generation = 1,
            RotatedAt = Start.AddSeconds(3),
            ExpiresAt = Start.AddDays(1),
            Request = grant.Request.Redeemed(),
        };
        Assert.Equal(Samples.Text(expected), Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct)));
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.2")]
    public async Task Redeems_until_the_last_instant_of_the_code()
    {
        var (late, inTime) = (Samples.Approved(), Samples.Approved());
        await Stores.Grants.TryCreateAsync(late, Ct);
        await Stores.Grants.TryCreateAsync(inTime, Ct);
        Assert.False(await Stores.Grants.TryRedeemAsync(late, Start.AddDays(1), late.ExpiresAt, Ct));
        Assert.True(await Stores.Grants.TryRedeemAsync(inTime, Start.AddDays(1), inTime.ExpiresAt - Instant, Ct));
    }

    [Fact]
    public async Task Does_not_redeem_what_is_not_approved()
    {
        var requested = Samples.Requested();
        await Stores.Grants.TryCreateAsync(requested, Ct);
        Assert.False(await Stores.Grants.TryRedeemAsync(requested, Start.AddDays(1), Start, Ct));
        Assert.False(await Stores.Grants.TryRedeemAsync(Samples.Approved(), Start.AddDays(1), Start, Ct));
        Assert.Equal(Samples.Text(requested), Samples.Text(await Stores.Grants.FindAsync(requested.Id, Ct)));
    }

    [Fact, Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task Rotates_only_the_live_generation()
    {
        var grant = Samples.Active();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        Assert.False(await Stores.Grants.TryRotateAsync(grant.Id, 0, Start, Ct));
        Assert.False(await Stores.Grants.TryRotateAsync(grant.Id, 2, Start, Ct));
        Assert.True(await Stores.Grants.TryRotateAsync(grant.Id, 1, Start.AddSeconds(1), Ct));
        Assert.False(await Stores.Grants.TryRotateAsync(grant.Id, 1, Start.AddSeconds(2), Ct));
        var expected = grant with { Generation = 2, RotatedAt = Start.AddSeconds(1), UsedAt = Start.AddSeconds(1) };
        Assert.Equal(Samples.Text(expected), Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct)));
    }

    [Fact, Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task Rotates_until_the_last_instant_of_the_grant()
    {
        var grant = Samples.Active();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        Assert.False(await Stores.Grants.TryRotateAsync(grant.Id, 1, grant.ExpiresAt, Ct));
        Assert.True(await Stores.Grants.TryRotateAsync(grant.Id, 1, grant.ExpiresAt - Instant, Ct));
    }

    [Fact]
    public async Task Rotates_and_touches_nothing_that_is_not_active()
    {
        foreach (var grant in new[] { Samples.Requested(), Samples.Approved() })
        {
            await Stores.Grants.TryCreateAsync(grant, Ct);
            Assert.False(await Stores.Grants.TryRotateAsync(grant.Id, 0, Start, Ct));
            Assert.False(await Stores.Grants.TryTouchAsync(grant.Id, Start, Ct));
            Assert.Equal(Samples.Text(grant), Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct)));
        }
    }

    [Fact]
    public async Task Touches_without_a_new_generation()
    {
        var grant = Samples.Active();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        Assert.True(await Stores.Grants.TryTouchAsync(grant.Id, Start.AddSeconds(7), Ct));
        Assert.False(await Stores.Grants.TryTouchAsync(grant.Id, grant.ExpiresAt, Ct));
        Assert.False(await Stores.Grants.TryTouchAsync(Samples.NewId(), Start, Ct));
        Assert.Equal(Samples.Text(grant with { UsedAt = Start.AddSeconds(7) }), Samples.Text(await Stores.Grants.FindAsync(grant.Id, Ct)));
    }

    [Fact]
    public async Task A_caller_who_has_gone_changes_nothing()
    {
        var grant = Samples.Approved();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await Stores.Grants.TryRedeemAsync(grant, Start.AddDays(1), Start, new CancellationToken(canceled: true))
        );
        Assert.True(await Stores.Grants.TryRedeemAsync(grant, Start.AddDays(1), Start, Ct));
    }
}

public sealed class GrantsInMemory() : GrantContract(new InMemory());

public sealed class GrantsInMemoryKept() : GrantContract(new InMemoryKept());

public sealed class GrantsOnSqlite() : GrantContract(new OnSqlite());
