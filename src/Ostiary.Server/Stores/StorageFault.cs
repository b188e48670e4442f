using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Stores;

/// <summary>What the system says when a file cannot be read or written, as one of our reasons.</summary>
public static class StorageFault
{
    // Numbers of Linux.
    private const int InputOutputError = 5;
    private const int FileTooLarge = 27;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaExceeded = 122;

    public static StoreException Of(Exception fault, string path) =>
        fault switch
        {
            StoreException known => known,
            UnauthorizedAccessException => new(Reason.StorageReadOnly, $"{path} cannot be written by this user.", fault),
            IOException { HResult: ReadOnlyFileSystem } => new(Reason.StorageReadOnly, $"{path} is on a file system that cannot be written.", fault),
            IOException { HResult: NoSpace or FileTooLarge or QuotaExceeded } => new(
                Reason.StorageFull,
                $"There is no space left for {path}.",
                fault
            ),
            IOException { HResult: InputOutputError } => new(Reason.StorageUnavailable, $"The disk failed under {path}.", fault),
            _ => new(Reason.StorageUnavailable, $"{path} cannot be read or written.", fault),
        };

    public static bool IsOne(Exception fault) => fault is IOException or UnauthorizedAccessException;

    public static StoreException Damaged(string path, long line) =>
        new(Reason.StorageDamaged, $"{path} is damaged at line {line}; nothing in it was changed.");

    public static StoreException Newer(string path, long format, int known) =>
        new(Reason.StorageNewer, $"{path} has format {format}; this version reads up to {known}. Nothing in it was changed.");
}
