using System.Buffers;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Keys;

/// <summary>A key as a configuration document. Members of later versions are kept out, unknown ones are ignored.</summary>
internal static class KeyRecordJson
{
    private const int Version = 1;

    public static string Write(KeyRecord key)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version"u8, Version);
            json.WriteString("kid"u8, key.Kid);
            json.WriteString("alg"u8, key.Alg);
            json.WriteString("state"u8, NameOf(key.State));
            json.WriteString("published_at"u8, key.PublishedAt);
            json.WriteString("ready_at"u8, key.ReadyAt);
            WriteTime(json, "active_at", key.ActiveAt);
            WriteTime(json, "retiring_at", key.RetiringAt);
            WriteTime(json, "gone_at", key.GoneAt);
            if (key.Revoked)
                json.WriteBoolean("revoked"u8, true);
            json.WritePropertyName("public"u8);
            key.Public.WritePublicTo(json);
            if (key.Sealed is not null)
                json.WriteString("sealed"u8, Base64UrlText.Encode(key.Sealed));
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Throws <see cref="StoreException"/> for a document that is damaged or of a newer version.</summary>
    public static KeyRecord Read(Document document)
    {
        try
        {
            using var json = JsonDocument.Parse(document.Json);
            return Read(document.Id, json.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw Damaged(document.Id, fault);
        }
    }

    private static KeyRecord Read(string kid, JsonElement root)
    {
        if (root.GetProperty("version"u8).GetInt32() > Version)
            throw new StoreException(Reason.StorageNewer, $"The signing key {kid} was written by a newer version.");
        if (root.GetProperty("kid"u8).GetString() != kid)
            throw Damaged(kid, null);
        if (!JsonWebKey.TryParse(root.GetProperty("public"u8), out var key, out _) || key.HasPrivate || key.Kid != kid)
            throw Damaged(kid, null);
        byte[]? sealedBytes = null;
        if (root.TryGetProperty("sealed"u8, out var text) && !Base64UrlText.TryDecode(text.GetString(), out sealedBytes))
            throw Damaged(kid, null);
        return new KeyRecord
        {
            Kid = kid,
            Alg = root.GetProperty("alg"u8).GetString()!,
            State = StateOf(root.GetProperty("state"u8).GetString()),
            PublishedAt = root.GetProperty("published_at"u8).GetDateTimeOffset(),
            ReadyAt = root.GetProperty("ready_at"u8).GetDateTimeOffset(),
            ActiveAt = ReadTime(root, "active_at"),
            RetiringAt = ReadTime(root, "retiring_at"),
            GoneAt = ReadTime(root, "gone_at"),
            Revoked = root.TryGetProperty("revoked"u8, out var revoked) && revoked.GetBoolean(),
            Public = key,
            Sealed = sealedBytes,
        };
    }

    private static StoreException Damaged(string kid, Exception? inner) =>
        new(Reason.KeyUnreadable, $"The stored signing key {kid} is damaged.", inner);

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
            json.WriteString(name, known);
    }

    private static DateTimeOffset? ReadTime(JsonElement root, string name) =>
        root.TryGetProperty(name, out var time) ? time.GetDateTimeOffset() : null;

    public static string NameOf(KeyState state) =>
        state switch
        {
            KeyState.Published => "published",
            KeyState.Active => "active",
            KeyState.Retiring => "retiring",
            _ => "gone",
        };

    private static KeyState StateOf(string? name) =>
        name switch
        {
            "published" => KeyState.Published,
            "active" => KeyState.Active,
            "retiring" => KeyState.Retiring,
            "gone" => KeyState.Gone,
            _ => throw new FormatException("Unknown key state."),
        };
}
