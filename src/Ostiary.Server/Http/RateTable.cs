using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ostiary.Server.Http;

/// <summary>
/// Token buckets in a fixed amount of memory, one number each: when the bucket will be full again (generic cell rate algorithm). Keys that fall on
/// the same slot share a bucket; the slot is keyed, so nobody can choose whom to share with.
/// </summary>
internal sealed class RateTable(byte[] key, string name, int burst, TimeSpan interval, TimeProvider time)
{
    private const int Slots = 1 << 15;
    private readonly long[] _fullAt = new long[Slots];
    private readonly byte[] _prefix = [.. key, .. Encoding.UTF8.GetBytes(name)];

    /// <summary>Takes one token; otherwise says after what time there is one.</summary>
    public bool TryTake(string subject, out TimeSpan retryAfter)
    {
        ref var slot = ref _fullAt[SlotOf(subject)];
        var now = time.GetUtcNow().UtcTicks;
        while (true)
        {
            var fullAt = Volatile.Read(ref slot);
            // No bucket is emptier than empty, unless the clock was set back.
            var empty = now + (burst * interval.Ticks);
            if (fullAt > empty && Interlocked.CompareExchange(ref slot, empty, fullAt) != fullAt)
                continue;
            var taken = Math.Clamp(fullAt, now, empty) + interval.Ticks;
            retryAfter = TimeSpan.FromTicks(Math.Max(0, taken - now - (burst * interval.Ticks)));
            if (retryAfter > TimeSpan.Zero)
                return false;
            if (Interlocked.CompareExchange(ref slot, taken, fullAt) == fullAt)
                return true;
        }
    }

    public void GiveBack(string subject) => Interlocked.Add(ref _fullAt[SlotOf(subject)], -interval.Ticks);

    private int SlotOf(string subject)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. _prefix, .. Encoding.UTF8.GetBytes(subject)], hash);
        return (int)(BinaryPrimitives.ReadUInt32LittleEndian(hash) % Slots);
    }
}
