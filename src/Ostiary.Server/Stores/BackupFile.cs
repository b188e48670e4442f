using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores.Memory;

namespace Ostiary.Server.Stores;

/// <summary>What a backup says of itself, in its first line.</summary>
/// <param name="MadeAt">When its rows were read.</param>
/// <param name="Issuer">The issuer they belong to.</param>
/// <param name="MasterKey">The fingerprint of the master key under which its secrets are sealed.</param>
public sealed record BackupHead(DateTimeOffset MadeAt, string Issuer, string Engine, string MasterKey);

/// <summary>
/// A backup: JSON lines, the same for every engine. The first says what it is, each of the others is a row, and the last holds how many they are and the SHA-256 of
/// all before it, so a file that is cut or changed is refused as a whole. Secrets in it are sealed as they are in the store.
/// </summary>
public static class BackupFile
{
    private const int Format = 1;
    private const int Portion = 1 << 20;

    /// <summary>Writes beside its place, flushes and moves it there; an existing file stays. Throws <see cref="StoreException"/>. Returns how many rows it holds.</summary>
    public static async ValueTask<long> WriteAsync(string path, BackupHead head, IStoreArchive archive, CancellationToken ct)
    {
        if (File.Exists(path))
            throw new StoreException(Reason.AlreadyExists, $"{path} is there already; a backup never replaces a file.");
        var unfinished = path + ".part";
        try
        {
            var rows = 0L;
            using (var file = StorageFiles.Create(unfinished))
            {
                using var lines = new Writer(file);
                lines.Add(json => WriteHead(json, head));
                await archive.ReadAllAsync(row => lines.Add(json => BackupRow.Write(json, row)), ct);
                rows = lines.Count - 1;
                lines.End(rows);
                file.Flush(flushToDisk: true);
            }
            new StorageFiles().Rename(unfinished, path);
            return rows;
        }
        catch (Exception fault)
        {
            File.Delete(unfinished);
            if (StorageFault.IsOne(fault))
                throw StorageFault.Of(fault, path);
            throw;
        }
    }

    /// <summary>Reads it from beginning to end and believes nothing before the last line has proved all of it. Throws <see cref="StoreException"/>.</summary>
    public static BackupHead Check(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            var lines = new Lines(file);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var head = lines.Next() ? ReadHead(lines.Line, path) : throw Damaged(path, 1);
            Append(hash, lines.Line);
            for (var rows = 0L; lines.Next(); rows++)
            {
                if (lines.Line.StartsWith("{\"rows\""u8))
                    return lines.Line.SequenceEqual(Last(rows, hash)) && lines.IsLast() ? head : throw Damaged(path, lines.Number);
                ReadRow(lines, path);
                Append(hash, lines.Line);
            }
            throw new StoreException(Reason.StorageDamaged, $"The backup {path} ends early, after line {lines.Number}.");
        }
        catch (Exception fault) when (StorageFault.IsOne(fault))
        {
            throw new StoreException(Reason.InputUnreadable, $"The backup {path} cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>The rows of a file that was checked.</summary>
    public static IEnumerable<StoredRow> Rows(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        var lines = new Lines(file);
        lines.Next();
        while (lines.Next() && !lines.Line.StartsWith("{\"rows\""u8))
            yield return ReadRow(lines, path);
    }

    private static StoredRow ReadRow(Lines lines, string path)
    {
        try
        {
            var reader = new Utf8JsonReader(lines.Line);
            reader.Read();
            return BackupRow.Read(ref reader);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw Damaged(path, lines.Number);
        }
    }

    private static void WriteHead(Utf8JsonWriter json, BackupHead head)
    {
        json.WriteStartObject();
        json.WriteString("ostiary", "backup");
        json.WriteNumber("format", Format);
        json.WriteString("made_at", head.MadeAt);
        json.WriteString("issuer", head.Issuer);
        json.WriteString("engine", head.Engine);
        json.WriteString("master_key", head.MasterKey);
        json.WriteEndObject();
    }

    private static BackupHead ReadHead(ReadOnlySpan<byte> line, string path)
    {
        try
        {
            using var json = JsonDocument.Parse(line.ToArray());
            var root = json.RootElement;
            if (root.GetProperty("ostiary").GetString() != "backup")
                throw new StoreException(Reason.InputUnreadable, $"{path} is not a backup.");
            if (root.GetProperty("format").GetInt64() is > Format and var format)
                throw StorageFault.Newer(path, format, Format);
            return new(
                root.GetProperty("made_at").GetDateTimeOffset(),
                root.GetProperty("issuer").GetString()!,
                root.GetProperty("engine").GetString()!,
                root.GetProperty("master_key").GetString()!
            );
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new StoreException(Reason.InputUnreadable, $"{path} is not a backup.", fault);
        }
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> line)
    {
        hash.AppendData(line);
        hash.AppendData("\n"u8);
    }

    private static byte[] Last(long rows, IncrementalHash hash) =>
        Encoding.ASCII.GetBytes($"{{\"rows\":{rows},\"sha256\":\"{Convert.ToHexStringLower(hash.GetCurrentHash())}\"}}");

    private static StoreException Damaged(string path, long line) =>
        new(Reason.StorageDamaged, $"The backup {path} is damaged in line {line}; nothing was restored.");

    private sealed class Writer(FileStream file) : IDisposable
    {
        private readonly ArrayBufferWriter<byte> _buffer = new(Portion);
        private readonly ArrayBufferWriter<byte> _line = new(4096);
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public long Count { get; private set; }

        public void Add(Action<Utf8JsonWriter> write)
        {
            _line.ResetWrittenCount();
            using (var json = new Utf8JsonWriter(_line, GrantJson.Options))
                write(json);
            Append(_hash, _line.WrittenSpan);
            _buffer.Write(_line.WrittenSpan);
            _buffer.Write("\n"u8);
            Count++;
            if (_buffer.WrittenCount > Portion)
                Store();
        }

        public void End(long rows)
        {
            _buffer.Write(Last(rows, _hash));
            _buffer.Write("\n"u8);
            Store();
        }

        public void Dispose() => _hash.Dispose();

        private void Store()
        {
            file.Write(_buffer.WrittenSpan);
            _buffer.ResetWrittenCount();
        }
    }
}
