using Ostiary.Server.Grants;

namespace Ostiary.Server.Stores.Memory;

internal sealed class MemoryGrants(IMemoryEngine engine) : IGrantStore
{
    public ValueTask<bool> TryCreateAsync(Grant grant, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(grant.Status, GrantStatus.Ended);
        var row = grant with
        {
            CreatedAt = StoreTime.Cut(grant.CreatedAt),
            ExpiresAt = StoreTime.Cut(grant.ExpiresAt),
            RotatedAt = StoreTime.Cut(grant.RotatedAt),
            UsedAt = StoreTime.Cut(grant.UsedAt),
        };
        return engine.WriteAsync(
            state =>
            {
                if (state.Grants.Current(row.Id) is not null)
                    return false;
                state.Grants.Put(row.Id, row);
                return true;
            },
            ct
        );
    }

    public ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult(engine.Read(state => state.Grants.Find(id)));
    }

    public ValueTask<bool> TryApproveAsync(GrantId id, Approval approval, DateTimeOffset codeExpiresAt, DateTimeOffset now, CancellationToken ct) =>
        ChangeAsync(
            id,
            now,
            grant => grant.Status == GrantStatus.Requested,
            grant => grant with { Status = GrantStatus.Approved, Approval = approval, ExpiresAt = StoreTime.Cut(codeExpiresAt) },
            ct
        );

    public ValueTask<bool> TryRedeemAsync(Grant grant, DateTimeOffset grantExpiresAt, DateTimeOffset now, CancellationToken ct) =>
        ChangeAsync(
            grant.Id,
            now,
            row => row.Status == GrantStatus.Approved,
            row =>
                row with
                {
                    Status = GrantStatus.Active,
                    Request = row.Request.Redeemed(),
                    Generation = 1,
                    RotatedAt = StoreTime.Cut(now),
                    ExpiresAt = StoreTime.Cut(grantExpiresAt),
                },
            ct
        );

    public ValueTask<bool> TryRotateAsync(GrantId id, int generation, DateTimeOffset now, CancellationToken ct) =>
        ChangeAsync(
            id,
            now,
            grant => grant.Status == GrantStatus.Active && grant.Generation == generation,
            grant => grant with { Generation = generation + 1, RotatedAt = StoreTime.Cut(now), UsedAt = StoreTime.Cut(now) },
            ct
        );

    public ValueTask<bool> TryTouchAsync(GrantId id, DateTimeOffset now, CancellationToken ct) =>
        ChangeAsync(id, now, grant => grant.Status == GrantStatus.Active, grant => grant with { UsedAt = StoreTime.Cut(now) }, ct);

    public ValueTask<bool> TryEndAsync(GrantId id, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync(state => state.Grants.Current(id) is { Status: not GrantStatus.Ended } grant && End(state, grant, end, now), ct);

    public ValueTask<IReadOnlyList<GrantId>> EndOfSessionAsync(string sessionId, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        EndWhereAsync(grant => grant.Approval is { Offline: false } approval && approval.SessionId == sessionId, end, now, ct);

    public ValueTask<IReadOnlyList<GrantId>> EndOfSubjectAsync(
        string subject,
        string? clientId,
        GrantEnd end,
        DateTimeOffset now,
        CancellationToken ct
    ) => EndWhereAsync(grant => grant.Approval?.Subject == subject && (clientId is null || grant.ClientId == clientId), end, now, ct);

    public ValueTask<IReadOnlyList<string>> ClientsOfSessionAsync(string sessionId, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IReadOnlyList<string>>(
            engine.Read(state =>
                state
                    .Grants.Rows.Where(grant => grant.Generation > 0 && grant.Approval?.SessionId == sessionId)
                    .Select(grant => grant.ClientId)
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
                    .ToList()
            )
        );
    }

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                var over = state.Grants.CurrentWhere(grant => grant.ExpiresAt <= before || grant.EndedAt <= before, limit);
                foreach (var grant in over)
                    state.Grants.Remove(grant.Id);
                return over.Count;
            },
            ct
        );

    private ValueTask<bool> ChangeAsync(GrantId id, DateTimeOffset now, Func<Grant, bool> allowed, Func<Grant, Grant> change, CancellationToken ct)
    {
        var at = StoreTime.Cut(now);
        return engine.WriteAsync(
            state =>
            {
                if (state.Grants.Current(id) is not { } grant || at >= grant.ExpiresAt || !allowed(grant))
                    return false;
                state.Grants.Put(id, change(grant));
                return true;
            },
            ct
        );
    }

    private ValueTask<IReadOnlyList<GrantId>> EndWhereAsync(Func<Grant, bool> wanted, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        engine.WriteAsync<IReadOnlyList<GrantId>>(
            state =>
            {
                var grants = state.Grants.CurrentWhere(grant => grant.Status != GrantStatus.Ended && wanted(grant));
                foreach (var grant in grants)
                    End(state, grant, end, now);
                return [.. grants.Select(grant => grant.Id)];
            },
            ct
        );

    private static bool End(MemoryState state, Grant grant, GrantEnd end, DateTimeOffset now)
    {
        state.Grants.Put(grant.Id, grant with { Status = GrantStatus.Ended, End = end, EndedAt = StoreTime.Cut(now) });
        state.Append(ChangeKind.GrantEnded, grant.Id.ToString(), now + state.Retention, now);
        return true;
    }
}
