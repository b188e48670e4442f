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
    private static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
    private static readonly BigInteger Order =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", CultureInfo.InvariantCulture);
    private static readonly BigInteger D = Mod(-121665 * Inverse(121666));
    private static readonly BigInteger SquareRootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);
    private static readonly Point Base = BasePoint();
    private static readonly Point Identity = new(0, 1, 1, 0);

    public static bool IsPublicKey(ReadOnlySpan<byte> encoded) => TryDecode(encoded, out var point) && !IsSmallOrder(point);

    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 64 || !TryDecode(publicKey, out var a) || IsSmallOrder(a))
            return false;
        var r = signature[..32];
        var s = new BigInteger(signature[32..], isUnsigned: true);
        if (s >= Order) // RFC 8032 §5.1.7
            return false;
        var k = Challenge(r, publicKey, message);
        // R = S·B − k·A, compared as bytes, so that a spelling of R that is not canonical fails too.
        Span<byte> expected = stackalloc byte[32];
        Encode(Combine(s, Base, k, Negate(a)), expected);
        return r.SequenceEqual(expected);
    }

    private static BigInteger Challenge(ReadOnlySpan<byte> r, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData(r);
        hash.AppendData(publicKey);
        hash.AppendData(message);
        return new BigInteger(hash.GetHashAndReset(), isUnsigned: true) % Order;
    }

    private static bool TryDecode(ReadOnlySpan<byte> encoded, out Point point)
    {
        point = default;
        if (encoded.Length != 32)
            return false;
        Span<byte> bytes = stackalloc byte[32];
        encoded.CopyTo(bytes);
        var odd = bytes[31] >> 7 == 1;
        bytes[31] &= 0x7F;
        var y = new BigInteger(bytes, isUnsigned: true);
        if (y >= P || !TryRecoverX(y, odd, out var x)) // RFC 8032 §5.1.3
            return false;
        point = new Point(x, y, 1, Mod(x * y));
        return true;
    }

    private static bool TryRecoverX(BigInteger y, bool odd, out BigInteger x)
    {
        var y2 = Mod(y * y);
        var x2 = Mod((y2 - 1) * Inverse(Mod(D * y2 + 1)));
        x = BigInteger.ModPow(x2, (P + 3) / 8, P);
        if (Mod(x * x) != x2)
            x = Mod(x * SquareRootOfMinusOne);
        if (Mod(x * x) != x2 || (x.IsZero && odd))
            return false;
        if (!x.IsEven != odd)
            x = P - x;
        return true;
    }

    private static Point BasePoint()
    {
        var y = Mod(4 * Inverse(5));
        _ = TryRecoverX(y, odd: false, out var x);
        return new Point(x, y, 1, Mod(x * y));
    }

    private static bool IsSmallOrder(Point point)
    {
        var multiple = Double(Double(Double(point)));
        return multiple.X.IsZero && multiple.Y == multiple.Z;
    }

    // Both products share their doublings.
    private static Point Combine(BigInteger s, Point p, BigInteger k, Point q)
    {
        var both = Add(p, q);
        var result = Identity;
        for (var bit = 252; bit >= 0; bit--)
        {
            result = Double(result);
            var (first, second) = (!((s >> bit) & 1).IsZero, !((k >> bit) & 1).IsZero);
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

    private static Point Add(Point p, Point q) // RFC 8032 §5.1.4
    {
        var a = Mod((p.Y - p.X) * (q.Y - q.X));
        var b = Mod((p.Y + p.X) * (q.Y + q.X));
        var c = Mod(2 * p.T * Mod(q.T * D));
        var d = Mod(2 * p.Z * q.Z);
        var (e, f, g, h) = (b - a, d - c, d + c, b + a);
        return new Point(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
    }

    private static Point Double(Point p)
    {
        var a = Mod(p.X * p.X);
        var b = Mod(p.Y * p.Y);
        var c = 2 * p.Z * p.Z;
        var h = a + b;
        var sum = p.X + p.Y;
        var e = h - Mod(sum * sum);
        var g = a - b;
        var f = Mod(c + g);
        return new Point(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
    }

    private static Point Negate(Point p) => new(Mod(-p.X), p.Y, p.Z, Mod(-p.T));

    private static void Encode(Point point, Span<byte> destination)
    {
        var inverse = Inverse(point.Z);
        var (x, y) = (Mod(point.X * inverse), Mod(point.Y * inverse));
        destination.Clear();
        _ = y.TryWriteBytes(destination, out _, isUnsigned: true);
        if (!x.IsEven)
            destination[31] |= 0x80;
    }

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(value, P - 2, P);

    private static BigInteger Mod(BigInteger value)
    {
        var rest = BigInteger.Remainder(value, P);
        return rest.Sign < 0 ? rest + P : rest;
    }

    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);
}
