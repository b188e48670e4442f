using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Ostiary.Protocol.Jose;

/// <summary>A point on a NIST curve and, for a private key, the scalar that makes it.</summary>
internal sealed class EcKey
{
    private EcKey(EcCurve curve, byte[] x, byte[] y, byte[]? d, ECDsa signature)
    {
        Curve = curve;
        X = x;
        Y = y;
        D = d;
        Signature = signature;
    }

    public EcCurve Curve { get; }
    public string Crv => Curve.Name;
    public byte[] X { get; }
    public byte[] Y { get; }
    public byte[]? D { get; }

    /// <summary>Shared by all callers: signing and verifying keep no state in it.</summary>
    public ECDsa Signature { get; }

    public ECParameters Parameters =>
        new()
        {
            Curve = Curve.Curve,
            Q = new ECPoint { X = X, Y = Y },
            D = D,
        };

    public static EcKey Generate(string crv)
    {
        if (!EcCurve.TryFind(crv, out var curve))
            throw new ArgumentException("The curve is not supported.", nameof(crv));
        var signature = ECDsa.Create(curve.Curve);
        var parameters = signature.ExportParameters(includePrivateParameters: true);
        return new EcKey(curve, parameters.Q.X!, parameters.Q.Y!, parameters.D!, signature);
    }

    public static bool TryCreate(EcCurve curve, byte[] x, byte[] y, byte[]? d, [NotNullWhen(true)] out EcKey? key, out JoseFault fault)
    {
        key = null;
        fault = JoseFault.KeyMalformed;
        if (x.Length != curve.FieldLength || y.Length != curve.FieldLength) // RFC 7518 §6.2.1.2
            return false;
        if (d is not null && (d.Length != curve.FieldLength || !curve.IsScalar(d))) // RFC 7518 §6.2.2.1
            return false;
        fault = JoseFault.KeyNotConsistent;
        if (d is not null && !Makes(curve, d, x, y))
            return false;
        try
        {
            // The import refuses points that are not on the curve.
            var parameters = new ECParameters
            {
                Curve = curve.Curve,
                Q = new ECPoint { X = x, Y = y },
                D = d,
            };
            key = new EcKey(curve, x, y, d, ECDsa.Create(parameters));
            fault = JoseFault.None;
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public EcKey ToPublic()
    {
        if (D is null)
            return this;
        var parameters = Parameters;
        parameters.D = null;
        return new EcKey(Curve, X, Y, null, ECDsa.Create(parameters));
    }

    public ECDiffieHellman Agreement() => ECDiffieHellman.Create(Parameters);

    private static bool Makes(EcCurve curve, byte[] d, byte[] x, byte[] y)
    {
        try
        {
            using var own = ECDsa.Create(new ECParameters { Curve = curve.Curve, D = d });
            var point = own.ExportParameters(includePrivateParameters: false).Q;
            return x.AsSpan().SequenceEqual(point.X) && y.AsSpan().SequenceEqual(point.Y);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}

internal sealed record EcCurve(string Name, ECCurve Curve, int FieldLength, string Order)
{
    private readonly byte[] order = Convert.FromHexString(Order);

    // csharpier-ignore
    private static readonly EcCurve[] Table =
    [
        new("P-256", ECCurve.NamedCurves.nistP256, 32, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"), // RFC 7518 §6.2.1.1
        new("P-384", ECCurve.NamedCurves.nistP384, 48, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973"),
        new("P-521", ECCurve.NamedCurves.nistP521, 66, "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409"),
    ];

    public static bool TryFind(string name, [NotNullWhen(true)] out EcCurve? curve)
    {
        curve = Array.Find(Table, row => row.Name == name);
        return curve is not null;
    }

    /// <summary>From 1 to the order of the curve − 1.</summary>
    public bool IsScalar(ReadOnlySpan<byte> d) => d.ContainsAnyExcept((byte)0) && d.SequenceCompareTo(order) < 0;
}
