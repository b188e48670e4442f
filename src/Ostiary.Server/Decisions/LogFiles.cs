using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Decisions;

/// <summary>How much of the log is kept: files of about this size, this many of them. Default: 16 files of 64 MB.</summary>
public sealed record LogRetention(long FileSize = 64 * 1024 * 1024, int Files = 16);

/// <summary>Appends the lines of one node to its files. One writer per node and directory.</summary>
internal sealed class LogFiles : ILogTarget
{
    /// <summary>Bytes: the lines of all requests that are under way at once.</summary>
    private const int LeastReserve = 128 * 1024;
    private const int ReserveStep = 512 * 1024;

    private readonly LogDirectory _directory;
    private readonly string _node;
    private readonly LogRetention _retention;
    private readonly Func<LogHead, string?> _prove;
    private readonly Func<FileStream, IAppendFile> _open;
    private readonly FileStream _lock;
    private Exception? _lost;
    private int _number;
    private long _length;
    private long _reserved;
    private bool _torn;
    private LogHead _last;
    private volatile IAppendFile _file;

    public LogFiles(string path, string node, LogRetention retention, Func<LogHead, string?> prove, Func<FileStream, IAppendFile>? open = null)
    {
        Directory.CreateDirectory(path);
        _directory = new LogDirectory(path);
        _node = node;
        _retention = retention;
        _prove = prove;
        _open = open ?? (stream => new AppendFile(stream));
        _lock = Lock(_directory.LockOf(node));
        try
        {
            _file = Recover();
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    public LogHead Head { get; private set; }

    /// <summary>Set where the end of the log was damaged and moved aside: the file that has it.</summary>
    public string? MovedAside { get; private set; }

    public IReadOnlyList<LogChain> Chains() => _directory.Chains();

    public void Reserve()
    {
        ThrowIfLost();
        if (_reserved - _length >= LeastReserve)
            return;
        _file.Reserve(_length, ReserveStep);
        _reserved = _length + ReserveStep;
    }

    public void Append(ReadOnlySpan<byte> line, LogHead head)
    {
        ThrowIfLost();
        if (_torn)
            Cut();
        if (_length > 0 && _length + line.Length > _retention.FileSize)
            Roll();
        try
        {
            _file.Write(line, _length);
        }
        catch
        {
            _torn = true;
            Cut();
            throw;
        }
        _length += line.Length;
        _last = head;
    }

    public void Flush() => Flush(_file);

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }

    private void ThrowIfLost()
    {
        if (_lost is not null)
            throw new IOException("The disk has lost a part of the event log.", _lost);
    }

    private void Cut()
    {
        _file.SetLength(_length);
        _torn = false;
    }

    // What the system could not write it may have dropped, so no later flush can be believed.
    private void Flush(IAppendFile file)
    {
        try
        {
            file.Flush();
        }
        catch (IOException fault)
        {
            _lost = fault;
            throw;
        }
    }

    private void Roll()
    {
        var next = Open(_number + 1);
        var full = _file;
        _file = next;
        _number++;
        _length = 0;
        _reserved = 0;
        Flush(full);
        full.Dispose();
        try
        {
            Retain();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or StoreException)
        {
            // The next roll tries again.
        }
    }

    private void Retain()
    {
        var numbers = _directory.Numbers(_node);
        var surplus = numbers.Count - Math.Max(_retention.Files, 1);
        if (surplus <= 0)
            return;
        var removed = numbers[surplus - 1];
        var end = LogRecovery.LastLine(_directory.PathOf(_node, removed));
        if (end is null)
            return;
        // The index goes first: files that it names and that are still there are removed at the next opening.
        _directory.WriteIndex(_node, end.Value, _prove(end.Value));
        foreach (var number in numbers.Take(surplus))
            File.Delete(_directory.PathOf(_node, number));
    }

    private IAppendFile Recover()
    {
        var anchor = _directory.ReadIndex(_node);
        var numbers = _directory.Numbers(_node);
        _number = numbers.Count > 0 ? numbers[^1] : 1;
        var removed = _directory.Removed(_node, numbers, anchor);
        foreach (var number in numbers.Take(Math.Min(removed, numbers.Count - 1)))
            File.Delete(_directory.PathOf(_node, number));
        numbers.RemoveRange(0, removed);
        _last = anchor.Head;
        for (var i = numbers.Count - 1; i >= 0; i--)
        {
            var end = LogRecovery.Recover(_directory.PathOf(_node, numbers[i]));
            MovedAside ??= end.MovedAside;
            if (end.Head is not { } head)
                continue;
            _last = head;
            break;
        }
        Head = _last;
        return Open(_number);
    }

    private IAppendFile Open(int number)
    {
        var stream = LogDirectory.OpenOwn(_directory.PathOf(_node, number), FileMode.OpenOrCreate);
        _length = stream.Length;
        return _open(stream);
    }

    private static FileStream Lock(string file)
    {
        try
        {
            return LogDirectory.OpenOwn(file, FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new StoreException(
                Reason.StorageInUse,
                string.Create(CultureInfo.InvariantCulture, $"Another server writes this event log: {file} is locked."),
                fault
            );
        }
    }
}

/// <summary>The three things that are done to a log file.</summary>
internal interface IAppendFile : IDisposable
{
    /// <summary>Takes space behind the end without making the file longer.</summary>
    void Reserve(long offset, long length);
    void Write(ReadOnlySpan<byte> bytes, long offset);
    void SetLength(long length);
    void Flush();
}

internal sealed partial class AppendFile(FileStream stream) : IAppendFile
{
    public void Reserve(long offset, long length)
    {
        const int KeepSize = 1;
        const int NoSpace = 28;
        const int QuotaExceeded = 122;
        if (!OperatingSystem.IsLinux() || Allocate(stream.SafeFileHandle, KeepSize, offset, length) == 0)
            return;
        // Any other fault: a file system that cannot, and there each line finds its space or does not.
        if (Marshal.GetLastPInvokeError() is NoSpace or QuotaExceeded)
            throw new IOException("There is no space for the event log.");
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(stream.SafeFileHandle, bytes, offset);

    public void SetLength(long length) => RandomAccess.SetLength(stream.SafeFileHandle, length);

    public void Flush() => RandomAccess.FlushToDisk(stream.SafeFileHandle);

    public void Dispose() => stream.Dispose();

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);
}
