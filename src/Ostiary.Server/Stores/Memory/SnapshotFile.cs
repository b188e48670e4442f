using System.Buffers;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Stores.Memory;

/// <summary>All rows as one JSON document, a row to a line, with the number of the journal that goes on from it.</summary>
internal static class SnapshotFile
{
    public const string Name = "snapshot.json";
    public const int Format = 1;

    /// <summary>Writes it beside its place, flushed, and returns its length. <see cref="PutInPlace"/> moves it there.</summary>
    public static long Write(StorageFiles files, string directory, MemoryState state, long journal)
    {
        const int Portion = 1 << 20;
        using var file = StorageFiles.Create(Path.Combine(directory, Name + ".tmp"));
        var buffer = new ArrayBufferWriter<byte>(Portion);
        var (sum, offset, first) = (0u, 0L, true);
        buffer.Write(Encoding.UTF8.GetBytes($"{{\"ostiary\":\"snapshot\",\"format\":{Format},\"journal\":{journal},\"rows\":[\n"));
        var row = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(row, GrantJson.Options);
        RowLog.WriteAll(writer, state, Take);
        if (!first)
            buffer.Write("\n"u8);
        Store();
        buffer.Write(Encoding.UTF8.GetBytes($"],\"sum\":\"{Checksum.Text(sum)}\"}}\n"));
        Store();
        files.Flush(file);
        return offset;

        void Take()
        {
            writer.Flush();
            if (!first)
                buffer.Write(",\n"u8);
            first = false;
            buffer.Write(row.WrittenSpan);
            row.ResetWrittenCount();
            writer.Reset();
            if (buffer.WrittenCount > Portion)
                Store();
        }

        void Store()
        {
            files.Write(file, buffer.WrittenSpan, offset);
            sum = Checksum.Add(sum, buffer.WrittenSpan);
            offset += buffer.WrittenCount;
            buffer.ResetWrittenCount();
        }
    }

    public static void PutInPlace(StorageFiles files, string directory)
    {
        var path = Path.Combine(directory, Name);
        files.Rename(path + ".tmp", path);
    }

    /// <summary>Puts its rows into the state and returns the number of the journal that goes on from it; 1 where there is no snapshot yet.</summary>
    public static (long Journal, long Length) Read(string directory, MemoryState state)
    {
        var path = Path.Combine(directory, Name);
        if (!File.Exists(path))
            return (1, 0);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var lines = new Lines(file);
        if (!lines.Next())
            throw StorageFault.Damaged(path, 1);
        var journal = ReadHead(lines.Line, path);
        var sum = AddLine(0, lines);
        while (lines.Next())
        {
            if (lines.Line.StartsWith("]"u8))
            {
                var last = Encoding.UTF8.GetBytes($"],\"sum\":\"{Checksum.Text(sum)}\"}}");
                if (!lines.Line.SequenceEqual(last) || !lines.Terminated || !lines.IsLast())
                    throw StorageFault.Damaged(path, lines.Number);
                state.Keep();
                return (journal, lines.End);
            }
            Apply(lines, state, path);
            sum = AddLine(sum, lines);
        }
        throw new StoreException(Reason.StorageDamaged, $"{path} ends early, after line {lines.Number}; nothing in it was changed.");
    }

    private static uint AddLine(uint sum, Lines lines)
    {
        sum = Checksum.Add(sum, lines.Line);
        return lines.Terminated ? Checksum.Add(sum, "\n"u8) : sum;
    }

    private static long ReadHead(ReadOnlySpan<byte> head, string path)
    {
        try
        {
            using var json = JsonDocument.Parse((byte[])[.. head, .. "]}"u8]);
            var root = json.RootElement;
            if (root.GetProperty("ostiary").GetString() != "snapshot")
                throw StorageFault.Damaged(path, 1);
            var format = root.GetProperty("format").GetInt64();
            if (format > Format)
                throw StorageFault.Newer(path, format, Format);
            return root.GetProperty("journal").GetInt64();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw StorageFault.Damaged(path, 1);
        }
    }

    private static void Apply(Lines lines, MemoryState state, string path)
    {
        try
        {
            var row = lines.Line;
            var reader = new Utf8JsonReader(row.EndsWith(","u8) ? row[..^1] : row);
            reader.Read();
            RowLog.Apply(ref reader, state);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw StorageFault.Damaged(path, lines.Number);
        }
    }
}
