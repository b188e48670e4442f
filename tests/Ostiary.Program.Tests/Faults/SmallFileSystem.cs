using System.Diagnostics;

namespace Ostiary.Program.Tests.Faults;

/// <summary>A file system of two megabytes, where this process may mount one.</summary>
internal sealed class SmallFileSystem : IAsyncDisposable
{
    private readonly string _path;

    private SmallFileSystem(string path) => _path = path;

    public static async Task<SmallFileSystem?> MountAsync(string path)
    {
        Directory.CreateDirectory(path);
        return await RunAsync("mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "ostiary-test", path) ? new(path) : null;
    }

    /// <summary>Takes all the space that is left.</summary>
    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (var block = new byte[4096]; ; )
                filler.Write(block);
        }
        catch (IOException)
        {
            // Full, as was wanted.
        }
    }

    public void Free() => File.Delete(Filler);

    public async Task MakeReadOnlyAsync() => Assert.True(await RunAsync("mount", "-o", "remount,ro", _path));

    public async ValueTask DisposeAsync() => await RunAsync("umount", "--lazy", _path);

    private string Filler => Path.Combine(_path, "filler");

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
