using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests.Contract;

public abstract class SessionContract(StoreEngine engine) : StoreContract(engine)
{
    [Fact]
    public async Task Keeps_every_member_of_a_session()
    {
        var session = Samples.Session();
        var bare = Samples.Session() with { Amr = [], Acr = null, Device = null, Network = null };
        Assert.True(await Stores.Sessions.TryCreateAsync(session, Ct));
        Assert.True(await Stores.Sessions.TryCreateAsync(bare, Ct));
        Assert.Equal(Samples.Text(session), Samples.Text(await Stores.Sessions.FindAsync(session.Id, Ct)));
        Assert.Equal(Samples.Text(bare), Samples.Text(await Stores.Sessions.FindAsync(bare.Id, Ct)));
        Assert.Null(await Stores.Sessions.FindAsync("unknown", Ct));
    }

    [Fact]
    public async Task Refuses_an_id_that_is_taken()
    {
        var session = Samples.Session();
        await Stores.Sessions.TryCreateAsync(session, Ct);
        Assert.False(await Stores.Sessions.TryCreateAsync(Samples.Session("eve") with { Id = session.Id }, Ct));
        Assert.Equal("ada", (await Stores.Sessions.FindAsync(session.Id, Ct))!.Subject);
    }

    [Fact]
    public async Task Touches_until_the_last_instant()
    {
        var session = Samples.Session();
        await Stores.Sessions.TryCreateAsync(session, Ct);
        Assert.False(await Stores.Sessions.TryTouchAsync(session.Id, session.ExpiresAt, Ct));
        Assert.True(await Stores.Sessions.TryTouchAsync(session.Id, session.ExpiresAt - Instant, Ct));
        Assert.Equal(session.ExpiresAt - Instant, (await Stores.Sessions.FindAsync(session.Id, Ct))!.SeenAt);
        Assert.False(await Stores.Sessions.TryTouchAsync("unknown", Start, Ct));
    }

    [Fact]
    public async Task Renews_a_live_session_under_a_new_secret()
    {
        var session = Samples.Session();
        await Stores.Sessions.TryCreateAsync(session, Ct);
        var now = Start.AddMinutes(5);
        Assert.True(await Stores.Sessions.TryRenewAsync(session.Id, "other", ["pwd", "otp"], now.AddHours(1), now, Ct));
        var renewed = (await Stores.Sessions.FindAsync(session.Id, Ct))!;
        Assert.Equal(("other", now, now, now.AddHours(1)), (renewed.SecretHash, renewed.AuthenticatedAt, renewed.SeenAt, renewed.ExpiresAt));
        Assert.Equal((session.CreatedAt, session.Subject), (renewed.CreatedAt, renewed.Subject));
        Assert.Equal(["pwd", "otp"], renewed.Amr);
        Assert.False(await Stores.Sessions.TryRenewAsync(session.Id, "late", [], now.AddDays(1), renewed.ExpiresAt, Ct));
        await Stores.Sessions.TryEndAsync(session.Id, now, Ct);
        Assert.False(await Stores.Sessions.TryRenewAsync(session.Id, "late", [], now.AddDays(1), now, Ct));
    }

    [Fact]
    public async Task Ends_once_and_tells_the_feed()
    {
        var session = Samples.Session();
        await Stores.Sessions.TryCreateAsync(session, Ct);
        Assert.True(await Stores.Sessions.TryEndAsync(session.Id, Start.AddSeconds(1), Ct));
        Assert.False(await Stores.Sessions.TryEndAsync(session.Id, Start.AddSeconds(2), Ct));
        Assert.False(await Stores.Sessions.TryEndAsync("unknown", Start, Ct));
        Assert.False(await Stores.Sessions.TryTouchAsync(session.Id, Start.AddSeconds(2), Ct));
        Assert.Equal(Start.AddSeconds(1), (await Stores.Sessions.FindAsync(session.Id, Ct))!.EndedAt);
        var change = Assert.Single(await Stores.Changes.ReadAsync(0, 10, Ct));
        Assert.Equal((ChangeKind.SessionEnded, session.Id, Start.AddSeconds(1)), (change.Kind, change.Id, change.At));
    }

    [Fact]
    public async Task Does_not_end_what_is_over()
    {
        var session = Samples.Session();
        await Stores.Sessions.TryCreateAsync(session, Ct);
        Assert.False(await Stores.Sessions.TryEndAsync(session.Id, session.ExpiresAt, Ct));
        Assert.Empty(await Stores.Changes.ReadAsync(0, 10, Ct));
        Assert.True(await Stores.Sessions.TryEndAsync(session.Id, session.ExpiresAt - Instant, Ct));
    }

    [Fact]
    public async Task Ends_all_sessions_of_a_subject_but_one()
    {
        var (first, second, kept, foreign) = (Samples.Session(), Samples.Session(), Samples.Session(), Samples.Session("bob"));
        foreach (var session in new[] { first, second, kept, foreign })
            await Stores.Sessions.TryCreateAsync(session, Ct);
        var ended = await Stores.Sessions.EndOfSubjectAsync("ada", kept.Id, Start, Ct);
        Assert.Equal(new[] { first.Id, second.Id }.Order(StringComparer.Ordinal), ended.Order(StringComparer.Ordinal));
        Assert.Null((await Stores.Sessions.FindAsync(kept.Id, Ct))!.EndedAt);
        Assert.Null((await Stores.Sessions.FindAsync(foreign.Id, Ct))!.EndedAt);
        Assert.Equal([kept.Id], await Stores.Sessions.EndOfSubjectAsync("ada", null, Start, Ct));
        Assert.Equal(3, (await Stores.Changes.ReadAsync(0, 10, Ct)).Count);
    }

    [Fact]
    public async Task Sweeps_what_was_over_and_nothing_else()
    {
        var (expired, ended, live) = (Samples.Session() with { ExpiresAt = Start }, Samples.Session(), Samples.Session());
        foreach (var session in new[] { expired, ended, live })
            await Stores.Sessions.TryCreateAsync(session, Ct);
        await Stores.Sessions.TryEndAsync(ended.Id, Start, Ct);
        Assert.Equal(1, await Stores.Sessions.SweepAsync(Start, 1, Ct));
        Assert.Equal(1, await Stores.Sessions.SweepAsync(Start, 9, Ct));
        Assert.Equal(0, await Stores.Sessions.SweepAsync(Start, 9, Ct));
        Assert.NotNull(await Stores.Sessions.FindAsync(live.Id, Ct));
    }
}

public sealed class SessionsInMemory() : SessionContract(new InMemory());

public sealed class SessionsInMemoryKept() : SessionContract(new InMemoryKept());

public sealed class SessionsOnSqlite() : SessionContract(new OnSqlite());
