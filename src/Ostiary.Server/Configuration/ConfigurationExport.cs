using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ostiary.Server.Configuration;

/// <summary>Writes a configuration as code: what was declared, word for word, in the order in which it was declared. It holds no secret, and no client that registered itself.</summary>
internal static class ConfigurationExport
{
    /// <summary>The text is read by people and programs that take JSON, never placed into HTML.</summary>
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Write(ConfigurationSet set)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            if (set.Settings is { } settings)
            {
                json.WritePropertyName("issuer");
                settings.Declared.WriteTo(json);
            }
            WriteAll(
                json,
                "apis",
                set.Apis.Values.OrderBy(a => a.Order).ThenBy(a => a.Api.Identifier, StringComparer.Ordinal).Select(a => a.Declared)
            );
            WriteAll(
                json,
                "clients",
                set.Clients.Values.Where(c => c.Registration is null)
                    .OrderBy(c => c.Order)
                    .ThenBy(c => c.Client.Id, StringComparer.Ordinal)
                    .Select(c => c.Declared)
            );
            WriteAll(
                json,
                "users",
                set.Users.Values.OrderBy(u => u.Order).ThenBy(u => u.User.Username, StringComparer.Ordinal).Select(u => u.Declared)
            );
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }

    private static void WriteAll(Utf8JsonWriter json, string name, IEnumerable<JsonElement> items)
    {
        var all = items.ToList();
        if (all.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var item in all)
            item.WriteTo(json);
        json.WriteEndArray();
    }
}
