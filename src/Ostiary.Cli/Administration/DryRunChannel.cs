using System.Text;
using System.Text.Json;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Administration;

/// <summary><c>--dry-run</c>: what reads goes through, what would change something is shown and not sent.</summary>
internal sealed class DryRunChannel(IAdminChannel channel, Terminal terminal) : IAdminChannel
{
    public string Target => channel.Target;

    public Task<JsonElement?> SendAsync(HttpMethod method, string path, JsonElement? body, CancellationToken ct)
    {
        if (method == HttpMethod.Get || path == "/config/validate")
            return channel.SendAsync(method, path, body, ct);
        // The file is judged by the server, as it would be.
        if (path == "/config/apply" && body is { } apply)
            return ValidateAsync(apply, ct);
        terminal.Note($"dry run: nothing was sent; it would be {method} {path}");
        if (body is { } json)
            terminal.Note("         " + HttpTrace.OfJson(Encoding.UTF8.GetBytes(json.GetRawText())));
        throw new DryRunException();
    }

    public IAsyncEnumerable<JsonElement> LinesAsync(string path, CancellationToken ct) => channel.LinesAsync(path, ct);

    public ValueTask DisposeAsync() => channel.DisposeAsync();

    private async Task<JsonElement?> ValidateAsync(JsonElement apply, CancellationToken ct)
    {
        var answer = await channel.SendAsync(HttpMethod.Post, "/config/validate", apply, ct);
        terminal.Note($"dry run: nothing was changed; the server finds it valid: {JsonForms.Line(answer!.Value)}");
        throw new DryRunException();
    }
}

/// <summary>The command ends here, well.</summary>
internal sealed class DryRunException : Exception;
