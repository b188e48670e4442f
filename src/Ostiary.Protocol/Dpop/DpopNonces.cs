using System.Buffers.Binary;
using System.Security.Cryptography;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Dpop;

/// <summary>
/// Nonces for proofs that need no memory: a MAC over the number of the present interval. Every node that has the key makes and takes the same ones, also
/// after a restart. RFC 9449 §8
/// </summary>
public sealed class DpopNonces(byte[] key)
{
    private const int Length = 16;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(2);
    private volatile Made? _current;

    private sealed record Made(long Interval, string Nonce);

    /// <summary>How a nonce stands; null: the proof has none.</summary>
    public NonceStanding StandingOf(string? nonce, bool demanded, DateTimeOffset now) =>
        nonce is not null
            ? IsGood(nonce, now)
                ? NonceStanding.Good
                : NonceStanding.Wanted
            : demanded
                ? NonceStanding.Wanted
                : NonceStanding.Absent;

    public string Current(DateTimeOffset now)
    {
        var interval = IntervalOf(now);
        if (_current is { } made && made.Interval == interval)
            return made.Nonce;
        _current = made = new(interval, Of(interval));
        return made.Nonce;
    }

    /// <summary>Of this interval or the one before it; of the next one too, for another node's clock may be ahead.</summary>
    public bool IsGood(string nonce, DateTimeOffset now)
    {
        var interval = IntervalOf(now);
        return nonce == Current(now) || nonce == Of(interval - 1) || nonce == Of(interval + 1);
    }

    private string Of(long interval)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64BigEndian(number, interval);
        HMACSHA256.HashData(key, number, mac);
        return Base64UrlText.Encode(mac[..Length]);
    }

    private static long IntervalOf(DateTimeOffset now) => now.ToUnixTimeSeconds() / (long)Interval.TotalSeconds;
}
