using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Server.Keys;

/// <summary>The served key set: its bytes, a strong entity tag over them, and how long it may be cached.</summary>
public sealed record JwksDocument(ReadOnlyMemory<byte> Bytes, string ETag, TimeSpan MaxAge)
{
    public const string ContentType = "application/jwk-set+json"; // RFC 7517 §8.5.2

    public string CacheControl { get; } = $"public, max-age={(long)MaxAge.TotalSeconds}";

    internal static JwksDocument Of(JsonWebKeySet keys, TimeSpan maxAge)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer))
            keys.WritePublicTo(json);
        var tag = Base64UrlText.Encode(SHA256.HashData(buffer.WrittenSpan).AsSpan(0, 12));
        return new JwksDocument(buffer.WrittenSpan.ToArray(), $"\"{tag}\"", maxAge);
    }
}
