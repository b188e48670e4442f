using System.Security.Cryptography.X509Certificates;

namespace Ostiary.AspNetCore.Issuers;

/// <summary>How the app itself speaks to the issuer: its keys, its token endpoint, its introspection endpoint.</summary>
public sealed class BackchannelOptions
{
    /// <summary>Makes the handler that sends the requests. Null: one that follows no redirects, keeps no cookies and uses no proxy.</summary>
    public Func<HttpMessageHandler>? Handler { get; set; }

    /// <summary>Certificate authorities that are trusted in addition to those of the system. Default: none.</summary>
    public X509Certificate2Collection TrustedAuthorities { get; } = [];

    /// <summary>How long one request may take, its answer included. Default: 5 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many bytes an answer may have. Default: 256 KiB.</summary>
    public int MaxLength { get; set; } = 256 * 1024;
}
