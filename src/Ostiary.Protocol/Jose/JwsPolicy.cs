using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>What a place in the program takes. There is no default algorithm and no default type: each place says what it expects.</summary>
public sealed record JwsPolicy
{
    /// <summary>As the only entry of <see cref="Types"/>: any type and none. For tools that display tokens, never for tokens that grant something.</summary>
    public const string AnyType = "*";

    public required IReadOnlyList<string> Algorithms { get; init; }

    /// <summary>The accepted values of <c>typ</c>; the empty string stands for a token without it. RFC 8725 §3.11.</summary>
    public required IReadOnlyList<string> Types { get; init; }

    public int MaxLength { get; init; } = 16 * 1024;

    /// <summary>A token without <c>kid</c> may be tried with several keys, a bounded number of them.</summary>
    public bool AllowMissingKid { get; init; }

    /// <summary>Every algorithm this library signs or verifies with. For tools; a server names its own list.</summary>
    public static IReadOnlyList<string> AllAlgorithms => JwsAlgorithm.Names;

    internal bool Accepts(string? typ)
    {
        if (Types is [AnyType])
            return true;
        foreach (var accepted in Types)
        {
            if (typ is null ? accepted.Length == 0 : accepted.Length > 0 && IsSameMediaType(accepted, typ))
                return true;
        }
        return false;
    }

    // RFC 7515 §4.1.9: a value without a slash stands for the media type of that name below application/.
    private static bool IsSameMediaType(ReadOnlySpan<char> left, ReadOnlySpan<char> right) =>
        Subtype(left).Equals(Subtype(right), StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Subtype(ReadOnlySpan<char> typ)
    {
        const string prefix = "application/";
        return typ.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && !typ[prefix.Length..].Contains('/') ? typ[prefix.Length..] : typ;
    }
}

/// <summary>A token whose signature was verified with <see cref="Key"/>. Only <see cref="Jws"/> makes one.</summary>
public sealed class VerifiedJws
{
    internal VerifiedJws(JoseHeader header, byte[] payload, JsonWebKey key)
    {
        Algorithm = header.Algorithm;
        KeyId = header.KeyId;
        Type = header.Type;
        Header = header.Element;
        Payload = payload;
        Key = key;
    }

    public string Algorithm { get; }
    public string? KeyId { get; }
    public string? Type { get; }
    public ReadOnlyMemory<byte> Payload { get; }
    public JsonWebKey Key { get; }
    public JsonElement Header { get; }
}
