using Ostiary.Protocol.Reasons;
using Ostiary.Server.Consents;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Harness;

/// <summary>Stores whose change feed and consents can be made to fail.</summary>
public sealed class FailingStores(IStores inner) : IStores, IChangeFeed, IConsentStore
{
    public bool Fails { get; set; }
    public string Engine => inner.Engine;
    public IGrantStore Grants => inner.Grants;
    public ISessionStore Sessions => inner.Sessions;
    public IConsentStore Consents => this;
    public IOneTimeStore OneTime => inner.OneTime;
    public ILogoutNoticeStore LogoutNotices => inner.LogoutNotices;
    public IChangeFeed Changes => this;
    public IDocumentStore Documents => inner.Documents;
    public IDirectory Directory => inner.Directory;
    public IStoreArchive Archive => inner.Archive;

    public ValueTask ProbeAsync(CancellationToken ct) => inner.ProbeAsync(ct);

    public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => inner.WaitForNewsAsync(patience, ct);

    public TimeSpan Retention
    {
        get => inner.Changes.Retention;
        set => inner.Changes.Retention = value;
    }

    public async ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct)
    {
        MayFail();
        return await inner.Changes.AppendAsync(kind, id, until, now, ct);
    }

    public ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct) => inner.Changes.ReadAsync(after, limit, ct);

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => inner.Changes.SweepAsync(before, limit, ct);

    public ValueTask<Consent?> FindAsync(string subject, string clientId, CancellationToken ct)
    {
        MayFail();
        return inner.Consents.FindAsync(subject, clientId, ct);
    }

    public ValueTask<bool> TryPutAsync(Consent consent, Consent? before, CancellationToken ct) => inner.Consents.TryPutAsync(consent, before, ct);

    public ValueTask<bool> TryRemoveAsync(string subject, string clientId, CancellationToken ct) =>
        inner.Consents.TryRemoveAsync(subject, clientId, ct);

    private void MayFail()
    {
        if (Fails)
            throw new StoreException(Reason.StorageUnavailable, "The storage is away.");
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
