using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Faults.Sabotage;

/// <summary>Real stores, of which one part is replaced.</summary>
internal sealed class BrokenStores(IStores inner) : IStores
{
    public string Engine => inner.Engine;
    public IGrantStore Grants { get; init; } = inner.Grants;
    public ISessionStore Sessions => inner.Sessions;
    public IConsentStore Consents => inner.Consents;
    public IOneTimeStore OneTime { get; init; } = inner.OneTime;
    public ILogoutNoticeStore LogoutNotices => inner.LogoutNotices;
    public IChangeFeed Changes { get; init; } = inner.Changes;
    public IDocumentStore Documents { get; init; } = inner.Documents;
    public IDirectory Directory => inner.Directory;
    public IStoreArchive Archive => inner.Archive;

    public ValueTask ProbeAsync(CancellationToken ct) => inner.ProbeAsync(ct);

    public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => inner.WaitForNewsAsync(patience, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>Passes everything on; a fault overrides what it breaks.</summary>
internal class PassingGrants(IGrantStore inner) : IGrantStore
{
    protected IGrantStore Inner => inner;

    public ValueTask<bool> TryCreateAsync(Grant grant, CancellationToken ct) => inner.TryCreateAsync(grant, ct);

    public virtual ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct) => inner.FindAsync(id, ct);

    public ValueTask<bool> TryApproveAsync(GrantId id, Approval approval, DateTimeOffset codeExpiresAt, DateTimeOffset now, CancellationToken ct) =>
        inner.TryApproveAsync(id, approval, codeExpiresAt, now, ct);

    public virtual ValueTask<bool> TryRedeemAsync(Grant grant, DateTimeOffset grantExpiresAt, DateTimeOffset now, CancellationToken ct) =>
        inner.TryRedeemAsync(grant, grantExpiresAt, now, ct);

    public virtual ValueTask<bool> TryRotateAsync(GrantId id, int generation, DateTimeOffset now, CancellationToken ct) =>
        inner.TryRotateAsync(id, generation, now, ct);

    public ValueTask<bool> TryTouchAsync(GrantId id, DateTimeOffset now, CancellationToken ct) => inner.TryTouchAsync(id, now, ct);

    public virtual ValueTask<bool> TryEndAsync(GrantId id, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        inner.TryEndAsync(id, end, now, ct);

    public ValueTask<IReadOnlyList<GrantId>> EndOfSessionAsync(string sessionId, GrantEnd end, DateTimeOffset now, CancellationToken ct) =>
        inner.EndOfSessionAsync(sessionId, end, now, ct);

    public ValueTask<IReadOnlyList<GrantId>> EndOfSubjectAsync(
        string subject,
        string? clientId,
        GrantEnd end,
        DateTimeOffset now,
        CancellationToken ct
    ) => inner.EndOfSubjectAsync(subject, clientId, end, now, ct);

    public ValueTask<IReadOnlyList<string>> ClientsOfSessionAsync(string sessionId, CancellationToken ct) =>
        inner.ClientsOfSessionAsync(sessionId, ct);

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => inner.SweepAsync(before, limit, ct);
}
