using System.Net;
using System.Text;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Outbound;

namespace Ostiary.Server.Hosting;

/// <summary>A setting that does not hold: which one, as the reader typed it, why, and the one thing to do.</summary>
public sealed record SettingFault(Reason Reason, string Setting, string Message, string Try);

/// <summary>What a server is started with. Only <see cref="Issuer"/> and <see cref="Listen"/> have no default; everything unset is the strict choice.</summary>
public sealed record ServerOptions
{
    private static readonly string[] TestDomains = [".test", ".localhost", ".example", ".invalid"];

    /// <summary>Bytes of the path of a Unix socket.</summary>
    private const int LongestSocket = 107;

    public required string Issuer { get; init; }

    /// <summary>Further issuers of the same server, each with data, keys and log of its own.</summary>
    public IReadOnlyList<string> MoreIssuers { get; init; } = [];
    internal IReadOnlyList<string> Issuers => [Issuer, .. MoreIssuers];

    /// <summary>URLs, for example <c>http://127.0.0.1:9400</c>. Port 0 takes a free one. Plain http on loopback only, or behind a trusted proxy.</summary>
    public required IReadOnlyList<string> Listen { get; init; }

    /// <summary>Null: nothing outlives the process, and there is no administration socket.</summary>
    public string? DataDirectory { get; init; }

    /// <summary><c>sqlite</c>, <c>memory</c> or <c>postgres</c>.</summary>
    public string Store { get; init; } = "sqlite";

    /// <summary>Where the PostgreSQL store is.</summary>
    public DatabaseAddress? Database { get; init; }

    /// <summary>Configuration as code that is applied at start, before the first request.</summary>
    public string? ConfigFile { get; init; }
    public string? TlsCertFile { get; init; }
    public string? TlsKeyFile { get; init; }

    /// <summary>Addresses or networks (CIDR) whose <c>X-Forwarded-*</c> headers are believed. Empty: nobody's.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Certificates of clients. Default: none come.</summary>
    public MutualTlsOptions MutualTls { get; init; } = new();

    /// <summary>Limits as <c>NAME=NUMBER</c>. Empty: all follow from the machine.</summary>
    public IReadOnlyList<string> Limit { get; init; } = [];

    /// <summary>How long a stopping server goes on serving after it has said that it is not ready.</summary>
    public TimeSpan DrainDelay { get; init; }

    /// <summary>How long requests that have begun may take to end once no more are accepted.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The name of this node in logs. Null: the machine's.</summary>
    public string? Node { get; init; }

    /// <summary>One more certificate authority for outbound fetches.</summary>
    public string? ExtraCaFile { get; init; }

    /// <summary>Outbound fetches may reach loopback: tests and development only.</summary>
    public bool AllowLoopbackFetch { get; init; }

    /// <summary>A development server: pages say so.</summary>
    public bool Development { get; init; }

    /// <summary>Only administration, over a Unix socket of its own: for a command on a data directory on which no server runs.</summary>
    public string? AdministrationSocket { get; init; }

    /// <summary>Where administration listens, or null.</summary>
    public string? Socket => AdministrationSocket ?? (DataDirectory is { } data ? Path.GetFullPath(Path.Combine(data, "admin.sock")) : null);

    /// <summary>All faults at once; empty where the server may start.</summary>
    public IReadOnlyList<SettingFault> Validate()
    {
        var faults = new List<SettingFault>();
        IssuerSet.Validate(this, faults);
        ValidateListen(faults);
        ValidateStore(faults);
        ValidateCertificate(faults);
        ValidateProxies(faults);
        MutualTls.Validate(this, faults);
        Limits.Read(Limit, faults);
        MustExist(faults, Reason.SettingInvalid, "--config", ConfigFile);
        ValidateFetches(faults);
        return faults;
    }

    /// <summary>Whether a listen URL is reachable from this machine only. Names other than <c>localhost</c> are not: what they resolve to may change.</summary>
    public static bool IsLoopback(string listen) =>
        ListenAddress.TryParse(listen, out var parsed) && (parsed.Address is null || IPAddress.IsLoopback(parsed.Address));

    internal Limits ReadLimits() => Limits.Read(Limit, []);

    private void ValidateListen(List<SettingFault> faults)
    {
        if (Listen.Count == 0 && AdministrationSocket is null)
            faults.Add(new(Reason.SettingInvalid, "--listen", "No address to listen on was given.", "--listen http://127.0.0.1:9400"));
        foreach (var listen in Listen)
        {
            if (!ListenAddress.TryParse(listen, out var parsed))
            {
                faults.Add(
                    new(
                        Reason.SettingInvalid,
                        "--listen",
                        $"'{listen}' is not a URL of scheme, address (or localhost) and port.",
                        "--listen http://127.0.0.1:9400 or --listen https://0.0.0.0:8443"
                    )
                );
                continue;
            }
            if (parsed.Secure && TlsCertFile is null)
                faults.Add(
                    new(
                        Reason.CertificateUnusable,
                        "--listen",
                        $"'{listen}' needs a certificate, and none was given.",
                        "--tls-cert FILE --tls-key FILE (PEM)"
                    )
                );
            if (!parsed.Secure && !IsLoopback(listen) && TrustedProxies.Count == 0) // RFC 9700 §2.6
                faults.Add(
                    new(
                        Reason.PlainHttpOffLoopback,
                        "--listen",
                        $"'{listen}' would carry passwords and tokens unencrypted beyond this machine.",
                        "listen on https with --tls-cert and --tls-key, or on http://127.0.0.1, or name the proxy that terminates TLS: --trusted-proxy ADDRESS"
                    )
                );
        }
    }

