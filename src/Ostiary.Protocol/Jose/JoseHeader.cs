using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>
/// The protected header of a token. Keys and addresses in it (jwk, jku, x5u, x5c) are never used: who writes a token does not choose its key.
/// </summary>
internal sealed record JoseHeader(string Algorithm, string? KeyId, string? Type, JsonElement Element)
{
    private const int MaxLength = 16 * 1024;
    private const int MaxMemberLength = 512;

    public static bool TryParse(ReadOnlySpan<char> segment, [NotNullWhen(true)] out JoseHeader? header, out JoseFault fault)
    {
        header = null;
        fault = JoseFault.NotCanonicalBase64;
        if (!Base64UrlText.TryDecode(segment, out var utf8))
            return false;
        fault = JoseFault.HeaderMalformed;
        if (!StrictJson.TryParseObject(utf8, out var document, maxLength: MaxLength))
            return false;
        var root = document.RootElement;
        fault = Refuse(root);
        if (fault != JoseFault.None)
            return false;
        header = new JoseHeader(root.GetProperty("alg"u8).GetString()!, Text(root, "kid"), Text(root, "typ"), root);
        return true;
    }

    private static JoseFault Refuse(JsonElement root)
    {
        if (!root.TryGetProperty("alg"u8, out var alg)) // RFC 7515 §4.1.1
            return JoseFault.AlgorithmMissing;
        if (alg.ValueKind != JsonValueKind.String)
            return JoseFault.HeaderMalformed;
        if (!IsTextOrAbsent(root, "kid") || !IsTextOrAbsent(root, "typ") || !IsTextOrAbsent(root, "cty"))
            return JoseFault.HeaderMalformed;
        if (root.TryGetProperty("crit"u8, out _)) // RFC 7515 §4.1.11
            return JoseFault.CritUnsupported;
        if (root.TryGetProperty("b64"u8, out _)) // RFC 7797 §6
            return JoseFault.UnencodedPayloadUnsupported;
        return JoseFault.None;
    }

    private static bool IsTextOrAbsent(JsonElement root, string name) =>
        !root.TryGetProperty(name, out var member) || (member.ValueKind == JsonValueKind.String && member.GetString()!.Length <= MaxMemberLength);

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var member) ? member.GetString() : null;
}
