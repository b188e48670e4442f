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
        var asked = hop.To == "server" ? [] : Take(records, "introspect", Introspection);
        if (hop.To is "api" or "billing")
            local.AddRange(NextApiCheck()); // The one that was called checks and asks before it calls others.
        behind.AddRange(asked.Where(introspection => introspection.From == hop.To));
        while (stage.ApiCalls.TryDequeue(out var call))
            behind.Add(HopOf(call, records));
        while (stage.ApiChecks.TryDequeue(out var check))
            local.Add(DecisionOf(check));
        behind.AddRange(asked.Where(introspection => introspection.From != hop.To));
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
                .. act == "api" ? NextApiCheck() : Take(records, act, Decision),
                .. app.Rules.Count == 0 ? [] : new[] { new DemoDecision("app", app.Name, app.Rules, app.Verdict?.Refused, null) },
            ],
        };

    private DemoHop HopOf(ApiCall call, List<DecisionRecord> records)
    {
        var toServer = call.Url.StartsWith(stage.Places.Issuer + "/", StringComparison.Ordinal);
        stage.Exchanged = call.Answered.FirstOrDefault(a => a.Key == "access_token").Value ?? stage.Exchanged;
        var decoded = call.Answered.Where(a => a.Key == "access_token").Select(a => DemoActor.Decoded(a.Key, a.Value)).OfType<ShownValue>();
        return new()
        {
            From = "api",
            To = toServer ? "server" : "billing",
            Method = call.Method,
            Url = call.Url,
            Status = call.Status,
            Milliseconds = call.Time.TotalMilliseconds,
            Sent = stage.Secrets.Show(call.Sent),
            Answer = [.. stage.Secrets.Show(call.Answered), .. decoded],
            Decisions = [.. toServer ? Take(records, "token.", Decision) : NextApiCheck()],
        };
    }

    /// <summary>The act that a call of the app causes elsewhere; null: it happens in the app.</summary>
    private static string? ActOf(BffHop app) =>
        app.Name switch
        {
            "code exchange" or "refresh" => "token.",
            "userinfo" => "userinfo",
            "api call" or "api call, repeated" => "api",
            _ => null,
        };

    private IEnumerable<DemoDecision> NextApiCheck() => stage.ApiChecks.TryDequeue(out var check) ? [DecisionOf(check)] : [];

    private static DemoDecision DecisionOf(ApiCheck check) => new("api", $"{check.Method} {check.Path}", check.Rules, check.Verdict.Refused, null);

    private DemoHop Introspection(DecisionRecord record) =>
        new()
        {
            From = record.Audience == DemoPlaces.OtherApiIdentifier ? "billing" : "api",
            To = "server",
            Method = "POST",
            Url = stage.Places.Issuer + "/introspect",
            Status = 200,
            Answer = [new("active", record.Refused is null ? "true" : "false")],
            Decisions = [Decision(record)],
        };

    /// <summary>What the records of an act tell; they are told once.</summary>
    private static List<T> Take<T>(List<DecisionRecord> records, string act, Func<DecisionRecord, T> tell)
    {
        var taken = records.Where(record => record.Act.StartsWith(act, StringComparison.Ordinal)).ToList();
        records.RemoveAll(taken.Contains);
        return [.. taken.Select(tell)];
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
