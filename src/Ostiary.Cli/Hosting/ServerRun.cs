using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Server.Hosting;
using Ostiary.Server.Users;

namespace Ostiary.Cli.Hosting;

/// <summary>A server that this process runs: from start, over the lines that say so, to the graceful stop.</summary>
internal static class ServerRun
{
    /// <param name="started">Runs once the server answers, before it is announced.</param>
    public static async Task<int> UntilStoppedAsync(ServerOptions options, Invocation invocation, Func<OstiaryServer, Task> started)
    {
        await using var server = await StartAsync(options, invocation.Stop);
        await started(server);
        Announce(server, options, invocation.Terminal);
        await Task.Delay(Timeout.Infinite, invocation.Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ExitCode.Done;
    }

    public static async Task<OstiaryServer> StartAsync(ServerOptions options, CancellationToken ct)
    {
        try
        {
            return await OstiaryServer.StartAsync(options, Storage.OpenAsync, TimeProvider.System, ct);
        }
        catch (StartException fault)
        {
            throw new CliException(new(fault.Reason, "Cannot start: " + fault.Message) { Exit = ExitCode.Usage, Try = fault.Next });
        }
    }

    private static void Announce(OstiaryServer server, ServerOptions options, Terminal terminal)
    {
        var engine = server.Issuer.Stores.Engine;
        terminal.Note($"listening on {string.Join(", ", server.Addresses)}");
        terminal.Note(
            $"issuer {options.Issuer}, storage {engine}{(options.DataDirectory is { } data ? " in " + data : ", nothing is kept")}, passwords by {PasswordHash.Algorithm}"
        );
        if (engine.Contains("bundled", StringComparison.Ordinal))
            Warn(terminal, "this machine has no libsqlite3.so.0; the bundled SQLite gets no security updates: apt-get install libsqlite3-0");
        if (options.AllowLoopbackFetch)
            Warn(terminal, "outbound fetches may reach loopback (--allow-loopback-fetch): for tests and development only");
    }

    private static void Warn(Terminal terminal, string text) => terminal.Note($"{terminal.ErrorInk.Yellow("warning")}  {text}");
}
