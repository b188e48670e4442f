using System.Diagnostics;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests.Faults;

/// <summary>A process that is killed while sixteen callers write loses nothing that it acknowledged, and the next one starts by itself.</summary>
[Trait("Speed", "Slow")]
public sealed class KillTests : IDisposable
{
    private const int Rounds = 10;

    private readonly string root = Directory.CreateTempSubdirectory("ostiary-kill-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task What_was_acknowledged_survives_a_kill(string engine)
    {
        var path = Path.Combine(root, "data");
        var history = new List<Workload.Acknowledged>();
        for (var round = 0; round < Rounds; round++)
        {
            await KillAfterAsync(acknowledgements: 3 + (round * 61), engine, path, history);
            using var directory = DataDirectory.Open(path);
            await using var recovered = await Worker.OpenAsync(engine, directory);
            await Workload.CheckAsync(recovered, history, long.MaxValue);
        }
        Assert.True(history.Count > Rounds);
    }

    private static async Task KillAfterAsync(int acknowledgements, string engine, string path, List<Workload.Acknowledged> history)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment[Worker.EngineVariable] = engine;
        start.Environment[Worker.DirectoryVariable] = path;
        using var worker = Process.Start(start)!;
        try
        {
            for (var seen = 0; seen < acknowledgements; seen++)
                Take(await worker.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
            Assert.Equal(Reason.StorageInUse, Assert.Throws<StoreException>(() => DataDirectory.Open(path)).Reason);
        }
        finally
        {
            worker.Kill();
        }
        while (await worker.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            Take(line);
        await worker.WaitForExitAsync(TestContext.Current.CancellationToken);

        void Take(string? line)
        {
            Assert.NotNull(line);
            if (Worker.Read(line) is { } effect)
                history.Add(effect);
        }
    }
}
