using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Ostiary.Samples;

/// <summary>A small web server at one address, with TLS where it has a certificate.</summary>
internal static class SampleHost
{
    public static WebApplicationBuilder Create(string url, X509Certificate2? certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        if (certificate is not null)
            builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, new Uri(url), certificate));
        return builder;
    }

    /// <summary>The value of <c>--name value</c>, or of the environment variable <c>SAMPLE_NAME</c>, or null.</summary>
    public static string? Setting(string[] args, string name)
    {
        var at = Array.IndexOf(args, "--" + name);
        return at >= 0 && at + 1 < args.Length
            ? args[at + 1]
            : Environment.GetEnvironmentVariable("SAMPLE_" + name.Replace('-', '_').ToUpperInvariant());
    }

    private static void Listen(KestrelServerOptions kestrel, Uri url, X509Certificate2? certificate)
    {
        kestrel.AddServerHeader = false;
        kestrel.Listen(
            IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) ? address : IPAddress.Loopback,
            url.Port,
            listen =>
            {
                if (certificate is not null)
                    listen.UseHttps(certificate);
            }
        );
    }
}