    private void ValidateStore(List<SettingFault> faults)
    {
        if (Store is not ("sqlite" or "memory" or "postgres"))
            faults.Add(
                new(
                    Reason.StoreUnsupported,
                    "--store",
                    $"The store '{StoreForPeople}' is not supported by this version.",
                    "--store sqlite, --store memory or --store postgres"
                )
            );
        if (Store == "sqlite" && string.IsNullOrEmpty(DataDirectory))
            faults.Add(new(Reason.SettingInvalid, "--data", "The SQLite store needs a data directory.", "--data DIR, or --store memory"));
        if (Store == "postgres" && Database is null)
            faults.Add(
                new(
                    Reason.SettingInvalid,
                    "--database",
                    "The PostgreSQL store needs the address of its database.",
                    "--database postgres://USER@HOST/NAME, or the environment variable OSTIARY_DATABASE"
                )
            );
        if (Store == "postgres" && string.IsNullOrEmpty(DataDirectory))
            faults.Add(new(Reason.SettingInvalid, "--data", "The PostgreSQL store needs a data directory for the master key.", "--data DIR"));
        MustExist(faults, Reason.SettingInvalid, "--database-password-file", Database?.PasswordFile);
        if (DataDirectory is { Length: > 0 } && File.Exists(DataDirectory))
            faults.Add(new(Reason.DataDirectoryUnusable, "--data", $"'{DataDirectory}' is a file, not a directory.", "--data DIR"));
        if (MoreIssuers.Count == 0)
            ValidateSocket(faults);
    }

    internal void ValidateSocket(List<SettingFault> faults)
    {
        if (Socket is { } socket && Encoding.UTF8.GetByteCount(socket) > LongestSocket)
            faults.Add(
                new(
                    Reason.DataDirectoryUnusable,
                    "--data",
                    $"The administration socket {socket} has a longer path than the system's {LongestSocket} bytes.",
                    "--data DIR, with a shorter path"
                )
            );
    }

    /// <summary>A store URL may carry a password.</summary>
    private string StoreForPeople => Store.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? Store[..colon] + "://…" : Store;

    private void ValidateCertificate(List<SettingFault> faults)
    {
        if ((TlsCertFile is null) != (TlsKeyFile is null))
            faults.Add(
                new(
                    Reason.CertificateUnusable,
                    TlsCertFile is null ? "--tls-cert" : "--tls-key",
                    "A certificate and its key are given together; one of them is missing.",
                    "--tls-cert FILE --tls-key FILE"
                )
            );
        MustExist(faults, Reason.CertificateUnusable, "--tls-cert", TlsCertFile);
        MustExist(faults, Reason.CertificateUnusable, "--tls-key", TlsKeyFile);
    }

    private void ValidateProxies(List<SettingFault> faults)
    {
        foreach (var proxy in TrustedProxies)
            if (!IPNetwork.TryParse(proxy, out _) && !IPAddress.TryParse(proxy, out _))
                faults.Add(
                    new(
                        Reason.SettingInvalid,
                        "--trusted-proxy",
                        $"'{proxy}' is neither an address nor a network.",
                        "--trusted-proxy 10.0.0.5 or --trusted-proxy 10.0.0.0/24"
                    )
                );
    }

    private void ValidateFetches(List<SettingFault> faults)
    {
        MustExist(faults, Reason.CertificateUnusable, "--extra-ca", ExtraCaFile);
        if (ExtraCaFile is { } file && File.Exists(file) && TrustedRoots.With(file) is null)
            faults.Add(
                new(Reason.CertificateUnusable, "--extra-ca", $"The file '{file}' holds no certificate.", "--extra-ca FILE, with PEM certificates")
            );
        if (AllowLoopbackFetch && Issuers.FirstOrDefault(i => Uri.TryCreate(i, UriKind.Absolute, out var issuer) && !IsForTests(issuer)) is { } real)
            faults.Add(
                new(
                    Reason.SettingInvalid,
                    "--allow-loopback-fetch",
                    $"The issuer '{real}' is one that the world can reach: clients could have this server ask the programs beside it.",
                    "leave --allow-loopback-fetch out, or use an issuer on localhost or below .test"
                )
            );
    }

    /// <summary>Loopback, a name of this network, or one of those that never mean anybody. RFC 6761 §6</summary>
    private static bool IsForTests(Uri issuer) =>
        issuer.IsLoopback
        || !issuer.Host.Contains('.', StringComparison.Ordinal)
        || TestDomains.Any(domain => issuer.Host.EndsWith(domain, StringComparison.OrdinalIgnoreCase));

    private static void MustExist(List<SettingFault> faults, Reason reason, string setting, string? file)
    {
        if (file is not null && !File.Exists(file))
            faults.Add(new(reason, setting, $"The file '{file}' does not exist.", $"{setting} FILE, with a path that exists"));
    }
}

/// <summary>Where to listen. A null address stands for <c>localhost</c>, in both families.</summary>
internal readonly record struct ListenAddress(bool Secure, IPAddress? Address, int Port)
{
    /// <summary>An http or https URL of an address, <c>localhost</c>, or <c>*</c> for every address; no other name, for what that means is not ours to say.</summary>
    public static bool TryParse(string listen, out ListenAddress parsed)
    {
        parsed = default;
        var everywhere = listen.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (
            !Uri.TryCreate(everywhere, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.PathAndQuery != "/"
            || uri.Fragment.Length > 0
            || uri.UserInfo.Length > 0
        )
            return false;
        IPAddress? address = null;
        if (uri.Host != "localhost" && !IPAddress.TryParse(uri.Host.Trim('[', ']'), out address))
            return false;
        parsed = new(uri.Scheme == Uri.UriSchemeHttps, address, uri.Port);
        return true;
    }
}
