using System.Collections.Concurrent;
using Ostiary.Faults.Records;
using Ostiary.Faults.Town;

namespace Ostiary.Faults.Load;

/// <summary>What a busy server sees, from clients that do right and from clients that do not: all of it legal to ask, and all of it on record.</summary>
internal sealed class Workload(Recorder recorder, Caller caller, Ground ground, IReadOnlyList<Person> people, int seed)
{
    private const int Pool = 24;

    /// <summary>Milliseconds after which a spent refresh token is no retry any more, whoever counts.</summary>
    private const int Late = 4_600;
    private readonly ConcurrentQueue<SignIn> _living = new();
    private readonly ConcurrentQueue<SignIn> _over = new();
    private readonly ConcurrentQueue<SignIn> _resting = new();
    private readonly ConcurrentQueue<(string Family, string Token)> _services = new();
    private readonly ConcurrentQueue<(string Id, string Assertion)> _assertions = new();
    private int _families;

    /// <summary>Until it is told to stop; what is under way then is finished.</summary>
    public Task RunAsync(int browsers, CancellationToken stop, CancellationToken ct) =>
        Task.WhenAll([
            .. Enumerable.Range(0, browsers).Select(i => BrowseAsync(new Random(seed + i), stop, ct)),
            ServeRobotsAsync(new Random(seed + 1000), stop, ct),
        ]);

    /// <summary>After the faults: every family is asked once more, and some codes and assertions are presented again.</summary>
    public async Task ProbeAsync(CancellationToken ct)
    {
        var number = 0;
        foreach (var signIn in _living.Concat(_over.Reverse().Take(120)).DistinctBy(s => s.Family).ToList())
        {
            await ProbeAsync(signIn, number++, ct);
        }
        var service = new Service(recorder, caller, ground.AssertionKey);
        foreach (var (family, token) in _services.Reverse().Take(60))
            await SignIn.UntilKnownAsync(() => service.IntrospectAsync(family, token, ct), ct);
        foreach (var (id, assertion) in _assertions.Reverse().Take(40))
            await SignIn.UntilKnownAsync(() => service.AssertAsync(id, assertion, ct), ct);
    }

    private static async Task ProbeAsync(SignIn signIn, int number, CancellationToken ct)
    {
        if (!signIn.Redeemed)
            await SignIn.UntilKnownAsync(() => signIn.RedeemAsync(ct), ct);
        if (!signIn.Redeemed)
            return;
        await SignIn.UntilKnownAsync(() => signIn.IntrospectAsync(signIn.Access[^1], ct), ct);
        await SignIn.UntilKnownAsync(() => signIn.RefreshAsync(signIn.Refresh[^1], ct), ct);
        if (number % 3 == 0)
            await SignIn.UntilKnownAsync(() => signIn.RedeemAsync(ct), ct);
        else if (number % 3 == 1 && signIn.Refresh.Count > 2)
            await SignIn.UntilKnownAsync(() => signIn.RefreshAsync(signIn.Refresh[0], ct), ct);
        else
            return;
        await SignIn.UntilKnownAsync(() => signIn.RefreshAsync(signIn.Refresh[^1], ct), ct);
        await SignIn.UntilKnownAsync(() => signIn.IntrospectAsync(signIn.Access[^1], ct), ct);
    }

    private async Task BrowseAsync(Random random, CancellationToken stop, CancellationToken ct)
    {
        while (!stop.IsCancellationRequested)
        {
            if (_living.Count < Pool || random.Next(4) == 0)
                await BeginAsync(random, ct);
            if (_resting.TryPeek(out var rested) && recorder.History.Now - rested.RotatedAt > Late && _resting.TryDequeue(out rested))
            {
                await ReuseAsync(rested, ct);
                _over.Enqueue(rested);
            }
            if (!_living.TryDequeue(out var signIn))
                continue;
            await ActAsync(signIn, random, ct);
            (signIn.Over ? _over : _living).Enqueue(signIn);
        }
    }

