using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Storage.Sqlite;

namespace Ostiary.Storage.Tests.Contract;

/// <summary>An engine under test, on a directory of its own.</summary>
public abstract class StoreEngine : IDisposable
{
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("ostiary-store-").FullName;

    public abstract ValueTask<IStores> OpenAsync(TimeProvider time);

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

public sealed class InMemory : StoreEngine
{
    public override async ValueTask<IStores> OpenAsync(TimeProvider time) => await MemoryStores.OpenAsync(null, time, CancellationToken.None);
}

public sealed class InMemoryKept : StoreEngine
{
    public override async ValueTask<IStores> OpenAsync(TimeProvider time) => await MemoryStores.OpenAsync(Directory, time, CancellationToken.None);
}

public sealed class OnSqlite : StoreEngine
{
    public string File => Path.Combine(Directory, "ostiary.db");

    public override async ValueTask<IStores> OpenAsync(TimeProvider time) => await SqliteStores.OpenAsync(File, time, CancellationToken.None);
}
