using System.Buffers;
using System.Text;
using System.Text.Json;
using Ostiary.Server.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ostiary.Cli.ConfigurationFiles;

/// <summary>
/// Reads the part of YAML that says the same to every reader, into the JSON that it stands for: one document, no anchors, aliases, tags, merge keys and
/// directives, no name twice, and no bare word that YAML versions read differently.
/// </summary>
internal sealed class YamlText
{
    private readonly string _text;
    private readonly IParser _parser;
    private readonly Utf8JsonWriter _json;
    private readonly TextPlaces _places;

    private YamlText(string text, IParser parser, Utf8JsonWriter json, TextPlaces places) =>
        (_text, _parser, _json, _places) = (text, parser, json, places);

    public static (byte[] Json, TextPlaces Places) Read(byte[] utf8)
    {
        var text = Decoded(utf8);
        var (buffer, places) = (new ArrayBufferWriter<byte>(Math.Max(256, utf8.Length)), new TextPlaces());
        var parser = new Parser(new Scanner(new StringReader(text)));
        using (var json = new Utf8JsonWriter(buffer))
            new YamlText(text, parser, json, places).ReadStream();
        return (buffer.WrittenSpan.ToArray(), places);
    }

    private static string Decoded(byte[] utf8)
    {
        if (utf8.Length > ConfigurationFile.MaxLength)
            throw new MalformedTextException(new(1, 1), $"It is larger than {ConfigurationFile.MaxLength / (1024 * 1024)} MB.");
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
            return text.StartsWith('\uFEFF') ? throw new MalformedTextException(new(1, 1), "It begins with a byte order mark.") : text;
        }
        catch (DecoderFallbackException)
        {
            throw new MalformedTextException(new(1, 1), "It is not UTF-8.");
        }
    }

    private void ReadStream()
    {
        Next(); // StreamStart
        if (Next() is not DocumentStart start)
            throw new MalformedTextException(new(1, 1), "It holds nothing.");
        if (start.Start.Index < _text.Length && _text[(int)start.Start.Index] == '%')
            throw Refused(start, "Directives are not taken.", "Leave out the lines that begin with %.");
        if (Next() is not MappingStart root)
            throw Refused(_parser.Current!, "A configuration is a mapping: names with values.");
        ReadMapping(root, "", 1);
        Next(); // DocumentEnd
        if (Next() is not StreamEnd)
            throw Refused(_parser.Current!, "A second document begins here.", "A configuration is one document.");
    }

    private ParsingEvent Next()
    {
        try
        {
            return _parser.MoveNext() ? _parser.Current! : throw new MalformedTextException(new(1, 1), "It ends too early.");
        }
        catch (YamlException failure)
        {
            throw Malformed(PlaceOf(failure.Start));
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            throw Malformed(_parser.Current is { } last ? PlaceOf(last.End) : new(1, 1)); // The scanner's own way to give up.
        }
    }

    /// <summary>What the scanner cannot read. It trips over a tab later than where the tab stands.</summary>
    private MalformedTextException Malformed(TextPlace place)
    {
        var lines = _text.Split('\n');
        var tab = Array.FindIndex(lines, line => line.AsSpan().TrimStart(' ') is ['\t', ..]);
        return tab >= place.Line - 1
            ? new(
                new(tab + 1, lines[tab].IndexOf('\t', StringComparison.Ordinal) + 1),
                "It stops being YAML here.",
                "Indent with spaces, not with tabs."
            )
            : new(place, "It stops being YAML here.");
    }

    private void ReadNode(ParsingEvent node, string path, int depth)
    {
        if (node is AnchorAlias)
            throw Refused(node, "Aliases are not taken.", "Write the value out.");
        if (node is not NodeEvent { } value)
            throw Refused(node, "A value is missing here.");
        if (!value.Anchor.IsEmpty)
            throw Refused(node, "Anchors are not taken.", "Leave out the word that begins with &.");
        if (!value.Tag.IsEmpty)
            throw Refused(node, "Tags are not taken.", "Leave out the word that begins with !, and quote what is a text.");
        if (depth > ConfigurationFile.MaxDepth)
            throw Refused(node, $"It is nested deeper than {ConfigurationFile.MaxDepth}.");
        switch (value)
        {
            case MappingStart mapping:
                ReadMapping(mapping, path, depth);
                break;
            case SequenceStart:
                ReadSequence(path, depth);
                break;
            case Scalar scalar:
                YamlScalar.Write(_json, scalar);
                break;
        }
    }

    private void ReadMapping(MappingStart mapping, string path, int depth)
    {
        if (!mapping.Anchor.IsEmpty || !mapping.Tag.IsEmpty)
            throw Refused(mapping, "Anchors and tags are not taken.", "Leave out the words that begin with & and !.");
        _json.WriteStartObject();
        while (Next() is not MappingEnd)
        {
            var name = YamlScalar.NameOf(_parser.Current!);
            var at = TextPlaces.Member(path, name);
            if (!_places.TryAdd(at, PlaceOf(_parser.Current!.Start)))
                throw Refused(_parser.Current!, $"The name '{DocumentText(name)}' stands there twice.");
            _json.WritePropertyName(name);
            ReadNode(Next(), at, depth + 1);
        }
        _json.WriteEndObject();
    }

    private void ReadSequence(string path, int depth)
    {
        _json.WriteStartArray();
        for (var index = 0; Next() is not SequenceEnd; index++)
        {
            var at = TextPlaces.Item(path, index);
            _places.TryAdd(at, PlaceOf(_parser.Current!.Start));
            ReadNode(_parser.Current!, at, depth + 1);
        }
        _json.WriteEndArray();
    }

    private static string DocumentText(string text) => text.Length <= 80 ? text : text[..77] + "...";

    internal static MalformedTextException Refused(ParsingEvent node, string message, string? advice = null) =>
        new(PlaceOf(node.Start), message, advice);

    private static TextPlace PlaceOf(Mark mark) => new((int)mark.Line, (int)mark.Column);
}
