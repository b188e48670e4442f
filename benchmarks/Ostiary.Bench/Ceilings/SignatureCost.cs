using System.Security.Cryptography;

namespace Ostiary.Bench.Ceilings;

/// <summary>What one ES256 signature and one verification cost this machine now, in microseconds of processor time.</summary>
internal sealed record SignatureCost(double Sign, double Verify)
{
    private const int Times = 2000;

    public static SignatureCost Measure()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var hash = SHA256.HashData("what is signed"u8);
        var signature = key.SignHash(hash);
        return new(Each(() => key.SignHash(hash).Length > 0), Each(() => key.VerifyHash(hash, signature)));
    }

    private static double Each(Func<bool> work)
    {
        var before = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Times; i++)
        {
            if (!work())
                throw new CryptographicException("A signature does not hold.");
        }
        return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / Times;
    }
}
