using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Ostiary.Server.Hosting;

/// <summary>The settings of Kestrel, apart from where it listens. The ceilings of the benchmarks run on the same.</summary>
public static class KestrelSettings
{
    public static void Apply(KestrelServerOptions kestrel)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
    }
}
