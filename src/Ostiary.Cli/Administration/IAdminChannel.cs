using System.Text.Json;

namespace Ostiary.Cli.Administration;

/// <summary>
/// A way to a server's administration API. There is one path: the same requests to the same routes, whether over the network, over the socket of a
/// running server, or to a server that this process runs for the time of the command.
/// </summary>
internal interface IAdminChannel : IAsyncDisposable
{
    /// <summary>What is administered, for messages.</summary>
    string Target { get; }

    /// <summary>The answer's JSON, or null where it has none. A refusal is a <see cref="Errors.CliException"/>.</summary>
    Task<JsonElement?> SendAsync(HttpMethod method, string path, JsonElement? body, CancellationToken ct);

    /// <summary>The lines of an answer that is a stream of JSON objects.</summary>
    IAsyncEnumerable<JsonElement> LinesAsync(string path, CancellationToken ct);
}
