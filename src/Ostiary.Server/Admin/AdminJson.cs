using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Admin;

internal static class AdminJson
{
    /// <summary>Administration answers are read by programs that take JSON, never placed into HTML.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Object(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    public static ReadOnlyMemory<byte> Of(AdminRefusal refusal, string flow) =>
        Object(json =>
        {
            json.WriteStartObject("error");
            json.WriteString("code", Refusal.CodeOf(refusal.Reason));
            json.WriteString("kind", Refusal.For(refusal.Reason).Error);
            json.WriteString("message", refusal.Message);
            Text(json, "hint", refusal.Hint);
            json.WriteStartArray("next");
            foreach (var next in refusal.Next)
                json.WriteStringValue(next);
            json.WriteStringValue($"ostiary explain {Refusal.CodeOf(refusal.Reason)}");
            json.WriteEndArray();
            if (refusal.Faults.Count > 0)
                Faults(json, refusal.Faults);
            json.WriteString("flow_id", flow);
            json.WriteEndObject();
        });

    public static void Faults(Utf8JsonWriter json, IReadOnlyList<ConfigurationFault> faults)
    {
        json.WriteStartArray("faults");
        foreach (var fault in faults)
        {
            json.WriteStartObject();
            json.WriteString("path", fault.Path);
            json.WriteString("code", Refusal.CodeOf(fault.Reason));
            json.WriteString("message", fault.Message);
            Text(json, "hint", fault.Hint);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    public static void Time(Utf8JsonWriter json, string name, DateTimeOffset? value)
    {
        if (value is { } time)
            json.WriteString(name, time.UtcDateTime);
    }

    public static void Span(Utf8JsonWriter json, string name, TimeSpan? value)
    {
        if (value is { } span)
            json.WriteString(name, Duration.Format(span));
    }

    public static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
