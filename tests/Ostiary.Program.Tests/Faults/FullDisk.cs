using System.Diagnostics;
using System.Globalization;

namespace Ostiary.Program.Tests.Faults;

/// <summary>A disk of the server that can be made full: a small file system where one may be mounted, elsewhere a process whose files may not grow.</summary>
internal sealed class FullDisk : IAsyncDisposable
{
    private readonly SmallFileSystem? _mounted;

    private FullDisk(SmallFileSystem? mounted) => _mounted = mounted;

    /// <summary>What the server is started through: it is told of a write that fails, not ended by a signal.</summary>
    public string[] Wrapper => _mounted is null ? ["/usr/bin/env", "--ignore-signal=XFSZ"] : [];

    public static async Task<FullDisk> MakeAsync(string path, bool mount) => new(mount ? await SmallFileSystem.MountAsync(path) : null);

    public async Task FillAsync(RunningServer server)
    {
        if (_mounted is null)
            await LimitAsync(server, "0:unlimited");
        else
            _mounted.Fill();
    }

    public async Task FreeAsync(RunningServer server)
    {
        if (_mounted is null)
            await LimitAsync(server, "unlimited:unlimited");
        else
            _mounted.Free();
    }

    public ValueTask DisposeAsync() => _mounted?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task LimitAsync(RunningServer server, string bytes)
    {
        var process = server.ProcessId.ToString(CultureInfo.InvariantCulture);
        using var limit = Process.Start("/usr/bin/prlimit", ["--pid", process, "--fsize=" + bytes]);
        await limit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, limit.ExitCode);
    }
}
