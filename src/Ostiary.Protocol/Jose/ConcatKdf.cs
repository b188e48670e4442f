using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ostiary.Protocol.Jose;

/// <summary>The one-step key derivation with SHA-256. RFC 7518 §4.6.2.</summary>
internal static class ConcatKdf
{
    public static byte[] Derive(ReadOnlySpan<byte> secret, string purpose, ReadOnlySpan<byte> apu, ReadOnlySpan<byte> apv, int length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var derived = new byte[length];
        var rest = derived.AsSpan();
        for (var round = 1u; rest.Length > 0; round++)
        {
            AppendNumber(hash, round);
            hash.AppendData(secret);
            AppendField(hash, Encoding.ASCII.GetBytes(purpose));
            AppendField(hash, apu);
            AppendField(hash, apv);
            AppendNumber(hash, (uint)length * 8);
            var block = hash.GetHashAndReset();
            var taken = Math.Min(block.Length, rest.Length);
            block.AsSpan(0, taken).CopyTo(rest);
            rest = rest[taken..];
        }
        return derived;
    }

    private static void AppendField(IncrementalHash hash, ReadOnlySpan<byte> value)
    {
        AppendNumber(hash, (uint)value.Length);
        hash.AppendData(value);
    }

    private static void AppendNumber(IncrementalHash hash, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        hash.AppendData(bytes);
    }
}
