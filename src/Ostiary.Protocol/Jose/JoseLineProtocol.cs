using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>
/// One JSON object a line in, one out: {"id","op":"verify|decrypt|thumbprint","jws"|"jwe","key"}. The key is the only trusted input; the
/// algorithm comes from the token and must fit the key. It calls the code that checks tokens and has no rules of its own.
/// </summary>
public static class JoseLineProtocol
{
    private const int MaxLine = 4 * 1024 * 1024;
    private const int MaxToken = 1024 * 1024;

    private static readonly JsonWriterOptions Output = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JwsPolicy Verification = new()
    {
        Algorithms = JwsPolicy.AllAlgorithms,
        Types = [JwsPolicy.AnyType],
        MaxLength = MaxToken,
        AllowMissingKid = true,
    };

    private static readonly JwePolicy Decryption = new()
    {
        KeyAlgorithms = JwePolicy.AllKeyAlgorithms,
        ContentAlgorithms = JwePolicy.AllContentAlgorithms,
        MaxLength = MaxToken,
    };

    public static string Answer(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var utf8 = Encoding.UTF8.GetBytes(line);
        if (!StrictJson.TryParseObject(utf8, out var request, maxLength: MaxLine))
            return Refuse(IdentifierOf(utf8), JoseFault.RequestMalformed);
        using (request)
            return Answer(request.RootElement);
    }

    private static string Answer(JsonElement request)
    {
        JsonElement? id = request.TryGetProperty("id"u8, out var member) ? member : null;
        if (!request.TryGetProperty("key"u8, out var key))
            return Refuse(id, JoseFault.RequestMalformed);
        return Text(request, "op") switch
        {
            "verify" => Verify(id, Text(request, "jws"), key),
            "decrypt" => Decrypt(id, Text(request, "jwe"), key),
            "thumbprint" => Thumbprint(id, key),
            _ => Refuse(id, JoseFault.RequestMalformed),
        };
    }

    private static string Verify(JsonElement? id, string? token, JsonElement key)
    {
        if (token is null)
            return Refuse(id, JoseFault.RequestMalformed);
        if (!TryKeys(key, out var single, out var set, out var fault))
            return Refuse(id, fault);
        VerifiedJws? jws;
        var valid = single is not null
            ? Jws.TryVerify(token, single, Verification, out jws, out fault)
            : Jws.TryVerify(token, set!, Verification, out jws, out fault);
        return valid ? Accept(id, "payload", Convert.ToHexStringLower(jws!.Payload.Span)) : Refuse(id, fault);
    }

    private static string Decrypt(JsonElement? id, string? token, JsonElement key)
    {
        if (token is null)
            return Refuse(id, JoseFault.RequestMalformed);
        if (!TryKeys(key, out var single, out var set, out var fault))
            return Refuse(id, fault);
        DecryptedJwe? jwe;
        var valid = single is not null
            ? Jwe.TryDecrypt(token, single, Decryption, out jwe, out fault)
            : Jwe.TryDecrypt(token, set!, Decryption, out jwe, out fault);
        return valid ? Accept(id, "payload", Convert.ToHexStringLower(jwe!.Plaintext.Span)) : Refuse(id, fault);
    }

    private static string Thumbprint(JsonElement? id, JsonElement key)
    {
        if (!TryKeys(key, out var single, out var set, out var fault))
            return Refuse(id, fault);
        single ??= set!.Keys is [var only] ? only : null;
        return single is null ? Refuse(id, JoseFault.KeyNotFound) : Accept(id, "value", single.Thumbprint());
    }

    private static bool TryKeys(JsonElement element, out JsonWebKey? key, out JsonWebKeySet? set, out JoseFault fault)
    {
        key = null;
        set = null;
        if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("keys"u8, out _))
            return JsonWebKeySet.TryParse(element, publicOnly: false, out set, out fault);
        return JsonWebKey.TryParse(element, out key, out fault);
    }

    private static string? Text(JsonElement request, string name) =>
        request.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    // Only to tell the asker which of its lines was refused.
    private static JsonElement? IdentifierOf(byte[] utf8)
    {
        try
        {
            using var lenient = JsonDocument.Parse(utf8);
            var root = lenient.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("id"u8, out var id))
                return null;
            if (id.ValueKind == JsonValueKind.String)
                _ = id.GetString();
            return id.ValueKind is JsonValueKind.String or JsonValueKind.Number ? id.Clone() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Accept(JsonElement? id, string name, string value) =>
        Write(
            id,
            writer =>
            {
                writer.WriteBoolean("ok"u8, true);
                writer.WriteString(name, value);
            }
        );

    private static string Refuse(JsonElement? id, JoseFault fault) =>
        Write(
            id,
            writer =>
            {
                writer.WriteBoolean("ok"u8, false);
                writer.WriteString("error"u8, fault.ToString());
            }
        );

    private static string Write(JsonElement? id, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Output))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("id"u8);
            if (id is { } known)
                known.WriteTo(writer);
            else
                writer.WriteNullValue();
            members(writer);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
