using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Ostiary.Protocol.Jose;

/// <summary>
/// JSON objects that every parser reads alike: valid UTF-8 without a byte order mark, no comments, no trailing commas, no member twice,
/// no half of a surrogate pair, bounded in size and depth.
/// </summary>
public static class StrictJson
{
    public const int DefaultDepth = 16;
    public const int DefaultLength = 64 * 1024;

    public static bool TryParseObject(
        ReadOnlyMemory<byte> utf8,
        [NotNullWhen(true)] out JsonDocument? document,
        int maxDepth = DefaultDepth,
        int maxLength = DefaultLength
    )
    {
        document = null;
        if (utf8.Length < 2 || utf8.Length > maxLength || utf8.Span[0] == 0xEF)
            return false;
        if (!Utf8.IsValid(utf8.Span) || HasLoneSurrogate(utf8.Span))
            return false;
        var parsed = Parse(utf8, maxDepth);
        if (parsed is null)
            return false;
        if (parsed.RootElement.ValueKind != JsonValueKind.Object)
        {
            parsed.Dispose();
            return false;
        }
        document = parsed;
        return true;
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> utf8, int maxDepth)
    {
        var options = new JsonDocumentOptions
        {
            MaxDepth = maxDepth,
            CommentHandling = JsonCommentHandling.Disallow,
            AllowTrailingCommas = false,
            AllowDuplicateProperties = false, // RFC 7515 §4
        };
        try
        {
            return JsonDocument.Parse(utf8, options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // A backslash outside a string is no JSON at all, so the raw text can be scanned without knowing where strings begin.
    private static bool HasLoneSurrogate(ReadOnlySpan<byte> text)
    {
        var highPending = false;
        while (true)
        {
            var slash = text.IndexOf((byte)'\\');
            if (highPending && slash != 0)
                return true;
            if (slash < 0 || slash + 1 >= text.Length)
                return highPending;
            var unit = text[slash + 1] == (byte)'u' ? CodeUnit(text[(slash + 2)..]) : -1;
            var isLow = unit is >= 0xDC00 and <= 0xDFFF;
            if (isLow != highPending)
                return true;
            highPending = unit is >= 0xD800 and <= 0xDBFF;
            text = text[Math.Min(text.Length, slash + (unit < 0 ? 2 : 6))..];
        }
    }

    private static int CodeUnit(ReadOnlySpan<byte> text)
    {
        if (text.Length < 4)
            return -1;
        return int.TryParse(text[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? unit : -1;
    }
}
