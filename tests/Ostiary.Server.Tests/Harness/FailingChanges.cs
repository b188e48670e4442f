using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Harness;

/// <summary>Stores whose change feed can be made to take nothing.</summary>
public sealed class FailingChanges(IStores inner) : IStores, IChangeFeed
{
    public bool Fails { get; set; }
    public string Engine => inner.Engine;
    public IGrantStore Grants => inner.Grants;
    public ISessionStore Sessions => inner.Sessions;
    public IConsentStore Consents => inner.Consents;
    public IOneTimeStore OneTime => inner.OneTime;
    public IChangeFeed Changes => this;
    public IDocumentStore Documents => inner.Documents;
    public IDirectory Directory => inner.Directory;

    public ValueTask ProbeAsync(CancellationToken ct) => inner.ProbeAsync(ct);

    public async ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct)
    {
        if (Fails)
            throw new StoreException(Reason.StorageUnavailable, "The storage is away.");
        return await inner.Changes.AppendAsync(kind, id, until, now, ct);
    }

    public ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct) => inner.Changes.ReadAsync(after, limit, ct);

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => inner.Changes.SweepAsync(before, limit, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
