using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ostiary.Protocol.Jose;

/// <summary>AES key unwrapping. The platform has the padded form only, which is another algorithm.</summary>
internal static class AesKeyWrap
{
    private const int MaxBlocks = 16;

    /// <summary>Null where the wrapped key was changed or wrapped with another key. RFC 3394 §2.2.2.</summary>
    public static byte[]? Unwrap(ReadOnlySpan<byte> wrapKey, ReadOnlySpan<byte> wrapped)
    {
        var blocks = wrapped.Length / 8 - 1;
        if (wrapped.Length % 8 != 0 || blocks is < 2 or > MaxBlocks)
            return null;
        using var aes = Aes.Create();
        aes.SetKey(wrapKey);
        var plain = wrapped[8..].ToArray();
        Span<byte> block = stackalloc byte[16];
        wrapped[..8].CopyTo(block);
        for (var step = 6 * blocks; step > 0; step--)
        {
            var register = plain.AsSpan((step - 1) % blocks * 8, 8);
            var check = BinaryPrimitives.ReadUInt64BigEndian(block) ^ (ulong)step;
            BinaryPrimitives.WriteUInt64BigEndian(block, check);
            register.CopyTo(block[8..]);
            aes.DecryptEcb(block, block, PaddingMode.None);
            block[8..].CopyTo(register);
        }
        return FixedTime.Equals(block[..8], InitialValue) ? plain : null;
    }

    private static ReadOnlySpan<byte> InitialValue => [0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6]; // RFC 3394 §2.2.3.1
}
