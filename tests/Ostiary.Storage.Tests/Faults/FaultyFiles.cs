using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests.Faults;

/// <summary>A disk that can be full, or fail.</summary>
internal sealed class FaultyFiles : StorageFiles
{
    private const int NoSpace = 28;
    private const int InputOutputError = 5;

    public bool Full { get; set; }
    public bool FlushFails { get; set; }
    public bool TruncateFails { get; set; }
    public string? RenameFailsTo { get; set; }

    public int Flushes { get; private set; }

    public override void Write(FileStream file, ReadOnlySpan<byte> bytes, long offset)
    {
        if (!Full)
        {
            base.Write(file, bytes, offset);
            return;
        }
        // What fits is written, as a real disk does it.
        base.Write(file, bytes[..(bytes.Length / 2)], offset);
        throw new IOException("No space left on device", NoSpace);
    }

    public override void Flush(FileStream file)
    {
        Flushes++;
        if (FlushFails)
            throw new IOException("Input/output error", InputOutputError);
        base.Flush(file);
    }

    public override void Truncate(FileStream file, long length)
    {
        if (TruncateFails)
            throw new IOException("Input/output error", InputOutputError);
        base.Truncate(file, length);
    }

    public override void Rename(string from, string to)
    {
        if (RenameFailsTo is { } name && Path.GetFileName(to) == name)
            throw new IOException("Input/output error", InputOutputError);
        base.Rename(from, to);
    }
}
