using System.Buffers;
using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Server.Decisions;

/// <summary>
/// A signed statement where a node's chain stood. Who rewrites the log without the signing key cannot make one: neither for lines of the chain nor, of
/// another kind, for the end of files that retention removed.
/// </summary>
public static class LogCheckpoint
{
    /// <summary>The <c>typ</c> to sign with; no endpoint accepts it. RFC 8725 §3.11</summary>
    public const string Type = "ostiary-checkpoint+jwt";

    internal const string Chain = "chain";
    internal const string Retention = "retention";

    private static readonly JwsPolicy Policy = new() { Algorithms = ["ES256"], Types = [Type] };

    internal static byte[] Payload(string kind, string node, LogHead head, DateTimeOffset at)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("kind"u8, kind);
            json.WriteString("node"u8, node);
            json.WriteNumber("seq"u8, head.Seq);
            json.WriteString("hash"u8, head.Hash);
            json.WriteNumber("iat"u8, at.ToUnixTimeSeconds());
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Null: signed by a key that is not in the set, so nothing is known.</summary>
    internal static bool? Verify(string compact, JsonWebKeySet keys, string kind, string node, LogHead head)
    {
        if (!Jws.TryVerify(compact, keys, Policy, out var jws, out var fault))
            return fault == JoseFault.KeyNotFound ? null : false;
        if (!StrictJson.TryParseObject(jws.Payload, out var payload))
            return false;
        using (payload)
        {
            var root = payload.RootElement;
            return Is(root, "kind", kind)
                && Is(root, "node", node)
                && Is(root, "hash", head.Hash)
                && root.GetProperty("seq"u8).GetInt64() == head.Seq;
        }
    }

    private static bool Is(JsonElement root, string name, string value) => root.TryGetProperty(name, out var member) && member.ValueEquals(value);
}
