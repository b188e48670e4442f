namespace Ostiary.Server.Stores.Memory;

/// <summary>Everything in memory; in a directory also in a JSON journal and a JSON snapshot, and then every acknowledged write is on the disk.</summary>
public sealed class MemoryStores : IStores
{
    private const long SmallestBound = 8 << 20;

    private readonly IMemoryEngine engine;
    private readonly TimeProvider time;

    private MemoryStores(IMemoryEngine engine, string name, TimeProvider time)
    {
        (this.engine, this.time) = (engine, time);
        Engine = name;
        Grants = new MemoryGrants(engine);
        Sessions = new MemorySessions(engine);
        Consents = new MemoryConsents(engine);
        OneTime = new MemoryOneTime(engine);
        LogoutNotices = new MemoryLogoutNotices(engine);
        Changes = new MemoryChanges(engine);
        Documents = new MemoryDocuments(engine);
        Archive = new MemoryArchive(engine);
        Directory = new MemoryDirectory(engine, time);
    }

    /// <summary>Opens the files in the directory, or makes them; null keeps nothing. A second process is kept out by <see cref="DataDirectory"/>.</summary>
    public static ValueTask<MemoryStores> OpenAsync(string? directory, TimeProvider time, CancellationToken ct) =>
        OpenAsync(directory, time, new StorageFiles(), SmallestBound, ct);

    internal static async ValueTask<MemoryStores> OpenAsync(
        string? directory,
        TimeProvider time,
        StorageFiles files,
        long smallestBound,
        CancellationToken ct
    )
    {
        ct.ThrowIfCancellationRequested();
        if (directory is null)
            return new(new UnkeptEngine(), "memory", time);
        // The work is blocking, and a caller may hold the only thread.
        return new(await Task.Run(() => KeptEngine.Open(files, directory, smallestBound), ct), "memory, kept as json", time);
    }

    /// <summary>The format of the files that this version writes.</summary>
    public static long NewestFormat => SnapshotFile.Format;

    /// <summary>The format of the files in a directory: there has been one only. 0 where there are none.</summary>
    public static long FormatOf(string directory) =>
        File.Exists(Path.Combine(directory, Journal.Name)) || File.Exists(Path.Combine(directory, SnapshotFile.Name)) ? SnapshotFile.Format : 0;

    public string Engine { get; }
    public IGrantStore Grants { get; }
    public ISessionStore Sessions { get; }
    public IConsentStore Consents { get; }
    public IOneTimeStore OneTime { get; }
    public ILogoutNoticeStore LogoutNotices { get; }
    public IChangeFeed Changes { get; }
    public IDocumentStore Documents { get; }
    public IDirectory Directory { get; }
    public IStoreArchive Archive { get; }

    public async ValueTask ProbeAsync(CancellationToken ct) =>
        await engine.WriteAsync(
            state =>
            {
                var probes = (state.Counters.Current(MemoryState.Probe)?.Value ?? 0) + 1;
                state.Counters.Put(MemoryState.Probe, new(MemoryState.Probe, probes));
                return probes;
            },
            ct
        );

    public ValueTask WaitForNewsAsync(TimeSpan patience, CancellationToken ct) => engine.News.WaitAsync(patience, time, ct);

    public ValueTask DisposeAsync() => engine.DisposeAsync();
}