    private async Task BeginAsync(Random random, CancellationToken ct)
    {
        var person = people[random.Next(10) < 8 ? 0 : 1];
        var signIn = new SignIn(recorder, caller, person, $"f{Interlocked.Increment(ref _families)}");
        var authorized = await SignIn.UntilKnownAsync(() => signIn.AuthorizeAsync(ct), ct);
        if (authorized.Outcome != Outcome.Ok)
            return;
        var way = random.Next(20);
        if (way == 0)
        {
            _living.Enqueue(signIn); // Its code is redeemed later, perhaps too late.
            return;
        }
        if (way is 1 or 2)
            await signIn.RedeemAsync(ct, "stranger");
        if (way is 3 or 4)
            await Task.WhenAll(signIn.RedeemAsync(ct), signIn.RedeemAsync(ct), signIn.RedeemAsync(ct));
        else
            await SignIn.UntilKnownAsync(() => signIn.RedeemAsync(ct), ct);
        if (way is 5 or 6 && signIn.Redeemed)
        {
            await RefreshAsync(signIn, signIn.Refresh[^1], ct);
            _resting.Enqueue(signIn);
            return;
        }
        (signIn.Redeemed ? _living : _over).Enqueue(signIn);
    }

    private async Task ActAsync(SignIn signIn, Random random, CancellationToken ct)
    {
        if (!signIn.Redeemed)
        {
            await SignIn.UntilKnownAsync(() => signIn.RedeemAsync(ct), ct);
            return;
        }
        var newest = signIn.Refresh[^1];
        switch (random.Next(100))
        {
            case < 38:
                await RefreshAsync(signIn, newest, ct);
                break;
            case < 50:
                await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => signIn.RefreshAsync(newest, ct)));
                break;
            case < 58:
                await RefreshAsync(signIn, newest, ct);
                await RefreshAsync(signIn, newest, ct); // The answer was lost on the way: asked again.
                break;
            case < 76:
                await signIn.IntrospectAsync(signIn.Access[random.Next(signIn.Access.Count)], ct);
                break;
            case < 82:
                await signIn.RefreshAsync(newest, ct, "stranger");
                break;
            case < 85:
                await signIn.RevokeAsync(signIn.Access[^1], ct);
                break;
            case < 88:
                await signIn.RevokeAsync(newest, ct, "stranger");
                break;
            case < 93:
                await SignIn.UntilKnownAsync(() => signIn.RevokeAsync(newest, ct), ct);
                await LookAfterTheEndAsync(signIn, ct);
                break;
            case < 95:
                await SignIn.UntilKnownAsync(() => signIn.RedeemAsync(ct), ct);
                await LookAfterTheEndAsync(signIn, ct);
                break;
            default:
                await ReuseAsync(signIn, ct);
                break;
        }
    }

    private static Task<Op> RefreshAsync(SignIn signIn, string token, CancellationToken ct) =>
        SignIn.UntilKnownAsync(() => signIn.RefreshAsync(token, ct), ct);

    /// <summary>A spent token: two generations back, or the last one after the retry window.</summary>
    private async Task ReuseAsync(SignIn signIn, CancellationToken ct)
    {
        var isLate = recorder.History.Now - signIn.RotatedAt > Late;
        if (signIn.Refresh.Count < (isLate ? 2 : 3))
            return;
        await RefreshAsync(signIn, signIn.Refresh[isLate ? ^2 : ^3], ct);
        await LookAfterTheEndAsync(signIn, ct);
    }

    private static async Task LookAfterTheEndAsync(SignIn signIn, CancellationToken ct)
    {
        await signIn.IntrospectAsync(signIn.Access[^1], ct);
        await signIn.RefreshAsync(signIn.Refresh[^1], ct);
    }

    private async Task ServeRobotsAsync(Random random, CancellationToken stop, CancellationToken ct)
    {
        var service = new Service(recorder, caller, ground.AssertionKey);
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var family = $"r{n}";
            var token = await service.TokenAsync(family, ct);
            if (token.Outcome == Outcome.Ok)
            {
                if (n % 2 == 0)
                    await SignIn.UntilKnownAsync(() => service.RevokeAsync(family, token.Access, ct), ct);
                await service.IntrospectAsync(family, token.Access, ct);
                _services.Enqueue((family, token.Access));
            }
            if (_services.Count > 20 && _services.TryPeek(out var old))
                await service.IntrospectAsync(old.Family, old.Token, ct);
            var (id, assertion) = service.NewAssertion();
            _assertions.Enqueue((id, assertion));
            await SignIn.UntilKnownAsync(() => service.AssertAsync(id, assertion, ct), ct);
            if (_assertions.Count > 10 && random.Next(3) == 0)
            {
                var (usedId, used) = _assertions.ElementAt(random.Next(_assertions.Count));
                await service.AssertAsync(usedId, used, ct);
            }
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
