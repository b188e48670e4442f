using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Ostiary.AspNetCore.Issuers;

/// <summary>
/// What is known about token texts, found by the SHA-256 of the whole text. Two halves: when the young one is full it becomes the old one, and what was
/// not asked for meanwhile is forgotten.
/// </summary>
internal sealed class BoundedCache<TValue>(int capacity)
    where TValue : class
{
    private readonly int _half = Math.Max(1, capacity / 2);
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<UInt256, Entry> _young = new();
    private volatile ConcurrentDictionary<UInt256, Entry> _old = new();

    public int Count => _young.Count + _old.Count;

    public TValue? Find(UInt256 key, DateTimeOffset now)
    {
        if (_young.TryGetValue(key, out var entry))
            return now < entry.Until ? entry.Value : null;
        if (!_old.TryGetValue(key, out entry) || now >= entry.Until)
            return null;
        Put(key, entry.Value, entry.Until);
        return entry.Value;
    }

    public void Put(UInt256 key, TValue value, DateTimeOffset until)
    {
        if (_young.Count >= _half)
            Age();
        _young[key] = new Entry(value, until);
    }

    private void Age()
    {
        lock (_gate)
        {
            if (_young.Count < _half)
                return;
            _old = _young;
            _young = new ConcurrentDictionary<UInt256, Entry>();
        }
    }

    private readonly record struct Entry(TValue Value, DateTimeOffset Until);
}

/// <summary>A SHA-256 as a key.</summary>
internal readonly record struct UInt256(UInt128 High, UInt128 Low)
{
    public static UInt256 HashOf(string text)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return new UInt256(
            System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash),
            System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash[16..])
        );
    }
}
