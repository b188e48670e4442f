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
        SelectionOf(parsed),
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

    private static Selection SelectionOf(ParseResult parsed) =>
        Selection.Parse(parsed.GetValue(CommonOptions.Fields), parsed.GetValue(CommonOptions.Filter) ?? [], parsed.GetValue(CommonOptions.Sort));

    /// <summary>The server that this command administers.</summary>
    public Task<IAdminChannel> ChannelAsync() => AdminChannels.OpenAsync(this);

    public async Task<int> ListAsync(string path, string noun, IReadOnlyList<Column> columns)
    {
        await using var channel = await ChannelAsync();
        var (limit, all, selection) = (Value(CommonOptions.Limit), Value(CommonOptions.All), SelectionOf(parsed));
        var answer = selection.NeedsAll
            ? AdminPages.List(
                selection.Of(
                    (await AdminPages.ReadAsync(channel, path, null, all: true, stop)).GetProperty("items").EnumerateArray(),
                    all ? int.MaxValue : limit ?? AdminPages.UsualLimit
                )
            )
            : await AdminPages.ReadAsync(channel, path, limit, all, stop);
        Results.List(answer, noun, columns);
        return 0;
    }

    public async Task<int> OneAsync(HttpMethod method, string path, JsonElement? body, string id)
    {
        await using var channel = await ChannelAsync();
        var answer = await channel.SendAsync(method, path, body, stop);
        if (answer is { } value)
        {
            Warn(value);
            Results.One(value, id);
        }
        return 0;
    }

    /// <summary>What the server did, but would not have expected.</summary>
    private void Warn(JsonElement answer)
    {
        if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("warnings", out var warnings))
            foreach (var warning in warnings.EnumerateArray())
                Terminal.Note($"{Terminal.ErrorInk.Yellow("warning")}  {Printable.Of(Cell.Text(warning))}");
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
