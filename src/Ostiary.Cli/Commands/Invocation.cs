using System.CommandLine;
using System.Text.Json;
using Ostiary.Cli.Administration;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary>One run of a command: what was typed, where output goes, and when to stop.</summary>
internal sealed class Invocation(ParseResult parsed, Terminal terminal, CancellationToken stop)
{
    private readonly ResultWriter _writer = new(
        terminal,
        ResultWriter.Parse(parsed.GetValue(CommonOptions.Output), parsed.GetValue(CommonOptions.Quiet)),
        aligned: parsed.GetValue(CommonOptions.Output) == "table"
    );

    public Terminal Terminal => terminal;
    public CancellationToken Stop => stop;
    public ResultWriter Results => _writer;
    public OutputForm Form => _writer.Form;

    public T? Value<T>(Option<T> option) => parsed.GetValue(option);

    public string Value(Argument<string> argument) => parsed.GetValue(argument)!;

    public string? Optional(Argument<string?> argument) => parsed.GetValue(argument);

    public IReadOnlyList<string> Values(Option<string[]> option) => parsed.GetValue(option) ?? [];

    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>The server that this command administers.</summary>
    public Task<IAdminChannel> ChannelAsync() => AdminChannels.OpenAsync(this);

    public async Task<int> ListAsync(string path, string noun, IReadOnlyList<Column> columns)
    {
        await using var channel = await ChannelAsync();
        Results.List(await AdminPages.ReadAsync(channel, path, Value(CommonOptions.Limit), Value(CommonOptions.All), stop), noun, columns);
        return 0;
    }

    public async Task<int> OneAsync(HttpMethod method, string path, JsonElement? body, string id)
    {
        await using var channel = await ChannelAsync();
        var answer = await channel.SendAsync(method, path, body, stop);
        if (answer is { } value)
            Results.One(value, id);
        return 0;
    }

    /// <summary>An act without a result: the sentence goes to stderr.</summary>
    public async Task<int> DoAsync(HttpMethod method, string path, JsonElement? body, string done)
    {
        await using var channel = await ChannelAsync();
        var answer = await channel.SendAsync(method, path, body, stop);
        if (answer is { ValueKind: JsonValueKind.Object } value && value.EnumerateObject().Any() && Form is not OutputForm.Table)
            Results.One(value, "id");
        Terminal.Note(done);
        return 0;
    }
}
