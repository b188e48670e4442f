using System.CommandLine;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Hosting;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Hosting;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary serve</c>: runs the server until it is told to stop.</summary>
internal static class ServeCommand
{
    /// <summary>Where a server keeps its data when nobody said, below the working directory.</summary>
    public const string DefaultData = "ostiary-data";

    private static readonly Option<string[]> Issuer = new("--issuer")
    {
        Description = "The issuer's URL, as clients see it; repeat for several on one server",
        HelpName = "URL",
        Required = true,
    };
    private static readonly Option<string[]> Listen = new("--listen")
    {
        Description = "Addresses to listen on: plain http on loopback only",
        HelpName = "URL[,URL…]",
        Required = true,
    };
    private static readonly Option<string?> Data = new("--data") { Description = $"The data directory (default {DefaultData})", HelpName = "DIR" };
    private static readonly Option<string?> Store = new("--store") { Description = "sqlite (default), memory or postgres", HelpName = "STORE" };
    private static readonly Option<string?> Config = new("--config")
    {
        Description = "Configuration to apply at start (JSON or YAML)",
        HelpName = "FILE",
    };
    private static readonly Option<string?> TlsCert = new("--tls-cert") { Description = "Certificate chain (PEM)", HelpName = "FILE" };
    private static readonly Option<string?> TlsKey = new("--tls-key") { Description = "Private key of the certificate (PEM)", HelpName = "FILE" };
    private static readonly Option<string[]> TrustedProxy = new("--trusted-proxy")
    {
        Description = "A proxy whose X-Forwarded headers are believed",
        HelpName = "CIDR",
    };
    private static readonly Option<string[]> MtlsListen = new("--mtls-listen")
    {
        Description = "Further https addresses, where clients are asked for a certificate",
        HelpName = "URL[,URL…]",
    };
    private static readonly Option<string?> MtlsUrl = new("--mtls-url")
    {
        Description = "How clients reach them (default: the issuer's host with that port)",
        HelpName = "URL",
    };
    private static readonly Option<string[]> ClientCa = new("--client-ca")
    {
        Description = "Authorities whose certificates authenticate clients (PEM)",
        HelpName = "FILE",
    };
    private static readonly Option<bool> ClientCertHeader = new("--client-cert-header")
    {
        Description = "Trusted proxies pass on certificates of clients in Client-Cert",
    };
    private static readonly Option<string[]> Limit = new("--limit")
    {
        Description = "A limit of this server, for example requests=500; repeat for more",
        HelpName = "NAME=NUMBER",
    };
    private static readonly Option<string?> DrainDelay = new("--drain-delay")
    {
        Description = "How long to serve on, not ready, after SIGTERM (default 0s)",
        HelpName = "TIME",
    };
    private static readonly Option<string?> StopTimeout = new("--stop-timeout")
    {
        Description = "How long requests that have begun may take to end (default 30s)",
        HelpName = "TIME",
    };
    private static readonly Option<string?> Node = new("--node") { Description = "The name of this node in logs", HelpName = "NAME" };
    private static readonly Option<string?> ExtraCa = new("--extra-ca")
    {
        Description = "One more certificate authority for outbound fetches",
        HelpName = "FILE",
    };
    private static readonly Option<bool> AllowLoopbackFetch = new("--allow-loopback-fetch")
    {
        Description = "Outbound fetches may reach loopback: tests and development only",
    };

    public static Verb Create() =>
        new Verb("serve", "Run the server", RunAsync)
        {
            EndsWhenStopped = true,
            Examples =
            [
                "ostiary serve --issuer http://localhost:9400 --listen http://localhost:9400",
                "ostiary serve --issuer https://id.example --listen https://0.0.0.0:443 --tls-cert id.pem --tls-key id.key --data /var/lib/ostiary",
                "ostiary serve --issuer https://id.example/red --issuer https://id.example/blue --listen http://127.0.0.1:9400 --trusted-proxy 127.0.0.1",
            ],
        }.With(
            Issuer,
            Listen,
            Data,
            Store,
            DatabaseSetting.Address,
            DatabaseSetting.PasswordFile,
            Config,
            TlsCert,
            TlsKey,
            TrustedProxy,
            MtlsListen,
            MtlsUrl,
            ClientCa,
            ClientCertHeader,
            Limit,
            DrainDelay,
            StopTimeout,
            Node,
            ExtraCa,
            AllowLoopbackFetch
        );

