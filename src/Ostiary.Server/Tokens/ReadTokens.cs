using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.Server.Tokens;

/// <summary>
/// Access tokens whose signature or seal has held, by the SHA-256 of their text: an API asks about the same token many times, and checking a signature costs
/// more than all the rest. Only what never changes is remembered; expiry, revocation, grant, client and user are asked each time. Bounded: when the newer
/// half is full, the older one is forgotten.
/// </summary>
internal sealed class ReadTokens
{
    public const int HalfSize = 4096;

    /// <summary>Bytes. Longer ones are read each time.</summary>
    private const int MaxLength = 4096;

    private ConcurrentDictionary<TextHash, Entry> _newer = new();
    private ConcurrentDictionary<TextHash, Entry> _older = new();

    /// <summary>The content, where it was read under the same keys: a key that is gone takes its tokens with it.</summary>
    public bool TryFind(string text, JsonWebKeySet keys, out AccessToken token)
    {
        token = null!;
        if (text.Length > MaxLength)
            return false;
        var hash = TextHash.Of(text);
        if (!_newer.TryGetValue(hash, out var entry))
        {
            if (!_older.TryGetValue(hash, out entry))
                return false;
            Keep(hash, entry);
        }
        token = entry.Token;
        return ReferenceEquals(entry.Keys, keys);
    }

    public void Add(string text, JsonWebKeySet keys, AccessToken token)
    {
        if (text.Length <= MaxLength)
            Keep(TextHash.Of(text), new(token, keys));
    }

    private void Keep(TextHash hash, Entry entry)
    {
        var newer = _newer;
        newer[hash] = entry;
        if (newer.Count >= HalfSize && Interlocked.CompareExchange(ref _newer, new(), newer) == newer)
            _older = newer;
    }

    private sealed record Entry(AccessToken Token, JsonWebKeySet Keys);

    private readonly record struct TextHash(UInt128 First, UInt128 Second)
    {
        public static TextHash Of(string text)
        {
            Span<byte> bytes = stackalloc byte[text.Length <= 1024 ? 3 * 1024 : 3 * MaxLength];
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(text, bytes)], hash);
            return new(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
        }
    }
}
