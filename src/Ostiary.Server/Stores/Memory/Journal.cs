using System.Buffers;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Stores.Memory;

/// <summary>
/// The journal: a head, then one line for each group of writes, each with a checksum carried on from the line before. A group is acknowledged when its line
/// is flushed, so only the last line can be torn, and a torn line was acknowledged to nobody.
/// </summary>
internal sealed class Journal : IDisposable
{
    public const string Name = "journal.jsonl";
    public const int Format = 1;

    private readonly StorageFiles files;
    private readonly FileStream file;
    private readonly string path;
    private readonly ArrayBufferWriter<byte> line = new(4096);
    private uint sum;

    private Journal(StorageFiles files, FileStream file, string path, long number, long length, uint sum)
    {
        (this.files, this.file, this.path, this.sum) = (files, file, path, sum);
        (Number, Length) = (number, length);
    }

    public long Number { get; }
    public long Length { get; private set; }

    /// <summary>Whether it has a line after its head.</summary>
    public bool HasLines { get; private set; }

    /// <summary>Writes an empty journal beside its place, flushed. <see cref="PutInPlace"/> moves it there.</summary>
    public static Journal Create(StorageFiles files, string directory, long number)
    {
        var path = Path.Combine(directory, Name);
        var file = StorageFiles.Create(path + ".tmp");
        try
        {
            var head = Encoding.UTF8.GetBytes($"{{\"ostiary\":\"journal\",\"format\":{Format},\"number\":{number}");
            var sum = Checksum.Add(0, head);
            byte[] whole = [.. head, .. Encoding.UTF8.GetBytes($",\"sum\":\"{Checksum.Text(sum)}\"}}\n")];
            files.Write(file, whole, 0);
            files.Flush(file);
            return new(files, file, path, number, whole.Length, sum);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void PutInPlace() => files.Rename(path + ".tmp", path);

    /// <summary>Opens a journal and applies its lines if it is the one that follows; an older one is closed and null is returned.</summary>
    public static Journal? Open(StorageFiles files, string directory, long expected, MemoryState state)
    {
        var path = Path.Combine(directory, Name);
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        try
        {
            var lines = new Lines(file);
            var (number, sum) = ReadHead(lines, path);
            if (number > expected)
                throw new StoreException(Reason.StorageDamaged, $"{path} at line 1 continues a snapshot that is missing; nothing in it was changed.");
            if (number < expected)
            {
                file.Dispose();
                return null;
            }
            var journal = new Journal(files, file, path, number, lines.End, sum);
            journal.Replay(lines, state);
            return journal;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Appends a group's changes and flushes them. Whatever is thrown, the group is not in the journal unless <see cref="JournalLost"/> is.</summary>
    public void Append(ReadOnlySpan<byte> rows)
    {
        var next = Checksum.Add(sum, rows);
        line.ResetWrittenCount();
        line.Write("{\"sum\":\""u8);
        line.Write(Encoding.ASCII.GetBytes(Checksum.Text(next)));
        line.Write("\",\"rows\":"u8);
        line.Write(rows);
        line.Write("}\n"u8);
        try
        {
            files.Write(file, line.WrittenSpan, Length);
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            CutOff();
            throw StorageFault.Of(fault, path);
        }
        try
        {
            files.Flush(file);
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            throw new JournalLost($"{path} could not be flushed, so the store takes no more writes until it is opened again.", fault);
        }
        Length += line.WrittenCount;
        sum = next;
        HasLines = true;
    }

    public void Dispose() => file.Dispose();

    private void CutOff()
    {
        try
        {
            files.Truncate(file, Length);
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            throw new JournalLost($"{path} ends in a part of a line that could not be cut off.", fault);
        }
    }

    private static (long Number, uint Sum) ReadHead(Lines lines, string path)
    {
        const int Tail = 18;
        if (!lines.Next() || !lines.Terminated)
            throw StorageFault.Damaged(path, 1);
        var head = lines.Line;
        try
        {
            using var json = JsonDocument.Parse(head.ToArray());
            var root = json.RootElement;
            if (root.GetProperty("ostiary").GetString() != "journal")
                throw StorageFault.Damaged(path, 1);
            // The format comes before all else: a newer one may have other checksums.
            var format = root.GetProperty("format").GetInt64();
            if (format > Format)
                throw StorageFault.Newer(path, format, Format);
            var sum = Checksum.Add(0, head[..^Tail]);
            if (root.GetProperty("sum").GetString() != Checksum.Text(sum))
                throw StorageFault.Damaged(path, 1);
            return (root.GetProperty("number").GetInt64(), sum);
        }
        catch (Exception fault)
            when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw StorageFault.Damaged(path, 1);
        }
    }

    private void Replay(Lines lines, MemoryState state)
    {
        while (lines.Next())
        {
            var content = lines.Line;
            // The line break alone may be what was lost.
            var whole = TryCheck(content, out var rows, out var next);
            if (!whole && !lines.Terminated && content.Length > 0)
                whole = TryCheck(content[..^1], out rows, out next);
            if (!whole)
            {
                RefuseUnlessTorn(lines);
                files.Truncate(file, Length);
                files.Flush(file);
                return;
            }
            Apply(rows, state, lines.Number);
            (sum, HasLines) = (next, true);
            if (lines.Terminated)
            {
                Length = lines.End;
                continue;
            }
            Length += LineLength(rows.Length);
            files.Write(file, "\n"u8, Length - 1);
            files.Truncate(file, Length);
            files.Flush(file);
        }
    }

    /// <summary>A flush that never happened leaves a line without its end, or with sectors that read as zeros. Anything else is damage.</summary>
    private void RefuseUnlessTorn(Lines lines)
    {
        var number = lines.Number;
        var torn = !lines.Terminated || (HasEmptySector(lines.Line, lines.Offset) && lines.IsLast());
        if (!torn)
            throw StorageFault.Damaged(path, number);
    }

    private static bool HasEmptySector(ReadOnlySpan<byte> line, long offset)
    {
        const int Sector = 512;
        for (var from = 0; from < line.Length; )
        {
            var to = (int)Math.Min(line.Length, from + Sector - ((offset + from) % Sector));
            if (!line[from..to].ContainsAnyExcept((byte)0))
                return true;
            from = to;
        }
        return false;
    }

    private const int BeforeRows = 25;

    private static long LineLength(int rows) => BeforeRows + rows + 2;

    private bool TryCheck(ReadOnlySpan<byte> content, out ReadOnlySpan<byte> rows, out uint next)
    {
        rows = default;
        next = 0;
        if (content.Length < BeforeRows + 3 || !content.StartsWith("{\"sum\":\""u8) || content[^1] != '}')
            return false;
        if (!content[(BeforeRows - 9)..].StartsWith("\",\"rows\":"u8) || !Checksum.TryRead(content.Slice(8, Checksum.Digits), out var written))
            return false;
        rows = content[BeforeRows..^1];
        next = Checksum.Add(sum, rows);
        return next == written;
    }

    private void Apply(ReadOnlySpan<byte> rows, MemoryState state, long number)
    {
        try
        {
            var reader = new Utf8JsonReader(rows);
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                RowLog.Apply(ref reader, state);
            state.Keep();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw StorageFault.Damaged(path, number);
        }
    }
}

/// <summary>Nobody knows what the journal holds now: the store must stop.</summary>
internal sealed class JournalLost(string message, Exception inner) : Exception(message, inner);
