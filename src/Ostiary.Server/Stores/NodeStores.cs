using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Stores;

/// <summary>
/// The stores as a node uses them. What this node ends is in its memory before the end is acknowledged, so its own feed is never waited for; what lies before
/// a <see cref="Fence"/> is shown as over. An end is not called off when its caller leaves: a thief who presents a stolen credential and hangs up has still shown it.
/// </summary>
internal sealed class NodeStores : IStores
{
    private readonly IStores _inner;

    public NodeStores(IStores inner, EndedTokens ended, Func<Fence?> fence, Func<TimeSpan> longestToken)
    {
        _inner = inner;
        Grants = new NodeGrants(inner.Grants, ended, fence, longestToken);
        Sessions = new FencedSessions(inner.Sessions, fence);
        Consents = new FencedConsents(inner.Consents, fence);
        Directory = new FencedDirectory(inner.Directory, fence);
    }

    public string Engine => _inner.Engine;
    public IGrantStore Grants { get; }
    public ISessionStore Sessions { get; }
    public IConsentStore Consents { get; }
    public IOneTimeStore OneTime => _inner.OneTime;
    public ILogoutNoticeStore LogoutNotices => _inner.LogoutNotices;
    public IChangeFeed Changes => _inner.Changes;
    public IDocumentStore Documents => _inner.Documents;
    public IDirectory Directory { get; }
    public IStoreArchive Archive => _inner.Archive;

    public ValueTask ProbeAsync(CancellationToken ct) => _inner.ProbeAsync(ct);

    public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => _inner.WaitForNewsAsync(patience, ct);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}

internal sealed class NodeGrants(IGrantStore inner, EndedTokens ended, Func<Fence?> fence, Func<TimeSpan> longestToken) : IGrantStore
{
    public ValueTask<bool> TryCreateAsync(Grant grant, CancellationToken ct) => inner.TryCreateAsync(grant, ct);

    public async ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct) =>
        await inner.FindAsync(id, ct) is { } grant ? Fenced.Of(grant, fence()) : null;

    public ValueTask<bool> TryApproveAsync(GrantId id, Approval approval, DateTimeOffset codeExpiresAt, DateTimeOffset now, CancellationToken ct) =>
        inner.TryApproveAsync(id, approval, codeExpiresAt, now, ct);

    public ValueTask<bool> TryRedeemAsync(Grant grant, DateTimeOffset grantExpiresAt, DateTimeOffset now, CancellationToken ct) =>
        inner.TryRedeemAsync(grant, grantExpiresAt, now, ct);

    public ValueTask<bool> TryRotateAsync(GrantId id, int generation, DateTimeOffset now, CancellationToken ct) =>
        inner.TryRotateAsync(id, generation, now, ct);

    public ValueTask<bool> TryTouchAsync(GrantId id, DateTimeOffset now, CancellationToken ct) => inner.TryTouchAsync(id, now, ct);

    public async ValueTask<bool> TryEndAsync(GrantId id, GrantEnd end, DateTimeOffset now, CancellationToken ct)
    {
        var won = await inner.TryEndAsync(id, end, now, CancellationToken.None);
        // Also where another node came first: the caller is told that it has ended.
        Remember([id], now);
        return won;
    }

    public async ValueTask<IReadOnlyList<GrantId>> EndOfSessionAsync(string sessionId, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        Remember(await inner.EndOfSessionAsync(sessionId, end, now, CancellationToken.None), now);

    public async ValueTask<IReadOnlyList<GrantId>> EndOfSubjectAsync(
        string subject,
        string? clientId,
        GrantEnd end,
        DateTimeOffset now,
        CancellationToken ct
    ) => Remember(await inner.EndOfSubjectAsync(subject, clientId, end, now, CancellationToken.None), now);

    public ValueTask<IReadOnlyList<string>> ClientsOfSessionAsync(string sessionId, CancellationToken ct) =>
        inner.ClientsOfSessionAsync(sessionId, ct);

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => inner.SweepAsync(before, limit, ct);

    private IReadOnlyList<GrantId> Remember(IReadOnlyList<GrantId> ids, DateTimeOffset now)
    {
        foreach (var id in ids)
            ended.Add(id, now + longestToken());
        return ids;
    }
}

