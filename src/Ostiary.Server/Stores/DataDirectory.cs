using System.Globalization;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Stores;

/// <summary>The directory in which an issuer keeps everything. One process at a time has it open.</summary>
public sealed class DataDirectory : IDisposable
{
    private const int Format = 1;
    private const UnixFileMode OnlyOwner = StorageFiles.OnlyOwner | UnixFileMode.UserExecute;

    private readonly FileStream door;

    private DataDirectory(string path, FileStream door) => (Path, this.door) = (path, door);

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Makes the directory where there is none, keeps every other process out, and refuses what a newer version wrote.</summary>
    public static DataDirectory Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        Make(full);
        var door = Lock(full);
        try
        {
            CheckFormat(full);
            return new(full, door);
        }
        catch
        {
            door.Dispose();
            throw;
        }
    }

    public void Dispose() => door.Dispose();

    private static void Make(string path)
    {
        if (System.IO.File.Exists(path))
            throw new StoreException(Reason.DataDirectoryUnusable, $"{path} is a file, not a directory.");
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, OnlyOwner);
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            throw new StoreException(Reason.DataDirectoryUnusable, $"The directory {path} cannot be made.", fault);
        }
    }

    private static FileStream Lock(string directory)
    {
        const int WouldBlock = 11;
        var path = System.IO.Path.Combine(directory, "lock");
        try
        {
            return StorageFiles.Open(path, FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException fault) when (fault.HResult == WouldBlock)
        {
            throw new StoreException(Reason.StorageInUse, $"Another process has the data directory {directory} open.", fault);
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            throw StorageFault.Of(fault, path);
        }
    }

    private static void CheckFormat(string directory)
    {
        var path = System.IO.Path.Combine(directory, "format");
        try
        {
            if (!System.IO.File.Exists(path))
            {
                Begin(directory, path);
                return;
            }
            var text = System.IO.File.ReadAllText(path).Trim();
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var format) || format < 1)
                throw new StoreException(Reason.StorageDamaged, $"{path} does not hold the number of a format.");
            if (format > Format)
                throw StorageFault.Newer(directory, format, Format);
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            throw StorageFault.Of(fault, path);
        }
    }

    private static void Begin(string directory, string path)
    {
        var temporary = path + ".tmp";
        // A further node of a storage begins with the keys of the others, and a server with issuers that were restored.
        if (
            Directory
                .EnumerateFileSystemEntries(directory)
                .Any(entry => System.IO.Path.GetFileName(entry) is not ("lock" or "format.tmp" or "keys" or "issuers"))
        )
            throw new StoreException(
                Reason.DataDirectoryUnusable,
                $"{directory} is not empty and not a data directory: it has no file named format."
            );
        var files = new StorageFiles();
        using (var file = StorageFiles.Create(temporary))
        {
            files.Write(file, "1\n"u8, 0);
            files.Flush(file);
        }
        files.Rename(temporary, path);
    }
}
