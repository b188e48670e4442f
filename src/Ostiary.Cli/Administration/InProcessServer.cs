using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Hosting;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;
using Ostiary.Server.Stores;

namespace Ostiary.Cli.Administration;

/// <summary>
/// The administration API of a data directory on which no server runs: the same server, run by this process for the time of one command, on a private
/// socket and on nothing else.
/// </summary>
internal sealed class InProcessServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly OstiaryServer _server;
    private readonly string _directory;

    private InProcessServer(OstiaryServer server, string directory) => (_server, _directory) = (server, directory);

    public string Socket => SocketIn(_directory);

    /// <summary>Another command may have the directory at this moment: it is waited for, a server is not.</summary>
    public static async Task<InProcessServer> StartAsync(string data, CancellationToken ct)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await TryStartAsync(data, ct);
            }
            catch (StoreException failure) when (failure.Reason == Reason.StorageInUse && TimeProvider.System.GetElapsedTime(begun) < Patience)
            {
                await Task.Delay(Pause, ct);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task<InProcessServer> TryStartAsync(string data, CancellationToken ct)
    {
        if (!Directory.Exists(data) && !Directory.Exists(Path.GetDirectoryName(data)))
            throw new CliException(new(Reason.DataDirectoryUnusable, $"There is no directory {data}.") { Exit = ExitCode.Usage, Try = "--data DIR" });
        var directory = Directory.CreateTempSubdirectory("ostiary-").FullName; // Of this account alone.
        try
        {
            var options = new ServerOptions
            {
                // Where no server ever ran: nobody but this command talks to it, and the rules for loopback are the widest.
                Issuer = Partition.IssuerOf(data) ?? Partition.IssuerNamedBy(data) ?? "http://localhost",
                Listen = [],
                DataDirectory = data,
                Store = Engines.KindOf(data),
                Database = DatabaseSetting.Of(data),
                AdministrationSocket = SocketIn(directory),
            };
            return new(await ServerRun.StartAsync(options, ct), directory);
        }
        catch
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    private static string SocketIn(string directory) => Path.Combine(directory, "admin.sock");
}
