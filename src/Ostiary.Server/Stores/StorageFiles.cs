using System.Runtime.InteropServices;
using System.Text;

namespace Ostiary.Server.Stores;

/// <summary>The steps on files that must last. Tests put faults in their place.</summary>
internal class StorageFiles
{
    public const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static FileStream Create(string path) => Open(path, FileMode.Create, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Only the owner may read what is made here.</summary>
    public static FileStream Open(string path, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = share,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OnlyOwner;
        return new(path, options);
    }

    public virtual void Write(FileStream file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file.SafeFileHandle, bytes, offset);

    public virtual void Flush(FileStream file) => RandomAccess.FlushToDisk(file.SafeFileHandle);

    public virtual void Truncate(FileStream file, long length) => RandomAccess.SetLength(file.SafeFileHandle, length);

    /// <summary>A new name is durable only when its directory is.</summary>
    public virtual void Rename(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    private static void FlushDirectory(string directory)
    {
        if (!OperatingSystem.IsLinux())
            return;
        const int ReadOnlyCloseOnExec = 0x80000;
        var descriptor = Open(Encoding.UTF8.GetBytes(directory + '\0'), ReadOnlyCloseOnExec);
        if (descriptor < 0)
            throw new IOException($"{directory} cannot be opened.", Marshal.GetLastPInvokeError());
        var flushed = Flush(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (flushed != 0)
            throw new IOException($"{directory} cannot be flushed.", error);
    }

#pragma warning disable SYSLIB1054 // Nothing here needs a generated marshaller.
    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Flush(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
#pragma warning restore SYSLIB1054
}
