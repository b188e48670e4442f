using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Ostiary.Protocol.Jose;

/// <summary>
/// Verification of Ed25519 signatures, which the platform lacks. It handles public data only, so its time need not be constant. One signature
/// has one spelling: encodings are canonical, S is below the group order, keys of small order are refused.
/// </summary>
internal static class Ed25519
{
    private static readonly BigInteger Order =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", CultureInfo.InvariantCulture);

    private static readonly Field25519 D = -(Field25519.Of(121665) * Field25519.Of(121666).Inverse());
    private static readonly Point Identity = new(Field25519.Zero, Field25519.One, Field25519.One, Field25519.Zero);
    private static readonly Point Base = BasePoint();

    public static bool IsPublicKey(ReadOnlySpan<byte> encoded) => TryDecode(encoded, out var point) && !IsSmallOrder(point);

    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 64 || !TryDecode(publicKey, out var a) || IsSmallOrder(a))
            return false;
        var r = signature[..32];
        var s = signature[32..];
        if (new BigInteger(s, isUnsigned: true) >= Order) // RFC 8032 §5.1.7
            return false;
        Span<byte> k = stackalloc byte[32];
        Challenge(r, publicKey, message, k);
        // R = S·B − k·A, compared as bytes, so that a spelling of R that is not canonical fails too.
        Span<byte> expected = stackalloc byte[32];
        Encode(Combine(s, Base, k, Negate(a)), expected);
        return r.SequenceEqual(expected);
    }

    private static void Challenge(ReadOnlySpan<byte> r, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, Span<byte> scalar)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData(r);
        hash.AppendData(publicKey);
        hash.AppendData(message);
        var number = new BigInteger(hash.GetHashAndReset(), isUnsigned: true) % Order;
        scalar.Clear();
        _ = number.TryWriteBytes(scalar, out _, isUnsigned: true);
    }

    private static bool TryDecode(ReadOnlySpan<byte> encoded, out Point point)
    {
        point = default;
        if (encoded.Length != 32 || !Field25519.TryRead(encoded, out var y)) // RFC 8032 §5.1.3
            return false;
        if (!TryRecoverX(y, odd: encoded[31] >> 7 == 1, out var x))
            return false;
        point = new Point(x, y, Field25519.One, x * y);
        return true;
    }

    private static bool TryRecoverX(Field25519 y, bool odd, out Field25519 x)
    {
        var y2 = y * y;
        var x2 = (y2 - Field25519.One) * (D * y2 + Field25519.One).Inverse();
        x = x2.RootCandidate();
        if (x * x != x2)
            x *= Field25519.RootOfMinusOne;
        if (x * x != x2 || (x.IsZero && odd))
            return false;
        if (x.IsOdd != odd)
            x = -x;
        return true;
    }

    private static Point BasePoint()
    {
        var y = Field25519.Of(4) * Field25519.Of(5).Inverse();
        _ = TryRecoverX(y, odd: false, out var x);
        return new Point(x, y, Field25519.One, x * y);
    }

    private static bool IsSmallOrder(Point point)
    {
        var multiple = Double(Double(Double(point)));
        return multiple.X.IsZero && multiple.Y == multiple.Z;
    }

    // Both products share their doublings.
    private static Point Combine(ReadOnlySpan<byte> s, Point p, ReadOnlySpan<byte> k, Point q)
    {
        var both = Add(p, q);
        var result = Identity;
        for (var bit = 252; bit >= 0; bit--)
        {
            result = Double(result);
            var (first, second) = (HasBit(s, bit), HasBit(k, bit));
            if (first || second)
                result = Add(
                    result,
                    first && second ? both
                        : first ? p
                        : q
                );
        }
        return result;
    }

    private static bool HasBit(ReadOnlySpan<byte> scalar, int bit) => ((scalar[bit / 8] >> (bit % 8)) & 1) == 1;

    private static Point Add(in Point p, in Point q) // RFC 8032 §5.1.4
    {
        var a = (p.Y - p.X) * (q.Y - q.X);
        var b = (p.Y + p.X) * (q.Y + q.X);
        var c = p.T * (q.T + q.T) * D;
        var d = p.Z * (q.Z + q.Z);
        var (e, f, g, h) = (b - a, d - c, d + c, b + a);
        return new Point(e * f, g * h, f * g, e * h);
    }

    private static Point Double(in Point p)
    {
        var a = p.X * p.X;
        var b = p.Y * p.Y;
        var c = p.Z * (p.Z + p.Z);
        var h = a + b;
        var sum = p.X + p.Y;
        var e = h - sum * sum;
        var g = a - b;
        var f = c + g;
        return new Point(e * f, g * h, f * g, e * h);
    }

    private static Point Negate(Point p) => new(-p.X, p.Y, p.Z, -p.T);

    private static void Encode(Point point, Span<byte> destination)
    {
        var inverse = point.Z.Inverse();
        (point.Y * inverse).Write(destination);
        if ((point.X * inverse).IsOdd)
            destination[31] |= 0x80;
    }

    private readonly struct Point(Field25519 x, Field25519 y, Field25519 z, Field25519 t)
    {
        public readonly Field25519 X = x;
        public readonly Field25519 Y = y;
        public readonly Field25519 Z = z;
        public readonly Field25519 T = t;
    }
}
