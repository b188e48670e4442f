using System.Buffers;
using System.Text.Json;

namespace Ostiary.Server.Configuration;

/// <summary>JSON values made from others.</summary>
internal static class JsonMerge
{
    /// <summary>Members of the patch replace those of the target, null removes one. RFC 7396 §2</summary>
    public static JsonElement Apply(JsonElement target, JsonElement patch) => Build(json => Merge(json, target, patch));

    public static JsonElement Without(JsonElement target, params ReadOnlySpan<string> members)
    {
        var names = members.ToArray();
        return Build(json =>
        {
            json.WriteStartObject();
            foreach (var member in target.EnumerateObject().Where(m => !names.Contains(m.Name, StringComparer.Ordinal)))
                member.WriteTo(json);
            json.WriteEndObject();
        });
    }

    /// <summary>The target with a member set; a new one comes first.</summary>
    public static JsonElement With(JsonElement target, string name, Action<Utf8JsonWriter> value) =>
        Build(json =>
        {
            json.WriteStartObject();
            if (!target.TryGetProperty(name, out _))
                Write(json, name, value);
            foreach (var member in target.EnumerateObject())
            {
                if (member.Name == name)
                    Write(json, name, value);
                else
                    member.WriteTo(json);
            }
            json.WriteEndObject();
        });

    public static JsonElement Build(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        using var document = JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = 64 });
        return document.RootElement.Clone();
    }

    /// <summary>One text for one value in one order of members, whatever the spaces and escapes were.</summary>
    public static string Text(JsonElement element)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
            element.WriteTo(json);
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Merge(Utf8JsonWriter json, JsonElement target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            patch.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        if (target.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in target.EnumerateObject())
            {
                if (!patch.TryGetProperty(member.Name, out var value))
                    member.WriteTo(json);
                else if (value.ValueKind != JsonValueKind.Null)
                    Write(json, member.Name, inner => Merge(inner, member.Value, value));
            }
        }
        foreach (var member in patch.EnumerateObject())
        {
            if (
                member.Value.ValueKind != JsonValueKind.Null
                && (target.ValueKind != JsonValueKind.Object || !target.TryGetProperty(member.Name, out _))
            )
                Write(json, member.Name, inner => Merge(inner, default, member.Value));
        }
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, Action<Utf8JsonWriter> value)
    {
        json.WritePropertyName(name);
        value(json);
    }
}
