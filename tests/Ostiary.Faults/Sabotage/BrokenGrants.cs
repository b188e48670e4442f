using System.Collections.Concurrent;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Faults.Sabotage;

/// <summary>Rotates from whatever generation there is.</summary>
internal sealed class AnyGeneration(IGrantStore inner) : PassingGrants(inner)
{
    public override async ValueTask<bool> TryRotateAsync(GrantId id, int generation, DateTimeOffset now, CancellationToken ct)
    {
        for (var attempt = 0; attempt < 20; attempt++)
            if (await Inner.FindAsync(id, ct) is { } grant && await Inner.TryRotateAsync(id, grant.Generation, now, ct))
                return true;
        return false;
    }
}

/// <summary>Reads that a code is unused, and marks it used a moment later, whoever else did the same meanwhile.</summary>
internal sealed class CodeTwice(IGrantStore inner) : PassingGrants(inner)
{
    public override async ValueTask<bool> TryRedeemAsync(Grant grant, DateTimeOffset grantExpiresAt, DateTimeOffset now, CancellationToken ct)
    {
        if (await Inner.FindAsync(grant.Id, ct) is not { Status: GrantStatus.Approved })
            return false;
        await Task.Delay(5, ct);
        await Inner.TryRedeemAsync(grant, grantExpiresAt, now, ct);
        return true;
    }
}

/// <summary>Ends for one reason are told and not done.</summary>
internal sealed class SparedGrants(IGrantStore inner, GrantEnd spared) : PassingGrants(inner)
{
    public override ValueTask<bool> TryEndAsync(GrantId id, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        end == spared ? ValueTask.FromResult(true) : Inner.TryEndAsync(id, end, now, ct);
}

/// <summary>Answers at once, from memory, and writes a little later.</summary>
internal sealed class LateWrites(IGrantStore inner) : PassingGrants(inner)
{
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(400);
    private readonly ConcurrentDictionary<GrantId, Grant> _ahead = new();
    private readonly Lock _gate = new();

    public override async ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct) =>
        _ahead.TryGetValue(id, out var grant) ? grant : await Inner.FindAsync(id, ct);

    public override ValueTask<bool> TryRotateAsync(GrantId id, int generation, DateTimeOffset now, CancellationToken ct) =>
        ChangeAsync(
            id,
            grant => grant.IsActive(now) && grant.Generation == generation,
            grant => grant with { Generation = generation + 1, RotatedAt = now, UsedAt = now },
            () => Inner.TryRotateAsync(id, generation, now, CancellationToken.None),
            ct
        );

    public override ValueTask<bool> TryEndAsync(GrantId id, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        ChangeAsync(
            id,
            grant => grant.Status != GrantStatus.Ended,
            grant => grant with { Status = GrantStatus.Ended, End = end, EndedAt = now },
            () => Inner.TryEndAsync(id, end, now, CancellationToken.None),
            ct
        );

    private async ValueTask<bool> ChangeAsync(
        GrantId id,
        Func<Grant, bool> may,
        Func<Grant, Grant> change,
        Func<ValueTask<bool>> write,
        CancellationToken ct
    )
    {
        var read = await Inner.FindAsync(id, ct);
        lock (_gate)
        {
            var grant = _ahead.GetValueOrDefault(id) ?? read;
            if (grant is null || !may(grant))
                return false;
            _ahead[id] = change(grant);
        }
        _ = WriteAsync(write);
        return true;
    }

    private static async Task WriteAsync(Func<ValueTask<bool>> write)
    {
        await Task.Delay(Late);
        await write();
    }
}

/// <summary>The retry window is moved: the last rotation was always just now, or always long ago.</summary>
internal sealed class MovedWindow(IGrantStore inner, bool isOpen) : PassingGrants(inner)
{
    public override async ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct) =>
        await Inner.FindAsync(id, ct) is { RotatedAt: { } at, Status: GrantStatus.Active } grant
            ? grant with
            {
                RotatedAt = isOpen ? at.AddDays(1) : at.AddDays(-1),
            }
            : await Inner.FindAsync(id, ct);
}

/// <summary>Every fortieth read gives what the read before gave.</summary>
internal sealed class CrossedGrants(IGrantStore inner) : PassingGrants(inner)
{
    private int _reads;
    private Grant? _last;

    public override async ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct)
    {
        var grant = await Inner.FindAsync(id, ct);
        if (grant is not { Status: GrantStatus.Active })
            return grant;
        var before = Interlocked.Exchange(ref _last, grant);
        return Interlocked.Increment(ref _reads) % 40 == 0 ? before : grant;
    }
}

/// <summary>Does not hear that a write failed.</summary>
internal sealed class DeafGrants(IGrantStore inner) : PassingGrants(inner)
{
    public override ValueTask<bool> TryRedeemAsync(Grant grant, DateTimeOffset grantExpiresAt, DateTimeOffset now, CancellationToken ct) =>
        DeafAsync(Inner.TryRedeemAsync(grant, grantExpiresAt, now, ct));

    public override ValueTask<bool> TryRotateAsync(GrantId id, int generation, DateTimeOffset now, CancellationToken ct) =>
        DeafAsync(Inner.TryRotateAsync(id, generation, now, ct));

    public override ValueTask<bool> TryEndAsync(GrantId id, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        DeafAsync(Inner.TryEndAsync(id, end, now, ct));

    private static async ValueTask<bool> DeafAsync(ValueTask<bool> write)
    {
        try
        {
            return await write;
        }
        catch (StoreException)
        {
            return true;
        }
    }
}
