using Ostiary.Cli.Administration;
using Ostiary.Cli.ConfigurationFiles;
using Ostiary.Cli.Hosting;
using Ostiary.Server.Hosting;

namespace Ostiary.Faults.Sabotage;

/// <summary>The server put together from the same parts, one of them broken on purpose. The product knows nothing of it.</summary>
internal static class SabotagedServer
{
    public const string Verb = "sabotaged-server";

    public static async Task<int> RunAsync(string[] arguments)
    {
        var fault = PlantedFault.All.Single(f => f.Name == arguments[0]);
        var values = arguments.Skip(1).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
        var options = new ServerOptions
        {
            Issuer = values["--issuer"],
            Listen = [values["--listen"]],
            DataDirectory = values["--data"],
            Store = values["--store"],
            ConfigFile = values["--config"],
            Node = values["--node"],
        };
        async Task PrepareAsync(IssuerHouse house, CancellationToken ct)
        {
            await using var channel = new DirectAdminChannel(house.Administration);
            await ConfigurationUpload.ApplyAsync(channel, ConfigurationText.Read(options.ConfigFile!), prune: false, ct);
        }
        await using var server = await OstiaryServer.StartAsync(
            options,
            async (opened, time, ct) => fault.Break(await Engines.OpenAsync(opened, time, ct)),
            fault.Clock(TimeProvider.System),
            CancellationToken.None,
            prepare: PrepareAsync
        );
        await Console.Error.WriteLineAsync($"listening on {server.Addresses.First(a => !a.Contains("unix:", StringComparison.Ordinal))}");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }
}
