using System.CommandLine;
using System.Text.Json;
using Ostiary.Cli.Administration;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary event</c>: the log of decisions, one record each, hash-chained.</summary>
internal static class EventCommands
{
    private static readonly Option<string?> Flow = new("--flow") { Description = "Only those of a flow", HelpName = "FLOW" };
    private static readonly Option<string?> Act = new("--act") { Description = "Only an act and what is below it, e.g. token", HelpName = "ACT" };
    private static readonly Option<string?> Client = new("--client") { Description = "Only those of a client", HelpName = "ID" };
    private static readonly Option<bool> Refused = new("--refused") { Description = "Only refusals" };
    private static readonly Option<string?> User = new("--user") { Description = "Only those of a user", HelpName = "NAME" };

    private static readonly Column[] Columns =
    [
        new("AT", "at"),
        new("ACT", "act"),
        new("REFUSED", "refused"),
        new("CLIENT", "client"),
        new("SUBJECT", "subject"),
        new("CHANGE", "change"),
        new("FLOW", "flow"),
    ];

    public static Noun Create() =>
        new(
            "event",
            "The log of decisions",
            new Verb("list", "List events", i => i.ListAsync("/events" + Query(i), "event", Columns)).With(Flow, Act, Client, User, Refused).Lists(),
            new Verb("tail", "Show events as they happen", TailAsync) { EndsWhenStopped = true }
                .With(Flow, Act, Client, User, Refused)
                .Administers(),
            new Verb("verify", "Check the hash chain of the log", VerifyAsync).Administers(),
            new Verb("export", "Write all events, one JSON object a line", ExportAsync).With(Flow, Act, Client, User, Refused).Administers()
        );

    private static string Query(Invocation invocation) =>
        AdminQuery.Of(
            ("flow", invocation.Value(Flow)),
            ("act", invocation.Value(Act)),
            ("client_id", invocation.Value(Client)),
            ("subject", invocation.Value(User)),
            ("refused", invocation.Value(Refused) ? "true" : null)
        );

    /// <summary>Shows the last few and then what comes, until stopped.</summary>
    private static async Task<int> TailAsync(Invocation invocation)
    {
        var query = Query(invocation);
        await using var channel = await invocation.ChannelAsync();
        await foreach (var item in channel.LinesAsync($"/events/tail{query}{(query.Length == 0 ? "?" : "&")}limit=10", invocation.Stop))
            Show(item, invocation);
        return 0;
    }

    private static void Show(JsonElement item, Invocation invocation) =>
        invocation.Terminal.Stream(
            invocation.Form is OutputForm.Table ? string.Join('\t', Columns.Select(c => Printable.Of(c.Of(item)))) : JsonForms.Line(item)
        );

    private static async Task<int> ExportAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        await foreach (var item in channel.LinesAsync("/events/export" + Query(invocation), invocation.Stop))
            invocation.Terminal.Stream(JsonForms.Line(item));
        return 0;
    }

    private static async Task<int> VerifyAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        var answer = (await channel.SendAsync(HttpMethod.Get, "/events/verify", null, invocation.Stop))!.Value;
        invocation.Results.One(answer, "intact");
        if (answer.GetProperty("intact").GetBoolean())
            return ExitCode.Done;
        var broken = answer.GetProperty("broken");
        ErrorWriter.Write(
            invocation.Terminal,
            new(Reason.LogDamaged, "The log does not verify.")
            {
                Exit = ExitCode.Findings,
                Why = $"{new Column("", "file").Of(broken)}, line {new Column("", "line").Of(broken)}: {new Column("", "what").Of(broken)}",
            },
            asJson: !invocation.Terminal.ErrorIsTerminal
        );
        return ExitCode.Findings;
    }
}
