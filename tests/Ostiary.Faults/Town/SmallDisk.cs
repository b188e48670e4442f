namespace Ostiary.Faults.Town;

/// <summary>A file system of its own in memory, small enough to be full.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    public static async Task<SmallDisk> MountAsync(string path, string size)
    {
        Directory.CreateDirectory(path);
        await Commands.RunAsync("mount", "-t", "tmpfs", "-o", $"size={size},mode=700", "ostiary-faults", path);
        Reaper.OfThisProcess.WatchMount(path);
        return new(path);
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

    public async ValueTask DisposeAsync() => await Commands.RunAsync("umount", "--lazy", _path);

    private string Filler => Path.Combine(_path, "filler");
}
