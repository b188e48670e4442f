using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>The claims of a token. A claim of another type than the asked one counts as absent or refused, it is never converted.</summary>
public sealed class JwtClaims
{
    private const long LastSecond = 253_402_300_799; // The end of the year 9999.

    private JwtClaims(JsonElement root, IReadOnlyList<string>? audience)
    {
        Root = root;
        Audience = audience;
    }

    public JsonElement Root { get; }

    /// <summary>One or more audiences, or null where the claim is absent.</summary>
    public IReadOnlyList<string>? Audience { get; }

    /// <summary>Refuses texts that are no strict JSON object and registered claims of a wrong type.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out JwtClaims? claims, out JoseFault fault)
    {
        claims = null;
        fault = JoseFault.ClaimsMalformed;
        if (!StrictJson.TryParseObject(payload, out var document)) // RFC 7519 §7.2
            return false;
        var root = document.RootElement;
        if (!AreStrings(root, "iss", "sub", "jti") || !TryAudience(root, out var audience)) // RFC 7519 §4.1
            return false;
        var parsed = new JwtClaims(root, audience);
        if (!parsed.TryNumericDate("exp", out _) || !parsed.TryNumericDate("nbf", out _) || !parsed.TryNumericDate("iat", out _))
            return false;
        claims = parsed;
        fault = JoseFault.None;
        return true;
    }

    public bool Has(string name) => Root.TryGetProperty(name, out _);

    /// <summary>The claim if it is a string. Compare the result byte by byte (ordinal), never by culture or normal form.</summary>
    public string? String(string name) =>
        Root.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    /// <summary>False where the claim is no date. An absent claim is <c>true</c> with no date; a fraction of a second is cut off.</summary>
    public bool TryNumericDate(string name, out DateTimeOffset? date)
    {
        date = null;
        if (!Root.TryGetProperty(name, out var member))
            return true;
        if (member.ValueKind != JsonValueKind.Number || !TrySeconds(member.GetRawText(), out var seconds)) // RFC 7519 §2
            return false;
        date = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return true;
    }

    private static bool TrySeconds(ReadOnlySpan<char> text, out long seconds)
    {
        seconds = 0;
        if (text.Length > 28 && text.ContainsAny('e', 'E'))
            return false;
        if (text.ContainsAny('e', 'E'))
        {
            if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value is < 0 or > LastSecond)
                return false;
            seconds = (long)decimal.Floor(value);
            return text[0] != '-';
        }
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        return long.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds <= LastSecond;
    }

    private static bool AreStrings(JsonElement root, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (root.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.String)
                return false;
        }
        return true;
    }

    // RFC 7519 §4.1.3: one string, or an array of strings. An empty array is for nobody, so it is refused.
    private static bool TryAudience(JsonElement root, out IReadOnlyList<string>? audience)
    {
        audience = null;
        if (!root.TryGetProperty("aud", out var member))
            return true;
        if (member.ValueKind == JsonValueKind.String)
        {
            audience = [member.GetString()!];
            return true;
        }
        if (member.ValueKind != JsonValueKind.Array || member.GetArrayLength() == 0)
            return false;
        var values = new List<string>(member.GetArrayLength());
        foreach (var item in member.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
                return false;
            values.Add(item.GetString()!);
        }
        audience = values;
        return true;
    }
}
