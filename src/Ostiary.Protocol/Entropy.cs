using System.Buffers.Text;
using System.Security.Cryptography;

namespace Ostiary.Protocol;

/// <summary>
/// The one source of randomness. Every byte comes from the platform's cryptographic generator and is handed out once. One call of it costs as much for a kilobyte as for
/// an identifier, so each thread draws ahead; what was handed out is erased from its stock.
/// </summary>
public static class Entropy
{
    private const int StockSize = 1024;
    private const int LargestFromStock = 64;

    [ThreadStatic]
    private static byte[]? _stock;

    [ThreadStatic]
    private static int _left;

#pragma warning disable RS0030 // This is the place the ban points to.
    public static void Fill(Span<byte> destination)
    {
        if (destination.Length > LargestFromStock)
        {
            RandomNumberGenerator.Fill(destination);
            return;
        }
        var stock = _stock ??= new byte[StockSize];
        if (_left < destination.Length)
        {
            RandomNumberGenerator.Fill(stock);
            _left = StockSize;
        }
        _left -= destination.Length;
        var drawn = stock.AsSpan(_left, destination.Length);
        drawn.CopyTo(destination);
        CryptographicOperations.ZeroMemory(drawn);
    }

    /// <summary>A number from 0 to <paramref name="exclusiveLimit"/> − 1, without modulo bias.</summary>
    public static int Below(int exclusiveLimit) => RandomNumberGenerator.GetInt32(exclusiveLimit);
#pragma warning restore RS0030

    public static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    /// <summary>A random value of <paramref name="bytes"/> bytes as base64url text.</summary>
    public static string Text(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Span<byte> random = bytes <= 128 ? stackalloc byte[bytes] : new byte[bytes];
        Fill(random);
        return Base64Url.EncodeToString(random);
    }

    /// <summary>As <see cref="Text"/>, but no command line takes it for an option: it does not begin with a hyphen.</summary>
    public static string Name(int bytes)
    {
        string name;
        do name = Text(bytes);
        while (name.StartsWith('-'));
        return name;
    }

    /// <summary>A random (version 4) identifier.</summary>
    public static Guid Identifier()
    {
        Span<byte> random = stackalloc byte[16];
        Fill(random);
        random[6] = (byte)((random[6] & 0x0F) | 0x40);
        random[8] = (byte)((random[8] & 0x3F) | 0x80);
        return new Guid(random, bigEndian: true);
    }
}
