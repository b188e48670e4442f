using System.Globalization;
using System.Numerics;
using System.Text;

namespace Ostiary.Server.Stores.Memory;

/// <summary>CRC-32C, carried on from what came before: a line that is changed, missing or out of its place is found.</summary>
internal static class Checksum
{
    public const int Digits = 8;

    public static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        sum = ~sum;
        while (bytes.Length >= sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, BitConverter.ToUInt64(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (var value in bytes)
            sum = BitOperations.Crc32C(sum, value);
        return ~sum;
    }

    public static string Text(uint sum) => sum.ToString("x8", CultureInfo.InvariantCulture);

    public static bool TryRead(ReadOnlySpan<byte> digits, out uint sum)
    {
        sum = 0;
        return digits.Length == Digits
            && uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sum)
            && digits.SequenceEqual(Encoding.ASCII.GetBytes(Text(sum)));
    }
}
