using System.Globalization;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Storage.Sqlite;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests.Faults;

/// <summary>This program as a process to be killed: it writes to a store and says on its output what was acknowledged.</summary>
internal static class Worker
{
    public const string EngineVariable = "OSTIARY_TEST_WORKER_ENGINE";
    public const string DirectoryVariable = "OSTIARY_TEST_WORKER_DIRECTORY";

    private const int Callers = 16;

    public static async Task<bool> TryRunAsync()
    {
        if (Environment.GetEnvironmentVariable(EngineVariable) is not { } engine)
            return false;
        await RunAsync(engine, Environment.GetEnvironmentVariable(DirectoryVariable)!);
        return true;
    }

    public static async Task<IStores> OpenAsync(string engine, DataDirectory directory) =>
        engine == "memory"
            ? await MemoryStores.OpenAsync(directory.File("json"), new SettableTime(), new StorageFiles(), 200_000, CancellationToken.None)
            : await SqliteStores.OpenAsync(directory.File("ostiary.db"), new SettableTime(), CancellationToken.None);

    public static string Line(Workload.Acknowledged effect) =>
        string.Create(CultureInfo.InvariantCulture, $"{effect.Id} {(int)effect.Status} {effect.Generation}.");

    public static Workload.Acknowledged? Read(string line)
    {
        var words = line.TrimEnd('.').Split(' ');
        // The last line may have been cut by the kill.
        if (!line.EndsWith('.') || words.Length != 3 || !GrantId.TryParse(words[0], out var id))
            return null;
        return new(id, (GrantStatus)int.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture), 0);
    }

    private static async Task RunAsync(string engine, string path)
    {
        using var directory = DataDirectory.Open(path);
        var stores = await OpenAsync(engine, directory);
        var output = Console.Out;
        var seed = Environment.ProcessId * 1_000_000L;
        Samples.Continue(seed);
        var work = new Workload(stores, effect => output.WriteLine(Line(effect)));
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => LiveAsync(work, caller))));
    }

    private static async Task LiveAsync(Workload work, int caller)
    {
        for (var i = 0; ; i++)
            await work.LiveAsync(ends: (caller + i) % 2 == 0, () => 0);
    }
}
