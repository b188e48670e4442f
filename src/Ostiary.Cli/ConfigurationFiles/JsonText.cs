using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.ConfigurationFiles;

/// <summary>Finds the place of every member of a JSON text, and says where a text stops being strict JSON.</summary>
internal static class JsonText
{
    public static TextPlaces Read(byte[] utf8)
    {
        var places = new TextPlaces();
        var lines = new Lines(utf8);
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ConfigurationFile.MaxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new MalformedTextException(lines.At(reader.TokenStartIndex), "A configuration is one JSON object.");
            Walk(ref reader, "", places, lines);
            reader.Read();
        }
        catch (JsonException failure)
        {
            throw new MalformedTextException(
                new((int)(failure.LineNumber ?? 0) + 1, (int)(failure.BytePositionInLine ?? 0) + 1),
                "It stops being JSON here."
            );
        }
        catch (InvalidOperationException)
        {
            throw new MalformedTextException(lines.At(reader.TokenStartIndex), "This text is not valid UTF-8 or half of a surrogate pair.");
        }
        if (!StrictJson.TryParseObject(utf8, out var document, ConfigurationFile.MaxDepth, ConfigurationFile.MaxLength))
            throw new MalformedTextException(new(1, 1), "It is not strict JSON: UTF-8 without byte order mark and half surrogate pairs.");
        document.Dispose();
        return places;
    }

    private static void Walk(ref Utf8JsonReader reader, string path, TextPlaces places, Lines lines)
    {
        var (isArray, index) = (reader.TokenType == JsonTokenType.StartArray, 0);
        while (reader.Read() && reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray))
        {
            var place = lines.At(reader.TokenStartIndex);
            var at = isArray ? TextPlaces.Item(path, index++) : TextPlaces.Member(path, reader.GetString()!);
            if (!places.TryAdd(at, place))
                throw new MalformedTextException(place, $"The member '{at}' stands there twice.");
            if (!isArray)
                reader.Read();
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                Walk(ref reader, at, places, lines);
        }
    }

    /// <summary>From byte offsets, which only grow, to lines.</summary>
    private sealed class Lines(byte[] utf8)
    {
        private int _line = 1;
        private int _start;
        private int _seen;

        public TextPlace At(long offset)
        {
            for (; _seen < offset; _seen++)
                if (utf8[_seen] == '\n')
                    (_line, _start) = (_line + 1, _seen + 1);
            return new(_line, 1 + Encoding.UTF8.GetCharCount(utf8.AsSpan(_start, (int)offset - _start)));
        }
    }
}
