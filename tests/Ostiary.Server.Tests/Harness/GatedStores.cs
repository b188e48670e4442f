using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Harness;

/// <summary>Stores whose revocations and probes wait at a gate until a test opens it.</summary>
public sealed class GatedStores(IStores inner) : IStores, IChangeFeed
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;
    private int _probes;

    public int Waiting => Volatile.Read(ref _waiting);
    public int Probes => Volatile.Read(ref _probes);
    public string Engine => inner.Engine;
    public IGrantStore Grants => inner.Grants;
    public ISessionStore Sessions => inner.Sessions;
    public IConsentStore Consents => inner.Consents;
    public IOneTimeStore OneTime => inner.OneTime;
    public ILogoutNoticeStore LogoutNotices => inner.LogoutNotices;
    public IChangeFeed Changes => this;
    public IDocumentStore Documents => inner.Documents;
    public IDirectory Directory => inner.Directory;
    public IStoreArchive Archive => inner.Archive;

    public TimeSpan Retention
    {
        get => inner.Changes.Retention;
        set => inner.Changes.Retention = value;
    }

    public void Open() => _gate.SetResult();

    /// <summary>Waits until this many stand at the gate.</summary>
    public async Task GatheredAsync(int count)
    {
        while (Waiting < count)
            await Task.Delay(5, TestContext.Current.CancellationToken);
    }

    public async ValueTask ProbeAsync(CancellationToken ct)
    {
        Interlocked.Increment(ref _probes);
        await _gate.Task;
        await inner.ProbeAsync(ct);
    }

    public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => inner.WaitForNewsAsync(patience, ct);

    public async ValueTask<long> AppendAsync(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now, CancellationToken ct)
    {
        Interlocked.Increment(ref _waiting);
        await _gate.Task;
        return await inner.Changes.AppendAsync(kind, id, until, now, ct);
    }

    public ValueTask<IReadOnlyList<Change>> ReadAsync(long after, int limit, CancellationToken ct) => inner.Changes.ReadAsync(after, limit, ct);

    public ValueTask<int> SweepAsync(DateTimeOffset before, int limit, CancellationToken ct) => inner.Changes.SweepAsync(before, limit, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
