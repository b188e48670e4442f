using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Storage.Sqlite;

namespace Ostiary.Storage.Tests.Contract;

/// <summary>An engine under test, on a directory of its own.</summary>
public abstract class StoreEngine : IDisposable
{
    private readonly string root = System.IO.Directory.CreateTempSubdirectory("ostiary-store-").FullName;

    protected StoreEngine() => System.IO.Directory.CreateDirectory(Directory);

    public string Directory => Path.Combine(root, "live");

    public ValueTask<IStores> OpenAsync(TimeProvider time) => OpenAsync(Directory, time);

    /// <summary>Opens a copy of the files as they lie there now, which is what a killed process leaves.</summary>
    public virtual ValueTask<IStores> OpenCopyAsync(TimeProvider time)
    {
        var copy = System.IO.Directory.CreateDirectory(Path.Combine(root, "copy")).FullName;
        foreach (var file in System.IO.Directory.EnumerateFiles(Directory))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return OpenAsync(copy, time);
    }

    public void Dispose() => System.IO.Directory.Delete(root, recursive: true);

    protected abstract ValueTask<IStores> OpenAsync(string directory, TimeProvider time);
}

public sealed class InMemory : StoreEngine
{
    protected override async ValueTask<IStores> OpenAsync(string directory, TimeProvider time) =>
        await MemoryStores.OpenAsync(null, time, CancellationToken.None);
}

public sealed class InMemoryKept : StoreEngine
{
    protected override async ValueTask<IStores> OpenAsync(string directory, TimeProvider time) =>
        await MemoryStores.OpenAsync(directory, time, CancellationToken.None);
}

public sealed class OnSqlite : StoreEngine
{
    protected override async ValueTask<IStores> OpenAsync(string directory, TimeProvider time) =>
        await SqliteStores.OpenAsync(Path.Combine(directory, "ostiary.db"), time, CancellationToken.None);
}
