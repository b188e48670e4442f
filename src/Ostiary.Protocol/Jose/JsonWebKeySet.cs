using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>A set of keys. Keys of a kind that is not supported, or that are not usable, are left out; secrets in a public set refuse all of it.</summary>
public sealed class JsonWebKeySet
{
    public const int MaxKeys = 100;
    public const int MaxLength = 512 * 1024;

    private static readonly string[] SecretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

    public JsonWebKeySet(IEnumerable<JsonWebKey> keys)
    {
        Keys = new ReadOnlyCollection<JsonWebKey>([.. keys]);
        IsMixed = Keys.Any(key => key.IsSymmetric) && Keys.Any(key => !key.IsSymmetric);
    }

    public static JsonWebKeySet Empty { get; } = new([]);

    public IReadOnlyList<JsonWebKey> Keys { get; }

    /// <summary>Secrets beside public keys: such a set cannot tell which of them a token may be checked with.</summary>
    public bool IsMixed { get; }

    public static bool TryParse(ReadOnlyMemory<byte> utf8, bool publicOnly, [NotNullWhen(true)] out JsonWebKeySet? set, out JoseFault fault)
    {
        set = null;
        fault = utf8.Length > MaxLength ? JoseFault.KeySetTooLarge : JoseFault.KeySetMalformed;
        if (!StrictJson.TryParseObject(utf8, out var document, maxLength: MaxLength))
            return false;
        using (document)
            return TryParse(document.RootElement, publicOnly, out set, out fault);
    }

    public static bool TryParse(JsonElement element, bool publicOnly, [NotNullWhen(true)] out JsonWebKeySet? set, out JoseFault fault)
    {
        set = null;
        fault = JoseFault.KeySetMalformed;
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("keys", out var array)) // RFC 7517 §5.1
            return false;
        if (array.ValueKind != JsonValueKind.Array)
            return false;
        fault = JoseFault.KeySetTooLarge;
        if (array.GetArrayLength() > MaxKeys)
            return false;
        fault = RefuseDocument(array, publicOnly);
        if (fault != JoseFault.None)
            return false;
        var keys = new List<JsonWebKey>();
        foreach (var item in array.EnumerateArray())
        {
            if (JsonWebKey.TryParse(item, out var key, out _)) // RFC 7517 §5: what cannot be used is ignored.
                keys.Add(key);
        }
        fault = JoseFault.None;
        set = new JsonWebKeySet(keys);
        return true;
    }

    /// <summary>The key of this identifier that fits the algorithm, if there is one.</summary>
    public JsonWebKey? Find(string kid, string alg)
    {
        if (!JwsAlgorithm.TryFind(alg, out var algorithm))
            return Keys.FirstOrDefault(key => key.Kid == kid && JweAlgorithm.IsKnown(alg) && JweAlgorithm.FitsKind(alg, key));
        return Keys.FirstOrDefault(key => key.Kid == kid && algorithm.Fits(key, "verify"));
    }

    public void WritePublicTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteStartArray("keys"u8);
        foreach (var key in Keys)
            key.WritePublicTo(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    // These make the whole document doubtful, so they count for keys that would be left out, too.
    private static JoseFault RefuseDocument(JsonElement array, bool publicOnly)
    {
        var names = new HashSet<(string? Kid, string? Kty)>();
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object)
                return JoseFault.KeySetMalformed;
            if (publicOnly && Array.Exists(SecretMembers, name => item.TryGetProperty(name, out _))) // RFC 7517 §9.2
                return JoseFault.PrivateKeyInPublicSet;
            if (Text(item, "kid") is { } kid && !names.Add((kid, Text(item, "kty")))) // RFC 7517 §4.5
                return JoseFault.KeyIdDuplicate;
        }
        return JoseFault.None;
    }

    private static string? Text(JsonElement item, string name)
    {
        try
        {
            return item.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair; the key itself will be left out.
            return null;
        }
    }
}