    private static Task<int> RunAsync(Invocation invocation) => ServerRun.UntilStoppedAsync(Checked(Options(invocation)), invocation);

    private static ServerOptions Options(Invocation invocation)
    {
        var (store, database) = DatabaseSetting.From(invocation, invocation.Value(Store) ?? "sqlite");
        return new()
        {
            Issuer = invocation.Values(Issuer)[0],
            MoreIssuers = [.. invocation.Values(Issuer).Skip(1)],
            Listen = Addresses(invocation.Values(Listen)),
            DataDirectory =
                invocation.Value(Data) is { Length: > 0 } data ? Path.GetFullPath(data)
                : store is "sqlite" or "postgres" ? Path.GetFullPath(DefaultData)
                : null,
            Store = store,
            Database = database,
            ConfigFile = invocation.Value(Config),
            TlsCertFile = invocation.Value(TlsCert),
            TlsKeyFile = invocation.Value(TlsKey),
            TrustedProxies = invocation.Values(TrustedProxy),
            MutualTls = new()
            {
                Listen = Addresses(invocation.Values(MtlsListen)),
                Url = invocation.Value(MtlsUrl),
                AuthorityFiles = invocation.Values(ClientCa),
                FromProxy = invocation.Value(ClientCertHeader),
            },
            Limit = invocation.Values(Limit),
            DrainDelay = Time(invocation, DrainDelay, TimeSpan.Zero),
            StopTimeout = Time(invocation, StopTimeout, TimeSpan.FromSeconds(30)),
            Node = invocation.Value(Node),
            ExtraCaFile = invocation.Value(ExtraCa),
            AllowLoopbackFetch = invocation.Value(AllowLoopbackFetch),
        };
    }

    private static IReadOnlyList<string> Addresses(IEnumerable<string> listed) =>
        [.. listed.SelectMany(l => l.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static TimeSpan Time(Invocation invocation, Option<string?> option, TimeSpan otherwise)
    {
        if (invocation.Value(option) is not { } text)
            return otherwise;
        if (Duration.TryParse(text, out var time) && time <= TimeSpan.FromHours(1))
            return time;
        throw new CliException(
            new(Reason.SettingInvalid, $"Cannot start: '{text}' is not a time up to 1h.")
            {
                Exit = ExitCode.Usage,
                Try = $"{option.Name} 10s",
                Why = "setting " + option.Name,
            }
        );
    }

    /// <summary>The options, or all that is wrong with them at once.</summary>
    public static ServerOptions Checked(ServerOptions options)
    {
        var faults = options.Validate();
        return faults.Count switch
        {
            0 => options,
            1 => throw new CliException(
                new(faults[0].Reason, "Cannot start: " + faults[0].Message)
                {
                    Exit = ExitCode.Usage,
                    Try = faults[0].Try,
                    Why = "setting " + faults[0].Setting,
                }
            ),
            _ => throw new CliException(
                new(
                    faults.Select(f => f.Reason).Distinct().Count() == 1 ? faults[0].Reason : Reason.SettingInvalid,
                    $"Cannot start: {faults.Count} settings are wrong."
                )
                {
                    Exit = ExitCode.Usage,
                    Details = [.. faults.Select(f => $"{Refusal.CodeOf(f.Reason)} {f.Setting}: {f.Message} Use {f.Try}")],
                    Try = faults[0].Try,
                }
            ),
        };
    }
}
