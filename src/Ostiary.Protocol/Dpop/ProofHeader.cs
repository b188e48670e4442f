using System.Collections.Concurrent;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Dpop;

/// <summary>What the header of a proof says: a function of its text and of nothing else.</summary>
internal sealed record ProofHeader(bool HasType, JwsAlgorithm? Algorithm, JsonWebKey? Key)
{
    public SenderKey? Sender { get; } = Key is null ? null : SenderKey.Dpop(Key.Thumbprint());
}

/// <summary>
/// Headers of proofs whose signature has held, by their text. A client sends the same header with each of its proofs, and to check that a point is a key costs more
/// than to check the signature. Bounded: when the newer half is full, the older one is forgotten.
/// </summary>
internal sealed class ProofHeaders
{
    public const int HalfSize = 1024;
    private const int MaxLength = 1024;
    private readonly Lock _turning = new();
    private volatile ConcurrentDictionary<string, ProofHeader> _newer = new(StringComparer.Ordinal);
    private volatile ConcurrentDictionary<string, ProofHeader> _older = new(StringComparer.Ordinal);

    public ProofHeader? Find(ReadOnlySpan<char> text)
    {
        if (_newer.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var header))
            return header;
        if (!_older.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out header))
            return null;
        Add(text, header);
        return header;
    }

    public void Add(ReadOnlySpan<char> text, ProofHeader header)
    {
        if (text.Length > MaxLength)
            return;
        var newer = _newer;
        newer.TryAdd(text.ToString(), header);
        if (newer.Count < HalfSize)
            return;
        lock (_turning)
        {
            if (_newer == newer)
                (_older, _newer) = (newer, new(StringComparer.Ordinal));
        }
    }
}
