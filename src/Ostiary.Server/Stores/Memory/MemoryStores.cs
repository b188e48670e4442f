using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Stores.Memory;

/// <summary>Everything in memory. Without a directory it is gone when the process ends.</summary>
public sealed class MemoryStores : IStores
{
    private MemoryStores(TimeProvider time)
    {
        var engine = new MemoryEngine(new());
        Grants = new MemoryGrants(engine);
        Sessions = new MemorySessions(engine);
        Consents = new MemoryConsents(engine);
        OneTime = new MemoryOneTime(engine);
        Changes = new MemoryChanges(engine);
        Documents = new MemoryDocuments(engine);
        Directory = new MemoryDirectory(engine, time);
    }

    public static ValueTask<MemoryStores> OpenAsync(string? directory, TimeProvider time, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (directory is not null)
            throw new StoreException(Reason.StoreUnsupported, "The memory store cannot keep its rows in a directory yet.");
        return ValueTask.FromResult(new MemoryStores(time));
    }

    public string Engine => "memory";
    public IGrantStore Grants { get; }
    public ISessionStore Sessions { get; }
    public IConsentStore Consents { get; }
    public IOneTimeStore OneTime { get; }
    public IChangeFeed Changes { get; }
    public IDocumentStore Documents { get; }
    public IDirectory Directory { get; }

    public ValueTask ProbeAsync(CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
