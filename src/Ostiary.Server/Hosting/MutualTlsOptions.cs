using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Senders;

namespace Ostiary.Server.Hosting;

/// <summary>Where certificates of clients come from, and whose count. Empty: from nowhere, and nobody's.</summary>
public sealed record MutualTlsOptions
{
    /// <summary>Addresses, https alone, where clients are asked for a certificate; at the others nobody ever is. RFC 8705 §5</summary>
    public IReadOnlyList<string> Listen { get; init; } = [];

    /// <summary>The origin under which clients reach them. Null: the host of the issuer, with the port of the first.</summary>
    public string? Url { get; init; }

    /// <summary>PEM files of the authorities whose certificates authenticate clients, with what leads to them.</summary>
    public IReadOnlyList<string> AuthorityFiles { get; init; } = [];

    /// <summary>Whether trusted proxies end TLS, ask for certificates and pass them on in <c>Client-Cert</c>, overwriting what came in it. RFC 9440 §4</summary>
    public bool FromProxy { get; init; }

    internal void Validate(ServerOptions server, List<SettingFault> faults)
    {
        foreach (var listen in Listen)
        {
            if (!ListenAddress.TryParse(listen, out var parsed) || !parsed.Secure)
                faults.Add(Wrong("--mtls-listen", $"'{listen}' is not an https URL of address and port.", "--mtls-listen https://0.0.0.0:8443"));
            else if (server.TlsCertFile is null)
                faults.Add(
                    new(
                        Reason.CertificateUnusable,
                        "--mtls-listen",
                        $"'{listen}' needs a certificate, and none was given.",
                        "--tls-cert FILE --tls-key FILE (PEM)"
                    )
                );
            else if (parsed.Port == 0 && Url is null)
                faults.Add(
                    Wrong("--mtls-listen", $"'{listen}' has no port that could be announced.", "--mtls-listen with a port, or --mtls-url URL")
                );
        }
        if (Url is not null && !IsOrigin(Url))
            faults.Add(Wrong("--mtls-url", $"'{Url}' is not an https URL without a path.", "--mtls-url https://mtls.id.example"));
        if (Url is not null && server.Issuers.Select(PathOf).Distinct(StringComparer.Ordinal).Count() < server.Issuers.Count)
            faults.Add(
                Wrong("--mtls-url", "Issuers that differ in their host alone cannot share one.", "leave --mtls-url out: each keeps its own host")
            );
        if (FromProxy && server.TrustedProxies.Count == 0)
            faults.Add(Wrong("--client-cert-header", "No proxy is named whose header could be believed.", "--trusted-proxy ADDRESS"));
        foreach (var file in AuthorityFiles)
            if (Read(file) is null)
                faults.Add(
                    new(
                        Reason.CertificateUnusable,
                        "--client-ca",
                        $"The file '{file}' holds no certificate.",
                        "--client-ca FILE, with PEM certificates"
                    )
                );
    }

    /// <summary>What an issuer does with certificates.</summary>
    internal MutualTls Of(IssuerUrl issuer)
    {
        if (Listen.Count == 0 && !FromProxy)
            return MutualTls.Off;
        var authorities = new X509Certificate2Collection();
        foreach (var file in AuthorityFiles)
            authorities.AddRange(Read(file)!);
        return new()
        {
            Offered = true,
            AliasOrigin = Url?.TrimEnd('/') ?? (Listen.Count > 0 ? OriginOf(issuer) : null),
            Authorities = authorities,
        };
    }

    private string OriginOf(IssuerUrl issuer) =>
        new UriBuilder(issuer.Origin)
        {
            Scheme = Uri.UriSchemeHttps,
            Port = new Uri(Listen[0].Replace("://*", "://0.0.0.0", StringComparison.Ordinal)).Port,
        }.Uri.GetLeftPart(UriPartial.Authority);

    private static bool IsOrigin(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && uri.Scheme == Uri.UriSchemeHttps
        && uri.PathAndQuery == "/"
        && uri.UserInfo.Length == 0
        && !url.Contains('#', StringComparison.Ordinal);

    private static string PathOf(string issuer) => IssuerUrl.TryParse(issuer, out var url) ? url.Path : issuer;

    private static X509Certificate2Collection? Read(string file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
        return certificates.Count == 0 ? null : certificates;
    }

    private static SettingFault Wrong(string setting, string message, string next) => new(Reason.SettingInvalid, setting, message, next);
}
