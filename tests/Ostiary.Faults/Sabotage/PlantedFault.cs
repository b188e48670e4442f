using Ostiary.Faults.Nemeses;
using Ostiary.Server.Stores;

namespace Ostiary.Faults.Sabotage;

/// <summary>One safeguard that is off, and the kind of trouble in which that must show.</summary>
internal sealed record PlantedFault(string Name, string What)
{
    public Func<IStores, IStores> Break { get; init; } = stores => stores;
    public Func<TimeProvider, TimeProvider> Clock { get; init; } = time => time;
    public Func<INemesis> Nemesis { get; init; } = () => new Peace();
    public string Store { get; init; } = "sqlite";
    public int Seconds { get; init; } = 7;

    // csharpier-ignore
    public static IReadOnlyList<PlantedFault> All { get; } =
    [
        new("generation-not-compared", "the conditional write of a rotation does not compare the generation")
            { Break = stores => new BrokenStores(stores) { Grants = new AnyGeneration(stores.Grants) } },
        new("code-twice", "a code is read as unused and then marked, in two steps")
            { Break = stores => new BrokenStores(stores) { Grants = new CodeTwice(stores.Grants) } },
        new("answer-before-write", "an effect is acknowledged before it is written")
            { Break = stores => new BrokenStores(stores) { Grants = new LateWrites(stores.Grants) }, Nemesis = () => new Kill() },
        new("replay-ends-nothing", "a replayed code is refused and its grant lives on")
            { Break = stores => new BrokenStores(stores) { Grants = new SparedGrants(stores.Grants, Server.Grants.GrantEnd.CodeReplayed) } },
        new("reuse-ends-nothing", "a reused refresh token is refused and its grant lives on")
            { Break = stores => new BrokenStores(stores) { Grants = new SparedGrants(stores.Grants, Server.Grants.GrantEnd.RefreshTokenReused) } },
        new("revocation-ends-nothing", "a revocation is acknowledged and not done")
            { Break = stores => new BrokenStores(stores) { Grants = new SparedGrants(stores.Grants, Server.Grants.GrantEnd.RevokedByClient) } },
        new("once-forgotten", "one-time ids are kept in memory only")
            { Break = stores => new BrokenStores(stores) { OneTime = new ForgetfulOnce() }, Nemesis = () => new Kill() },
        new("feed-not-written", "a revoked token is not entered into the feed of changes")
            { Break = stores => new BrokenStores(stores) { Changes = new SilentFeed(stores.Changes) }, Nemesis = () => new Kill() },
        new("client-not-bound", "codes and refresh tokens are taken from any client")
            { Break = stores => new BrokenStores(stores) { Grants = new AnyClient(stores.Grants) } },
        new("window-for-ever", "the previous refresh token is a retry for ever")
            { Break = stores => new BrokenStores(stores) { Grants = new MovedWindow(stores.Grants, isOpen: true) }, Seconds = 14 },
        new("window-closed", "no retry is taken for one")
            { Break = stores => new BrokenStores(stores) { Grants = new MovedWindow(stores.Grants, isOpen: false) } },
        new("key-unpublished", "a new key signs before verifiers can know it")
            { Break = stores => new BrokenStores(stores) { Documents = new HastyKeys(stores.Documents) } },
        new("clock-stands", "the server's clock stands still: nothing expires")
            { Clock = time => new StoppedClock(time), Seconds = 22 },
        new("change-not-kept", "changes of the configuration are acknowledged and kept in memory only")
            { Break = stores => new BrokenStores(stores) { Documents = new ForgetfulDocuments(stores.Documents) }, Nemesis = () => new Kill() },
        new("answers-crossed", "now and then a read gives another person's grant")
            { Break = stores => new BrokenStores(stores) { Grants = new CrossedGrants(stores.Grants) } },
        new("old-copy-unfenced", "a copy of the data from before is put back and started as if nothing had been lost")
            { Nemesis = () => new OldCopy() },
        new("full-disk-ignored", "a write that fails is answered as done")
            { Break = stores => new BrokenStores(stores) { Grants = new DeafGrants(stores.Grants) }, Nemesis = () => new FailingDisk() },
    ];
}
