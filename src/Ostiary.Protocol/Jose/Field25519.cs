using System.Buffers.Binary;

namespace Ostiary.Protocol.Jose;

/// <summary>A number modulo 2^255 − 19 in five limbs of 51 bits. Not constant in time: it carries public data only.</summary>
internal readonly struct Field25519
{
    private const ulong Mask = (1UL << 51) - 1;

    // p − 2, (p + 3) / 8 and (p − 1) / 4: all bits set but for the ends.
    private static readonly byte[] InverseExponent = Exponent(lowest: 0xEB, highest: 0x7F);
    private static readonly byte[] RootExponent = Exponent(lowest: 0xFE, highest: 0x0F);
    private static readonly byte[] QuarterExponent = Exponent(lowest: 0xFB, highest: 0x1F);

    private readonly ulong l0;
    private readonly ulong l1;
    private readonly ulong l2;
    private readonly ulong l3;
    private readonly ulong l4;

    private Field25519(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4)
    {
        this.l0 = l0;
        this.l1 = l1;
        this.l2 = l2;
        this.l3 = l3;
        this.l4 = l4;
    }

    public static Field25519 Zero => default;
    public static Field25519 One => Of(1);

    /// <summary>2^((p − 1) / 4), a square root of −1.</summary>
    public static Field25519 RootOfMinusOne { get; } = Of(2).Power(QuarterExponent);

    public bool IsZero => this == Zero;

    public bool IsOdd
    {
        get
        {
            Span<byte> bytes = stackalloc byte[32];
            Write(bytes);
            return (bytes[0] & 1) == 1;
        }
    }

    public static Field25519 Of(uint value) => new(value, 0, 0, 0, 0);

    /// <summary>The low 255 bits, little-endian. False where they are not below the modulus.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Field25519 value)
    {
        value = new Field25519(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes) & Mask,
            (BinaryPrimitives.ReadUInt64LittleEndian(bytes[6..]) >> 3) & Mask,
            (BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]) >> 6) & Mask,
            (BinaryPrimitives.ReadUInt64LittleEndian(bytes[19..]) >> 1) & Mask,
            (BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]) >> 12) & Mask
        );
        Span<byte> canonical = stackalloc byte[32];
        value.Write(canonical);
        canonical[31] |= (byte)(bytes[31] & 0x80);
        return canonical.SequenceEqual(bytes);
    }

    /// <summary>The one representation below the modulus, little-endian.</summary>
    public void Write(Span<byte> bytes)
    {
        var n = Carry(l0, l1, l2, l3, l4);
        var quotient = (n.l0 + 19) >> 51;
        quotient = (n.l1 + quotient) >> 51;
        quotient = (n.l2 + quotient) >> 51;
        quotient = (n.l3 + quotient) >> 51;
        quotient = (n.l4 + quotient) >> 51;
        var (a, b, c, d, e) = (n.l0 + 19 * quotient, n.l1, n.l2, n.l3, n.l4);
        b += a >> 51;
        c += b >> 51;
        d += c >> 51;
        e += d >> 51;
        (a, b, c, d, e) = (a & Mask, b & Mask, c & Mask, d & Mask, e & Mask);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, a | (b << 51));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], (b >> 13) | (c << 38));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], (c >> 26) | (d << 25));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], (d >> 39) | (e << 12));
    }

    public static Field25519 operator +(Field25519 a, Field25519 b) => Carry(a.l0 + b.l0, a.l1 + b.l1, a.l2 + b.l2, a.l3 + b.l3, a.l4 + b.l4);

    // Twice the modulus keeps every limb from going below zero.
    public static Field25519 operator -(Field25519 a, Field25519 b) =>
        Carry(a.l0 + 2 * (Mask - 18) - b.l0, a.l1 + 2 * Mask - b.l1, a.l2 + 2 * Mask - b.l2, a.l3 + 2 * Mask - b.l3, a.l4 + 2 * Mask - b.l4);

    public static Field25519 operator -(Field25519 a) => Zero - a;

    public static Field25519 operator *(Field25519 a, Field25519 b)
    {
        var (b1, b2, b3, b4) = (19 * b.l1, 19 * b.l2, 19 * b.l3, 19 * b.l4);
        var r0 = Product(a.l0, b.l0) + Product(a.l1, b4) + Product(a.l2, b3) + Product(a.l3, b2) + Product(a.l4, b1);
        var r1 = Product(a.l0, b.l1) + Product(a.l1, b.l0) + Product(a.l2, b4) + Product(a.l3, b3) + Product(a.l4, b2);
        var r2 = Product(a.l0, b.l2) + Product(a.l1, b.l1) + Product(a.l2, b.l0) + Product(a.l3, b4) + Product(a.l4, b3);
        var r3 = Product(a.l0, b.l3) + Product(a.l1, b.l2) + Product(a.l2, b.l1) + Product(a.l3, b.l0) + Product(a.l4, b4);
        var r4 = Product(a.l0, b.l4) + Product(a.l1, b.l3) + Product(a.l2, b.l2) + Product(a.l3, b.l1) + Product(a.l4, b.l0);
        r1 += (ulong)(r0 >> 51);
        r2 += (ulong)(r1 >> 51);
        r3 += (ulong)(r2 >> 51);
        r4 += (ulong)(r3 >> 51);
        var low = (UInt128)((ulong)r0 & Mask) + Product((ulong)(r4 >> 51), 19);
        var second = ((ulong)r1 & Mask) + (ulong)(low >> 51);
        return new Field25519((ulong)low & Mask, second, (ulong)r2 & Mask, (ulong)r3 & Mask, (ulong)r4 & Mask);
    }

    public static bool operator ==(Field25519 a, Field25519 b)
    {
        Span<byte> left = stackalloc byte[32];
        Span<byte> right = stackalloc byte[32];
        a.Write(left);
        b.Write(right);
        return left.SequenceEqual(right);
    }

    public static bool operator !=(Field25519 a, Field25519 b) => !(a == b);

    public override bool Equals(object? obj) => obj is Field25519 other && this == other;

    public override int GetHashCode() => 0;

    public Field25519 Inverse() => Power(InverseExponent);

    /// <summary>A square root, up to a factor of <see cref="RootOfMinusOne"/>, of a number that has one.</summary>
    public Field25519 RootCandidate() => Power(RootExponent);

    private Field25519 Power(ReadOnlySpan<byte> exponent)
    {
        var result = One;
        for (var bit = 255; bit >= 0; bit--)
        {
            result *= result;
            if (((exponent[bit / 8] >> (bit % 8)) & 1) == 1)
                result *= this;
        }
        return result;
    }

    private static UInt128 Product(ulong a, ulong b) => Math.BigMul(a, b);

    private static Field25519 Carry(ulong l0, ulong l1, ulong l2, ulong l3, ulong l4)
    {
        l1 += l0 >> 51;
        l2 += l1 >> 51;
        l3 += l2 >> 51;
        l4 += l3 >> 51;
        var low = (l0 & Mask) + 19 * (l4 >> 51);
        return new Field25519(low & Mask, (l1 & Mask) + (low >> 51), l2 & Mask, l3 & Mask, l4 & Mask);
    }

    private static byte[] Exponent(byte lowest, byte highest)
    {
        var exponent = new byte[32];
        exponent.AsSpan().Fill(0xFF);
        exponent[0] = lowest;
        exponent[31] = highest;
        return exponent;
    }
}
