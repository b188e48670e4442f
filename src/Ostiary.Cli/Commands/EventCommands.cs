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
    private const int Before = 10;
    private const string Beginning = "MA";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly Option<string?> Flow = new("--flow") { Description = "Only those of a flow", HelpName = "FLOW" };
    private static readonly Option<string?> Act = new("--act") { Description = "Only an act and what is below it, e.g. token", HelpName = "ACT" };
    private static readonly Option<string?> Client = new("--client") { Description = "Only those of a client", HelpName = "ID" };
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
            new Verb("list", "List events", i => i.ListAsync("/events" + Query(i), "event", Columns)).With(Flow, Act, Client, User).Lists(),
            new Verb("tail", "Show events as they happen", TailAsync) { EndsWhenStopped = true }
                .With(Flow, Act, Client, User)
                .Administers(),
            new Verb("verify", "Check the hash chain of the log", VerifyAsync).Administers(),
            new Verb("export", "Write all events, one JSON object a line", ExportAsync).With(Flow, Act, Client, User).Administers()
        );

    private static string Query(Invocation invocation) =>
        AdminQuery.Of(
            ("flow", invocation.Value(Flow)),
            ("act", invocation.Value(Act)),
            ("client_id", invocation.Value(Client)),
            ("subject", invocation.Value(User))
        );

    /// <summary>Shows the last few and then what comes, until stopped. One channel for the whole time.</summary>
    private static async Task<int> TailAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        var passed = (await NewestAsync(channel, invocation)).SkipLast(Before).Select(Place).DefaultIfEmpty(-1).Max();
        while (true)
        {
            foreach (var item in await NewestAsync(channel, invocation))
                if (Place(item) > passed)
                {
                    Show(item, invocation);
                    passed = Place(item);
                }
            await Task.Delay(Pause, invocation.Stop);
        }
    }

    private static async Task<List<JsonElement>> NewestAsync(IAdminChannel channel, Invocation invocation) =>
        [.. (await PageAsync(channel, invocation, null)).GetProperty("items").EnumerateArray()];

    /// <summary>The place of a record in the chain of its node.</summary>
    private static long Place(JsonElement item) => item.TryGetProperty("seq", out var place) ? place.GetInt64() : 0;

    private static void Show(JsonElement item, Invocation invocation) =>
        invocation.Terminal.Stream(
            invocation.Form is OutputForm.Table ? string.Join('\t', Columns.Select(c => Printable.Of(c.Of(item)))) : JsonForms.Line(item)
        );

    private static async Task<int> ExportAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        string? cursor = Beginning;
        do
        {
            var page = await PageAsync(channel, invocation, cursor);
            foreach (var item in page.GetProperty("items").EnumerateArray())
                invocation.Terminal.Stream(JsonForms.Line(item));
            cursor = Next(page);
        } while (cursor is not null);
        return 0;
    }

    private static async Task<int> VerifyAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        var answer = (await channel.SendAsync(HttpMethod.Get, "/events/verify", null, invocation.Stop))!.Value;
        invocation.Results.One(answer, "intact");
        if (answer.GetProperty("intact").GetBoolean())
            return ExitCode.Done;
        ErrorWriter.Write(
            invocation.Terminal,
            new(Reason.LogDamaged, "The log does not verify.") { Exit = ExitCode.Findings, Why = new Column("", "fault").Of(answer) },
            asJson: !invocation.Terminal.ErrorIsTerminal
        );
        return ExitCode.Findings;
    }

    private static async Task<JsonElement> PageAsync(IAdminChannel channel, Invocation invocation, string? cursor)
    {
        var query = Query(invocation) is { Length: > 0 } filtered ? filtered + "&limit=500" : "?limit=500";
        if (cursor is not null)
            query += "&cursor=" + Uri.EscapeDataString(cursor);
        return (await channel.SendAsync(HttpMethod.Get, "/events" + query, null, invocation.Stop))!.Value;
    }

    private static string? Next(JsonElement page) =>
        page.TryGetProperty("next", out var next) && next.ValueKind == JsonValueKind.String ? next.GetString() : null;
}
