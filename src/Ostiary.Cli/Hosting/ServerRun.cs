using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;

namespace Ostiary.Cli.Hosting;

/// <summary>A server that this process runs: from start over the lines that say so to the graceful stop.</summary>
internal static class ServerRun
{
    public static Task<int> UntilStoppedAsync(ServerOptions options, Invocation invocation, Action<string> started)
    {
        invocation.Stop.ThrowIfCancellationRequested();
        started("");
        throw new CliException(new(Reason.InternalFault, $"This build has no server for {options.Issuer}.") { Exit = ExitCode.Bug });
    }
}