internal sealed class FencedSessions(ISessionStore inner, Func<Fence?> fence) : ISessionStore
{
    public ValueTask<bool> TryCreateAsync(Session session, CancellationToken ct) => inner.TryCreateAsync(session, ct);

    public async ValueTask<Session?> FindAsync(string id, CancellationToken ct) =>
        await inner.FindAsync(id, ct) is { } session ? Fenced.Of(session, fence()) : null;

    public ValueTask<bool> TryTouchAsync(string id, DateTimeOffset now, CancellationToken ct) => inner.TryTouchAsync(id, now, ct);

    public ValueTask<bool> TryRenewAsync(
        string id,
        string secretHash,
        IReadOnlyList<string> amr,
        DateTimeOffset expiresAt,
        DateTimeOffset now,
        CancellationToken ct
    ) => inner.TryRenewAsync(id, secretHash, amr, expiresAt, now, ct);

    public ValueTask<bool> TryEndAsync(string id, DateTimeOffset now, CancellationToken ct) => inner.TryEndAsync(id, now, CancellationToken.None);

    public ValueTask<IReadOnlyList<string>> EndOfSubjectAsync(string subject, string? exceptId, DateTimeOffset now, CancellationToken ct) =>
        inner.EndOfSubjectAsync(subject, exceptId, now, CancellationToken.None);

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => inner.SweepAsync(before, limit, ct);
}

internal sealed class FencedConsents(IConsentStore inner, Func<Fence?> fence) : IConsentStore
{
    public async ValueTask<Consent?> FindAsync(string subject, string clientId, CancellationToken ct) =>
        await inner.FindAsync(subject, clientId, ct) is { } consent && !Fenced.Hides(consent, fence()) ? consent : null;

    /// <summary>Where one lies behind the fence, nothing was found, and it is that one which is replaced.</summary>
    public async ValueTask<bool> TryPutAsync(Consent consent, Consent? before, CancellationToken ct)
    {
        if (
            before is null
            && fence() is { } since
            && await inner.FindAsync(consent.Subject, consent.ClientId, ct) is { } hidden
            && Fenced.Hides(hidden, since)
        )
            before = hidden;
        return await inner.TryPutAsync(consent, before, ct);
    }

    public ValueTask<bool> TryRemoveAsync(string subject, string clientId, CancellationToken ct) => inner.TryRemoveAsync(subject, clientId, ct);
}

internal sealed class FencedDirectory(IDirectory inner, Func<Fence?> fence) : IDirectory
{
    public async ValueTask<Page<Grant>> GrantsAsync(GrantQuery query, CancellationToken ct)
    {
        var page = await inner.GrantsAsync(query, ct);
        return fence() is null
            ? page
            : page with
            {
                Items = [.. page.Items.Select(g => Fenced.Of(g, fence())).Where(g => !query.LiveOnly || g.Status != GrantStatus.Ended)],
            };
    }

    public async ValueTask<Page<Session>> SessionsAsync(string? subject, string? cursor, int limit, CancellationToken ct)
    {
        var page = await inner.SessionsAsync(subject, cursor, limit, ct);
        return fence() is null ? page : page with { Items = [.. page.Items.Where(s => Fenced.Of(s, fence()).EndedAt is null)] };
    }

    public async ValueTask<IReadOnlyList<Consent>> ConsentsAsync(string subject, CancellationToken ct)
    {
        var consents = await inner.ConsentsAsync(subject, ct);
        return fence() is null ? consents : [.. consents.Where(c => !Fenced.Hides(c, fence()))];
    }

    public ValueTask<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken ct) => inner.CountAsync(ct);
}

/// <summary>What a row looks like behind a fence.</summary>
internal static class Fenced
{
    public static Grant Of(Grant grant, Fence? fence) =>
        fence is null || grant.CreatedAt >= fence.Since || grant.Status == GrantStatus.Ended
            ? grant
            : grant with
            {
                Status = GrantStatus.Ended,
                End = GrantEnd.Fenced,
                EndedAt = fence.Since,
            };

    public static Session Of(Session session, Fence? fence) =>
        fence is null || session.CreatedAt >= fence.Since || session.EndedAt is not null ? session : session with { EndedAt = fence.Since };

    public static bool Hides(Consent consent, Fence? fence) => consent.GrantedAt < fence?.Since;
}
