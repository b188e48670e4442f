using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ostiary.Server.Decisions;

/// <summary>Where a chain stands: the number and hash of a line.</summary>
internal readonly record struct LogHead(long Seq, string Hash)
{
    /// <summary>Before the first line.</summary>
    public static LogHead Genesis { get; } = new(0, new string('A', LogLine.HashLength));
}

/// <summary>
/// One line of the chain: <c>{"seq":…,"at":…,"prev":…, members ,"hash":…}</c>. The hash is SHA-256 over everything before the <c>hash</c> member, which
/// contains the hash of the line before.
/// </summary>
internal readonly record struct LogLine(long Seq, string Prev, string Hash)
{
    public const int HashLength = 43;

    /// <summary>No line is longer; members are capped far below.</summary>
    public const int MaxLength = 128 * 1024;

    private static ReadOnlySpan<byte> Before => ",\"hash\":\""u8;
    private static ReadOnlySpan<byte> After => "\"}"u8;

    public LogHead Head => new(Seq, Hash);

    public static void Begin(Utf8JsonWriter json, LogHead previous, DateTimeOffset at)
    {
        json.WriteStartObject();
        json.WriteNumber("seq"u8, previous.Seq + 1);
        json.WriteString("at"u8, at.UtcDateTime);
        json.WriteString("prev"u8, previous.Hash);
    }

    /// <summary>Appends hash and line end to what was written since <see cref="Begin"/>.</summary>
    public static LogHead End(ArrayBufferWriter<byte> line, LogHead previous)
    {
        Span<byte> hash = stackalloc byte[HashLength];
        HashOf(line.WrittenSpan, hash);
        line.Write(Before);
        line.Write(hash);
        line.Write(After);
        line.Write("\n"u8);
        return new LogHead(previous.Seq + 1, Encoding.ASCII.GetString(hash));
    }

    /// <summary>False where the line is not of this form or does not have the hash it states.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, out LogLine read)
    {
        read = default;
        var end = line.Length - Before.Length - HashLength - After.Length;
        if (end <= 0 || !line[end..].StartsWith(Before) || !line.EndsWith(After))
            return false;
        var stated = line.Slice(end + Before.Length, HashLength);
        Span<byte> hash = stackalloc byte[HashLength];
        HashOf(line[..end], hash);
        if (!stated.SequenceEqual(hash) || !TryReadStart(line, out var seq, out var prev))
            return false;
        read = new LogLine(seq, prev, Encoding.ASCII.GetString(hash));
        return true;
    }

    private static bool TryReadStart(ReadOnlySpan<byte> line, out long seq, out string prev)
    {
        seq = 0;
        prev = "";
        var json = new Utf8JsonReader(line);
        try
        {
            if (!Next(ref json, JsonTokenType.StartObject) || !NextMember(ref json, "seq"u8, JsonTokenType.Number) || !json.TryGetInt64(out seq))
                return false;
            if (!NextMember(ref json, "at"u8, JsonTokenType.String) || !NextMember(ref json, "prev"u8, JsonTokenType.String))
                return false;
            prev = json.GetString()!;
            return true;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool NextMember(ref Utf8JsonReader json, ReadOnlySpan<byte> name, JsonTokenType type) =>
        Next(ref json, JsonTokenType.PropertyName) && json.ValueTextEquals(name) && Next(ref json, type);

    private static bool Next(ref Utf8JsonReader json, JsonTokenType type) => json.Read() && json.TokenType == type;

    private static void HashOf(ReadOnlySpan<byte> content, Span<byte> text)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(content, hash);
        Base64Url.EncodeToUtf8(hash, text);
    }
}

/// <summary>Cuts a stream into lines. What follows the last line end is never returned.</summary>
internal sealed class LogLines(Stream stream) : IDisposable
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>The position behind the last returned line.</summary>
    public long Offset { get; private set; } = stream.Position;

    /// <summary>Bytes after the last line end.</summary>
    public int Rest => _end - _start;

    /// <summary>False at the end, or where a line is longer than any of ours.</summary>
    public bool TryNext(out ReadOnlySpan<byte> line)
    {
        var searched = 0;
        while (true)
        {
            var length = _buffer.AsSpan(_start + searched, Rest - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                length += searched;
                line = _buffer.AsSpan(_start, length);
                _start += length + 1;
                Offset += length + 1;
                return true;
            }
            searched = Rest;
            line = default;
            if (Rest > LogLine.MaxLength || !Fill())
                return false;
        }
    }

    public void Dispose() => stream.Dispose();

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, Rest).CopyTo(_buffer);
            (_start, _end) = (0, Rest);
        }
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = stream.Read(_buffer.AsSpan(_end));
        _end += read;
        return read > 0;
    }
}
