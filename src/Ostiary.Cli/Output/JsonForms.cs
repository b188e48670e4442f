using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ostiary.Cli.Output;

/// <summary>JSON as text: readable characters stay readable, control characters are escaped.</summary>
internal static class JsonForms
{
    public static readonly JavaScriptEncoder Relaxed = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static JsonElement Null { get; } = Parse("null"u8.ToArray());

    public static string Indented(JsonElement value) => Write(value, indented: true);

    public static string Line(JsonElement value) => Write(value, indented: false);

    /// <summary>One line, written by somebody who may leave something out.</summary>
    public static string Line(JsonElement value, Action<Utf8JsonWriter, JsonElement> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = Relaxed }))
            write(json, value);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>An object made here.</summary>
    public static JsonElement Object(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return Parse(buffer.WrittenMemory);
    }

    public static JsonElement Parse(ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonDocument.Parse(utf8);
        return document.RootElement.Clone();
    }

    private static string Write(JsonElement value, bool indented)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (
            var json = new Utf8JsonWriter(
                buffer,
                new()
                {
                    Indented = indented,
                    Encoder = Relaxed,
                    NewLine = "\n",
                }
            )
        )
            value.WriteTo(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
