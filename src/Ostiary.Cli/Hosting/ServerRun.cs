using Ostiary.Cli.Administration;
using Ostiary.Cli.Commands;
using Ostiary.Cli.ConfigurationFiles;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Server.Hosting;
using Ostiary.Server.Users;

namespace Ostiary.Cli.Hosting;

/// <summary>A server that this process runs: from start, over the lines that say so, to the graceful stop.</summary>
internal static class ServerRun
{
    /// <param name="seed">Runs before the first request.</param>
    public static async Task<int> UntilStoppedAsync(
        ServerOptions options,
        Invocation invocation,
        Func<IAdminChannel, CancellationToken, Task>? seed = null,
        Func<OstiaryServer, Task>? started = null
    )
    {
        await using var server = await StartAsync(options, invocation.Stop, seed);
        if (started is not null)
            await started(server);
        Announce(server, options, invocation.Terminal);
        await Task.Delay(Timeout.Infinite, invocation.Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await server.DrainAsync();
        return ExitCode.Done;
    }

    public static async Task<OstiaryServer> StartAsync(
        ServerOptions options,
        CancellationToken ct,
        Func<IAdminChannel, CancellationToken, Task>? seed = null
    )
    {
        async Task PrepareAsync(IssuerHouse house, CancellationToken stop)
        {
            if (options.AdministrationSocket is null && house.Directory is { } data)
            {
                Partition.Remember(data, house.Url.Text);
                if (options.Database is { } database)
                    DatabaseSetting.Remember(data, database);
            }
            await using var channel = new DirectAdminChannel(house.Administration);
            if (options.ConfigFile is { } file)
                await ConfigurationUpload.ApplyAsync(channel, PartOf(ConfigurationText.Read(file), house, options), prune: false, stop);
            if (seed is not null)
                await seed(channel, stop);
        }
        try
        {
            return await OstiaryServer.StartAsync(options, Engines.Of(options), TimeProvider.System, ct, prepare: PrepareAsync);
        }
        catch (StartException fault)
        {
            throw new CliException(new(fault.Reason, "Cannot start: " + fault.Message) { Exit = ExitCode.Usage, Try = fault.Next });
        }
    }

    private static ConfigurationText PartOf(ConfigurationText text, IssuerHouse house, ServerOptions options) =>
        options.MoreIssuers.Count > 0 || text.IsOfSeveral ? text.PartOf(house.Url.Text) : text;

    private static void Announce(OstiaryServer server, ServerOptions options, Terminal terminal)
    {
        var engine = server.Issuer.Stores.Engine;
        terminal.Note($"listening on {string.Join(", ", server.Addresses.Where(a => !a.StartsWith("http://unix:", StringComparison.Ordinal)))}");
        foreach (var house in server.Houses)
            terminal.Note(
                $"issuer {house.Url.Text}, storage {engine}{Place(options with { DataDirectory = house.Directory })}, passwords by {PasswordHash.Algorithm}"
            );
        if (engine.Contains("bundled", StringComparison.Ordinal))
            Warn(terminal, "this machine has no libsqlite3.so.0; the bundled SQLite gets no security updates: apt-get install libsqlite3-0");
        foreach (var house in server.Houses)
            if (house.Configuration.Current.Fence is { } fence)
                Warn(
                    terminal,
                    $"{(server.Houses.Count > 1 ? house.Url.Text + ": " : "")}this store was restored from a backup of {fence.BackupMade:yyyy-MM-dd HH:mm:ss}Z. {Restoration.FencedSentence} If nothing was: ostiary server unfence --yes"
                );
        if (options.AllowLoopbackFetch)
            Warn(terminal, "outbound fetches may reach loopback (--allow-loopback-fetch): for tests and development only");
    }

    private static string Place(ServerOptions options) =>
        options switch
        {
            { DataDirectory: null } => ", nothing is kept",
            { Database: not null } => ", keys and log in " + options.DataDirectory,
            _ => " in " + options.DataDirectory,
        };

    private static void Warn(Terminal terminal, string text) => terminal.Note($"{terminal.ErrorInk.Yellow("warning")}  {text}");
}
