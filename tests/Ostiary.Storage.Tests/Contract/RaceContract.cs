using Ostiary.Server.Grants;

namespace Ostiary.Storage.Tests.Contract;

/// <summary>Of any number of concurrent callers exactly one wins, each time.</summary>
[Trait("Speed", "Slow")]
public abstract class RaceContract(StoreEngine engine) : StoreContract(engine)
{
    private const int Callers = 200;

    private const int Rounds = 200;
    private const int FewerRounds = Rounds / 5;

    [Fact, Trait("Spec", "RFC 6749 §4.1.2")]
    public async Task Of_200_redemptions_exactly_one_wins_each_time()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var grant = Samples.Approved();
            await Stores.Grants.TryCreateAsync(grant, Ct);
            Assert.Equal(1, await RaceAsync(Callers, _ => Stores.Grants.TryRedeemAsync(grant, Start.AddDays(1), Start, Ct)));
            Assert.Equal(1, (await Stores.Grants.FindAsync(grant.Id, Ct))!.Generation);
        }
    }

    [Fact]
    public async Task Of_200_approvals_exactly_one_wins_and_it_is_the_one_that_is_kept()
    {
        for (var round = 0; round < FewerRounds; round++)
        {
            var grant = Samples.Requested();
            await Stores.Grants.TryCreateAsync(grant, Ct);
            var winner = "";
            var won = await RaceAsync(
                Callers,
                async caller =>
                {
                    var approval = Samples.Approval with { Subject = $"person {caller}" };
                    if (!await Stores.Grants.TryApproveAsync(grant.Id, approval, Start.AddMinutes(1), Start, Ct))
                        return false;
                    winner = approval.Subject;
                    return true;
                }
            );
            Assert.Equal(1, won);
            Assert.Equal(winner, (await Stores.Grants.FindAsync(grant.Id, Ct))!.Approval!.Subject);
        }
    }

    [Fact, Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task Of_200_rotations_of_one_generation_exactly_one_wins()
    {
        var grant = Samples.Active();
        await Stores.Grants.TryCreateAsync(grant, Ct);
        for (var generation = 1; generation <= FewerRounds; generation++)
        {
            var live = generation;
            Assert.Equal(1, await RaceAsync(Callers, _ => Stores.Grants.TryRotateAsync(grant.Id, live, Start, Ct)));
        }
        Assert.Equal(FewerRounds + 1, (await Stores.Grants.FindAsync(grant.Id, Ct))!.Generation);
    }

    [Fact]
    public async Task Of_200_ends_exactly_one_wins_and_the_feed_has_one_entry()
    {
        for (var round = 0; round < FewerRounds; round++)
        {
            var grant = Samples.Active();
            await Stores.Grants.TryCreateAsync(grant, Ct);
            Assert.Equal(1, await RaceAsync(Callers, _ => Stores.Grants.TryEndAsync(grant.Id, GrantEnd.LoggedOut, Start, Ct)));
        }
        Assert.Equal(FewerRounds, (await Stores.Changes.ReadAsync(0, 1000, Ct)).Count);
    }

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task Of_200_uses_of_a_one_time_key_exactly_one_wins()
    {
        for (var round = 0; round < FewerRounds; round++)
        {
            var key = $"key {round}";
            Assert.Equal(1, await RaceAsync(Callers, _ => Stores.OneTime.TryAddOnceAsync(key, Start.AddMinutes(1), Start, Ct)));
            // The key is free again when it is over, for one.
            Assert.Equal(1, await RaceAsync(20, _ => Stores.OneTime.TryAddOnceAsync(key, Start.AddMinutes(2), Start.AddMinutes(1), Ct)));
        }
    }

    [Fact]
    public async Task Of_200_commits_at_one_revision_exactly_one_wins_whole()
    {
        for (var round = 0; round < FewerRounds; round++)
        {
            var revision = (long)round;
            var won = await RaceAsync(
                Callers,
                caller => Stores.Documents.TryCommitAsync([new("client", "a", $"{caller}"), new("client", "b", $"{caller}")], revision, Ct)
            );
            Assert.Equal(1, won);
            var set = await Stores.Documents.LoadAsync(Ct);
            Assert.Equal(revision + 1, set.Revision);
            Assert.Equal(set.Documents[0].Json, set.Documents[1].Json);
        }
    }

    [Fact]
    public async Task An_acknowledged_end_is_the_end_however_many_rotate()
    {
        for (var round = 0; round < FewerRounds; round++)
        {
            var grant = Samples.Active();
            await Stores.Grants.TryCreateAsync(grant, Ct);
            var after = 0;
            var ended = 0;
            await RaceAsync(
                40,
                async caller =>
                {
                    if (caller == 20)
                    {
                        Assert.True(await Stores.Grants.TryEndAsync(grant.Id, GrantEnd.RefreshTokenReused, Start, Ct));
                        Volatile.Write(ref ended, 1);
                        Assert.Equal(GrantStatus.Ended, (await Stores.Grants.FindAsync(grant.Id, Ct))!.Status);
                        return true;
                    }
                    for (var generation = 1; generation < 10; generation++)
                    {
                        var late = Volatile.Read(ref ended) == 1;
                        if (await Stores.Grants.TryRotateAsync(grant.Id, generation, Start, Ct) && late)
                            Interlocked.Increment(ref after);
                    }
                    return true;
                }
            );
            Assert.Equal(0, after);
            Assert.Equal(GrantStatus.Ended, (await Stores.Grants.FindAsync(grant.Id, Ct))!.Status);
        }
    }
}

public sealed class RacesInMemory() : RaceContract(new InMemory());

public sealed class RacesInMemoryKept() : RaceContract(new InMemoryKept());

public sealed class RacesOnSqlite() : RaceContract(new OnSqlite());
