using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Decisions;

/// <summary>The files of the log: <c>NODE-000001.jsonl</c> and so on, and <c>NODE.index.json</c> once retention has removed some.</summary>
internal sealed class LogDirectory(string path) : ILogSource
{
    private const string Extension = ".jsonl";
    private const string IndexExtension = ".index.json";
    private const int IndexVersion = 1;

    public string PathOf(string node, int number) =>
        Path.Combine(path, string.Create(CultureInfo.InvariantCulture, $"{node}-{number:000000}{Extension}"));

    public string LockOf(string node) => Path.Combine(path, node + ".lock");

    public IReadOnlyList<LogChain> Chains()
    {
        if (!Directory.Exists(path))
            return [];
        var nodes = Directory.EnumerateFiles(path, "*" + Extension).Select(Parse).Where(file => file.Number > 0).Select(file => file.Node);
        var indexed = Directory.EnumerateFiles(path, "*" + IndexExtension).Select(file => Path.GetFileName(file)[..^IndexExtension.Length]);
        return [.. nodes.Concat(indexed).Distinct().Order(StringComparer.Ordinal).Select(ChainOf)];
    }

    /// <summary>The numbers of the files of a node, in order.</summary>
    public List<int> Numbers(string node) =>
        [
            .. Directory
                .EnumerateFiles(path, node + "-*" + Extension)
                .Select(Parse)
                .Where(file => file.Node == node && file.Number > 0)
                .Select(file => file.Number)
                .Order(),
        ];

    /// <summary>How many of these files retention has removed but for the deletion: those up to the one that ends where the retained lines begin.</summary>
    public int Removed(string node, List<int> numbers, LogAnchor anchor) =>
        anchor.Head.Seq == 0 ? 0 : numbers.FindIndex(number => LogRecovery.LastLine(PathOf(node, number)) == anchor.Head) + 1;

    /// <summary>Up to where retention removed lines. Throws <see cref="StoreException"/> where the index is damaged.</summary>
    public LogAnchor ReadIndex(string node)
    {
        var file = Path.Combine(path, node + IndexExtension);
        if (!File.Exists(file))
            return LogAnchor.None;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            var root = json.RootElement;
            var head = new LogHead(root.GetProperty("seq"u8).GetInt64(), root.GetProperty("hash"u8).GetString()!);
            var proof = root.TryGetProperty("proof"u8, out var text) ? text.GetString() : null;
            return root.GetProperty("version"u8).GetInt32() == IndexVersion
                ? new LogAnchor(head, proof, Path.GetFileName(file))
                : throw Damaged(file, null);
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Damaged(file, fault);
        }
    }

    public void WriteIndex(string node, LogHead head, string? proof)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version"u8, IndexVersion);
            json.WriteNumber("seq"u8, head.Seq);
            json.WriteString("hash"u8, head.Hash);
            if (proof is not null)
                json.WriteString("proof"u8, proof);
            json.WriteEndObject();
        }
        var file = Path.Combine(path, node + IndexExtension);
        using (var stream = OpenOwn(file + ".new", FileMode.Create))
        {
            stream.Write(buffer.WrittenSpan);
            stream.Flush(flushToDisk: true);
        }
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>For writing, readable by the owner only.</summary>
    public static FileStream OpenOwn(string file, FileMode mode, FileShare share = FileShare.Read | FileShare.Delete) =>
        new(
            file,
            new FileStreamOptions
            {
                Mode = mode,
                Access = FileAccess.ReadWrite,
                Share = share,
                BufferSize = 0,
                UnixCreateMode = mode == FileMode.Open ? null : UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );

    public static FileStream OpenShared(string file) =>
        new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private LogChain ChainOf(string node)
    {
        var anchor = ReadIndex(node);
        var numbers = Numbers(node);
        var segments = numbers.Skip(Removed(node, numbers, anchor)).Select(number => PathOf(node, number));
        return new LogChain(node, anchor, [.. segments.Select(file => new LogSegment(Path.GetFileName(file), () => OpenShared(file)))]);
    }

    private static StoreException Damaged(string file, Exception? inner) =>
        new(Reason.LogDamaged, $"The index {file} of the event log is damaged.", inner);

    private static (string Node, int Number) Parse(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var dash = name.LastIndexOf('-');
        var isNumber = int.TryParse(name.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return dash > 0 && isNumber ? (name[..dash], number) : ("", 0);
    }
}
