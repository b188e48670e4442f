using System.Buffers.Binary;
using System.Security.Cryptography;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Senders;

/// <summary>
/// Nonces for proofs that need no memory: a MAC over the number of the present interval. Every node that has the data key makes and takes the same ones, also
/// after a restart. RFC 9449 §8
/// </summary>
internal sealed class DpopNonces(MasterKey master)
{
    private const int Length = 16;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(2);
    private readonly byte[] _key = master.Derive("dpop-nonce");
    private volatile Made? _current;

    private sealed record Made(long Interval, string Nonce);

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
        HMACSHA256.HashData(_key, number, mac);
        return Base64UrlText.Encode(mac[..Length]);
    }

    private static long IntervalOf(DateTimeOffset now) => now.ToUnixTimeSeconds() / (long)Interval.TotalSeconds;
}
