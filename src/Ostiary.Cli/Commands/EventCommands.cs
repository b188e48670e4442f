using System.CommandLine;
using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary event</c>: the log of decisions, one record each, hash-chained.</summary>
internal static class EventCommands
{
    private static readonly Option<string?> Flow = new("--flow") { Description = "Only those of a flow", HelpName = "FLOW" };
    private static readonly Option<string?> Client = new("--client") { Description = "Only those of a client", HelpName = "ID" };
    private static readonly Option<bool> Refused = new("--refused") { Description = "Only refusals" };

    private static readonly Column[] Columns =
    [
        new("AT", "at"),
        new("ACT", "act"),
        new("REFUSED", "refused"),
        new("CLIENT", "client_id"),
        new("SUBJECT", "sub"),
        new("FLOW", "flow"),
    ];

    public static Noun Create() =>
        new(
            "event",
            "The log of decisions",
            new Verb("list", "List the latest events", i => i.ListAsync("/events" + Query(i), "event", Columns)).With(Flow, Client, Refused).Lists(),
            new Verb("tail", "Show events as they happen", TailAsync) { EndsWhenStopped = true }
                .With(Client, Refused)
                .Administers(),
            new Verb("verify", "Check the hash chain of the log", VerifyAsync).Administers(),
            new Verb("export", "Write all events, one JSON object a line", ExportAsync).With(Flow, Client, Refused).Administers()
        );

    private static string Query(Invocation invocation) =>
        AdminQuery.Of(("flow", invocation.Value(Flow)), ("client", invocation.Value(Client)), ("refused", invocation.Value(Refused) ? "true" : null));

    private static async Task<int> TailAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        await foreach (var line in channel.LinesAsync("/events/tail" + Query(invocation), invocation.Stop))
            if (line.Length > 0)
                invocation.Terminal.Stream(invocation.Form is OutputForm.Table ? Row(line) : line);
        return 0;
    }

    private static string Row(string line)
    {
        var item = JsonForms.Parse(System.Text.Encoding.UTF8.GetBytes(line));
        return string.Join('\t', Columns.Select(c => Printable.Of(c.Of(item))));
    }

    private static async Task<int> ExportAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        await foreach (var line in channel.LinesAsync("/events/export" + Query(invocation), invocation.Stop))
            invocation.Terminal.Stream(line);
        return 0;
    }

    private static async Task<int> VerifyAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        var answer = (await channel.SendAsync(HttpMethod.Get, "/events/verify", null, invocation.Stop))!.Value;
        invocation.Results.One(answer, "valid");
        if (answer.TryGetProperty("valid", out var valid) && valid.ValueKind == JsonValueKind.False)
        {
            ErrorWriter.Write(
                invocation.Terminal,
                new(Reason.LogDamaged, "The log does not verify.") { Exit = ExitCode.Findings, Why = "a record was changed, removed or torn off" },
                asJson: !invocation.Terminal.ErrorIsTerminal
            );
            return ExitCode.Findings;
        }
        return 0;
    }
}
