using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Administration;

/// <summary>The administration API of a data directory on which no server runs: hosted by this process, on a private socket, for the time of one command.</summary>
internal sealed class InProcessServer : IAsyncDisposable
{
    public string Socket { get; } = "";

    public static Task<InProcessServer> StartAsync(string data, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        throw new CliException(
            new(Reason.ServerUnreachable, $"No server runs on {data}.") { Try = $"ostiary serve --data {data} --issuer URL --listen URL" }
        );
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
