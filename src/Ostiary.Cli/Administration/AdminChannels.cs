using System.Net.Sockets;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Server.Hosting;

namespace Ostiary.Cli.Administration;

/// <summary>Chooses the way to the server: flag before environment, data directory before nothing.</summary>
internal static class AdminChannels
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>What hosts see in the Host header of requests that come over a socket.</summary>
    private static readonly Uri Local = new("http://localhost/");

    /// <param name="invocation">The command.</param>
    /// <param name="issuer">Which of several issuers is meant; null: as the command says.</param>
    public static async Task<IAdminChannel> OpenAsync(Invocation invocation, string? issuer = null)
    {
        var channel = await FindAsync(invocation, issuer ?? invocation.Value(CommonOptions.OfIssuer));
        return invocation.Value(CommonOptions.DryRun) ? new DryRunChannel(channel, invocation.Terminal) : channel;
    }

    /// <summary>Whether the command says itself which issuer it means: by its name, or by the URL of its server.</summary>
    public static bool NamesIssuer(Invocation invocation)
    {
        var profile = Profile.Of(invocation);
        return invocation.Value(CommonOptions.OfIssuer) is not null
            || invocation.Value(CommonOptions.Server) is not null
            || (
                invocation.Value(CommonOptions.Data) is null
                && (Environment.GetEnvironmentVariable("OSTIARY_SERVER") is { Length: > 0 } || (profile.Data is null && profile.Server is not null))
            );
    }

    private static async Task<IAdminChannel> FindAsync(Invocation invocation, string? issuer)
    {
        var profile = Profile.Of(invocation);
        var data = invocation.Value(CommonOptions.Data);
        var server = invocation.Value(CommonOptions.Server);
        var timeout = Durations.Parse(invocation.Value(CommonOptions.Timeout) ?? profile.Timeout, "--timeout") ?? DefaultTimeout;
        if (data is not null && server is not null)
            throw CliException.Usage("--data and --server name two servers; one is needed.");
        if (server is not null && invocation.Value(CommonOptions.OfIssuer) is not null)
            throw CliException.Usage("--server is the URL of an issuer already; --issuer goes with --data.");
        if (data is null)
            server ??= Environment.GetEnvironmentVariable("OSTIARY_SERVER") is { Length: > 0 } named ? named : null;
        if (data is null && server is null)
            (data, server) = (profile.Data, profile.Server);
        if (server is not null)
            return Remote(server, timeout, profile);
        data ??= Directory.Exists(ServeCommand.DefaultData) ? ServeCommand.DefaultData : null;
        if (data is null)
            throw CliException.Usage(
                "Which server? Neither a data directory nor a URL was given.",
                "--data DIR, or --server URL with the token in OSTIARY_TOKEN"
            );
        return await LocalAsync(Path.GetFullPath(data), timeout, issuer, invocation.Stop);
    }

    private static HttpAdminChannel Remote(string server, TimeSpan timeout, Profile profile)
    {
        var url = Network.ParseServer(server, "--server");
        var token = Environment.GetEnvironmentVariable("OSTIARY_TOKEN") is { Length: > 0 } given ? given : profile.Token();
        return new(Network.Handler(), url, url.GetLeftPart(UriPartial.Authority), token, timeout);
    }

    private static async Task<IAdminChannel> LocalAsync(string named, TimeSpan timeout, string? issuer, CancellationToken stop)
    {
        var data = PartitionOf(named, issuer);
        if (await OfRunningAsync(data, timeout, stop) is { } running)
            return running;
        var hosted = await InProcessServer.StartAsync(data, stop);
        return new HttpAdminChannel(Network.Handler(hosted.Socket), Local, data, token: null, timeout, hosted);
    }

    /// <summary>The data directory of the issuer that is meant.</summary>
    public static string PartitionOf(string data, string? issuer)
    {
        var found = Partition.In(data);
        if (issuer is null && found.Count < 2)
            return found is [var only] ? only.Directory : data;
        var names = string.Join('|', found.Select(f => f.Issuer));
        if (issuer is null)
            throw CliException.Usage($"{data} has several issuers; which one?", $"--issuer {names}");
        foreach (var (candidate, directory) in found)
            if (candidate.TrimEnd('/') == issuer.TrimEnd('/'))
                return directory;
        throw CliException.Usage($"{data} has no issuer {Printable.Of(issuer)}.", found.Count > 0 ? $"--issuer {names}" : "--data DIR");
    }

    /// <summary>The server that runs on a data directory, or null.</summary>
    public static async Task<IAdminChannel?> OfRunningAsync(string data, TimeSpan timeout, CancellationToken ct)
    {
        var socket = Path.Combine(data, "admin.sock");
        if (!File.Exists(socket))
            return null;
        try
        {
            (await Network.ConnectAsync(socket, ct)).Dispose();
        }
        catch (SocketException)
        {
            return null; // Left behind by a server that was killed.
        }
        return new HttpAdminChannel(Network.Handler(socket), Local, data, token: null, timeout);
    }
}
