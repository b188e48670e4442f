using Ostiary.Cli.Administration;

namespace Ostiary.Cli.Diagnosis;

/// <summary>What is wrong with a data directory. Nothing in it is opened or changed.</summary>
internal static class DataDirectoryChecks
{
    private const long LittleSpace = 256L * 1024 * 1024;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    public static async Task<IReadOnlyList<Finding>> RunAsync(string data, CancellationToken ct)
    {
        if (!Directory.Exists(data))
            return [new("Data directory", Outcome.Fail, $"{data} does not exist", "name the directory of the server: --data DIR")];
        return [Permissions(data), Writable(data), MasterKey(data), Space(data), await RunningAsync(data, ct)];
    }

    private static Finding Permissions(string data) =>
        (File.GetUnixFileMode(data) & Others) == 0
            ? Finding.Pass("Data directory", $"{data}, of its owner alone")
            : new("Data directory", Outcome.Warn, $"{data} can be entered by others than its owner", $"chmod 700 {data}");

    private static Finding Writable(string data)
    {
        var probe = Path.Combine(data, ".doctor");
        try
        {
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return Finding.Pass("Writing", "a file can be made there");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new("Writing", Outcome.Fail, failure.Message, $"make {data} writable for the account of the server");
        }
    }

    private static Finding MasterKey(string data)
    {
        var key = Path.Combine(data, "keys", "master.key");
        if (!File.Exists(key))
            return Finding.Pass("Key file", "none yet; the first start makes it");
        if ((File.GetUnixFileMode(key) & Others) != 0)
            return new("Key file", Outcome.Fail, $"{key} can be read by others than its owner", $"chmod 600 {key}");
        return new FileInfo(key).Length == 32
            ? Finding.Pass("Key file", $"{key}, of its owner alone")
            : new("Key file", Outcome.Fail, $"{key} does not hold 32 bytes", "restore the file from a backup");
    }

    private static Finding Space(string data)
    {
        var drive = new DriveInfo(data);
        return drive.AvailableFreeSpace >= LittleSpace
            ? Finding.Pass("Free space", $"{drive.AvailableFreeSpace / (1024 * 1024)} MB")
            : new("Free space", Outcome.Fail, $"{drive.AvailableFreeSpace / (1024 * 1024)} MB are left", $"make room on the file system of {data}");
    }

    private static async Task<Finding> RunningAsync(string data, CancellationToken ct)
    {
        var running = await AdminChannels.OfRunningAsync(data, TimeSpan.FromSeconds(5), ct);
        if (running is null)
            return Finding.Pass("Server", "none runs on this directory");
        await running.DisposeAsync();
        return Finding.Pass("Server", "one runs on this directory and answers on its socket");
    }
}
