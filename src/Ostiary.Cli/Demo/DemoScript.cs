using Ostiary.AspNetCore.Api;
using Ostiary.AspNetCore.Bff;
using Ostiary.AspNetCore.Observation;
using Ostiary.Cli.Demo.Report;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Decisions;

namespace Ostiary.Cli.Demo;

/// <summary>Runs steps one after the other, gathers what each of them caused on every side, and prints it as it happens.</summary>
internal sealed class DemoScript(DemoStage stage, DemoTrace trace, DemoTerminal terminal, CancellationToken stop)
{
    private DemoStep? _step;
    private int _steps;
    private long _lastEvent;

    public CancellationToken Stop => stop;

    /// <summary>The step that is being played.</summary>
    public DemoStep Present => _step!;

    public void Chapter(string title, string introduction)
    {
        var chapter = new DemoChapter(trace.Chapters.Count + 1, title, introduction);
        trace.Chapters.Add(chapter);
        terminal.Chapter(chapter);
    }

    /// <summary>Does one thing. An exception makes the step fail, and the story goes on.</summary>
    public async Task StepAsync(string title, string meaning, Func<DemoExpectations, Task> act, bool mustFail = false)
    {
        var step = _step = new DemoStep(++_steps, title, meaning) { MustFail = mustFail };
        trace.Chapters[^1].Steps.Add(step);
        try
        {
            await act(new DemoExpectations(step));
        }
        catch (Exception failure) when (failure is DemoException or HttpRequestException or Errors.CliException)
        {
            step.Findings.Add(new("the step could be carried out", false, failure.Message));
        }
        terminal.Step(step);
        stop.ThrowIfCancellationRequested();
    }

    /// <summary>Adds a hop with everything that it caused behind it: calls of the app and of the APIs, and the decisions of all of them.</summary>
    public async Task AddAsync(DemoHop hop)
    {
        var records = await NewRecordsAsync();
        var local = new List<DemoDecision>();
        var behind = new List<DemoHop>();
        while (stage.AppHops.TryDequeue(out var app))
        {
            if (ActOf(app) is not { } act)
                local.Add(new DemoDecision("app", app.Name, app.Rules, app.Verdict?.Refused, null));
            else
                behind.Add(HopOf(app, act, records));
        }
        while (stage.ApiChecks.TryDequeue(out var check))
            local.Add(new DemoDecision("api", $"{check.Method} {check.Path}", check.Rules, check.Verdict.Refused, null));
        var asked = Take(records, record => record.Act == "introspect" && hop.To != "server");
        behind.AddRange(asked.Select(decision => Introspection(decision, hop.To == "billing" ? hop.To : "api")));
        _step!.Hops.Add(hop with { Decisions = [.. records.Select(Decision), .. local] });
        _step.Hops.AddRange(behind);
    }

    private DemoHop HopOf(BffHop app, string act, List<DecisionRecord> records) =>
        new()
        {
            From = "app",
            To = act == "api" ? "api" : "server",
            Method = app.Method,
            Url = app.Url,
            Status = app.Status,
            Sent = app.Sent,
            Answer = app.Answer,
            Decisions =
            [
                .. act == "api" ? NextApiCheck() : Take(records, record => record.Act.StartsWith(act, StringComparison.Ordinal)),
                .. app.Rules.Count == 0 ? [] : new[] { new DemoDecision("app", app.Name, app.Rules, app.Verdict?.Refused, null) },
            ],
        };

    /// <summary>The act that a call of the app causes elsewhere; null: it happens in the app.</summary>
    private static string? ActOf(BffHop app) =>
        app.Name switch
        {
            "code exchange" or "refresh" => "token.",
            "userinfo" => "userinfo",
            "api call" or "api call, repeated" => "api",
            _ => null,
        };

    private IEnumerable<DemoDecision> NextApiCheck() =>
        stage.ApiChecks.TryDequeue(out var check)
            ? [new DemoDecision("api", $"{check.Method} {check.Path}", check.Rules, check.Verdict.Refused, null)]
            : [];

    private DemoHop Introspection(DemoDecision decision, string api) =>
        new()
        {
            From = api,
            To = "server",
            Method = "POST",
            Url = stage.Places.Issuer + "/introspect",
            Status = 200,
            Answer = [new("active", decision.Refused is null ? "true" : "false")],
            Decisions = [decision],
        };

    private static List<DemoDecision> Take(List<DecisionRecord> records, Func<DecisionRecord, bool> which)
    {
        var taken = records.Where(which).ToList();
        records.RemoveAll(record => taken.Contains(record));
        return [.. taken.Select(Decision)];
    }

    private static DemoDecision Decision(DecisionRecord record)
    {
        var rules = RuleBook.Asked(record).Select(asked => new CheckedRule(asked.Rule.Text, asked.Rule.Spec, asked.Rule.Reason, asked.Passed));
        return new("server", record.Act, [.. rules], record.Refused, record.Change);
    }

    private async Task<List<DecisionRecord>> NewRecordsAsync()
    {
        var entries = await stage.Server.Events.ListAsync(new LogFilter { Limit = 64 }, stop);
        var fresh = entries.Where(entry => entry.Seq > _lastEvent).ToList();
        if (fresh.Count > 0)
            _lastEvent = fresh[^1].Seq;
        return [.. fresh.Select(entry => entry.Record)];
    }
}

/// <summary>What a step expects; each expectation is a finding of the report.</summary>
internal sealed class DemoExpectations(DemoStep step)
{
    public void Holds(string text, bool held, string? seen = null) => step.Findings.Add(new(text, held, held ? null : seen));

    public void Status(DemoReply reply, int expected) =>
        Holds($"the answer is {expected}", reply.Status == expected, $"{reply.Status} {reply["error"]} {reply["error_description"]}".TrimEnd());

    /// <summary>Somebody in this step refused for exactly this reason.</summary>
    public void Refused(Reason reason)
    {
        var seen = step.Hops.SelectMany(hop => hop.Decisions).Select(decision => decision.Refused).OfType<Reason>().ToList();
        Holds($"refused with {Named(reason)}", seen.Contains(reason), seen.Count == 0 ? "nobody refused" : string.Join(", ", seen.Select(Named)));
    }

    private static string Named(Reason reason) => $"{Refusal.CodeOf(reason)} {Refusal.NameOf(reason)}";

    public static string Need(DemoReply reply, string name) =>
        reply[name] ?? throw new DemoException($"the answer ({reply.Status}) has no {name}: {reply["error"]} {reply["error_description"]}");
}

/// <summary>The story cannot go on as it should.</summary>
internal sealed class DemoException(string message) : Exception(message);
