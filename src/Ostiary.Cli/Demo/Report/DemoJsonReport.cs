using System.Text.Json;
using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Demo.Report;

/// <summary><c>report.json</c>: everything that the trace holds, for programs.</summary>
internal static class DemoJsonReport
{
    public const string Schema = "ostiary.demo/1";

    public static void Write(DemoTrace trace, Stream to)
    {
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("schema", Schema);
        json.WriteString("version", trace.Version);
        json.WriteString("started_at", trace.StartedAt.ToUniversalTime());
        json.WriteNumber("duration_ms", Math.Round(trace.Duration.TotalMilliseconds, 3));
        json.WriteString("issuer", trace.Issuer);
        json.WriteString("api", trace.Api);
        json.WriteString("web", trace.Web);
        json.WriteBoolean("tls", trace.Tls);
        json.WriteBoolean("held", trace.Held);
        WriteTotals(json, DemoTotals.Of(trace));
        WriteArray(json, "chapters", trace.Chapters, WriteChapter);
        json.WriteEndObject();
    }

    private static void WriteTotals(Utf8JsonWriter json, DemoTotals totals)
    {
        json.WriteStartObject("totals");
        json.WriteNumber("steps", totals.Steps);
        json.WriteNumber("steps_held", totals.StepsHeld);
        json.WriteNumber("attacks", totals.Attacks);
        json.WriteNumber("attacks_held", totals.AttacksHeld);
        json.WriteNumber("calls", totals.Calls);
        json.WriteNumber("rules_held", totals.RulesHeld);
        json.WriteNumber("rules_refused", totals.RulesRefused);
        json.WriteNumber("findings", totals.Findings);
        json.WriteNumber("findings_failed", totals.FindingsFailed);
        json.WriteEndObject();
    }

    private static void WriteChapter(Utf8JsonWriter json, DemoChapter chapter)
    {
        json.WriteNumber("number", chapter.Number);
        json.WriteString("title", chapter.Title);
        json.WriteString("introduction", chapter.Introduction);
        WriteArray(json, "steps", chapter.Steps, WriteStep);
    }

    private static void WriteStep(Utf8JsonWriter json, DemoStep step)
    {
        json.WriteNumber("number", step.Number);
        json.WriteString("title", step.Title);
        json.WriteString("meaning", step.Meaning);
        json.WriteBoolean("must_fail", step.MustFail);
        json.WriteBoolean("held", step.Held);
        WriteArray(json, "hops", step.Hops, WriteHop);
        WriteArray(json, "findings", step.Findings, WriteFinding);
    }

    private static void WriteFinding(Utf8JsonWriter json, DemoFinding finding)
    {
        json.WriteString("text", finding.Text);
        json.WriteBoolean("held", finding.Held);
        if (finding.Seen is not null)
            json.WriteString("seen", finding.Seen);
    }

    private static void WriteHop(Utf8JsonWriter json, DemoHop hop)
    {
        json.WriteString("from", hop.From);
        json.WriteString("to", hop.To);
        json.WriteString("method", hop.Method);
        json.WriteString("url", hop.Url);
        json.WriteNumber("status", hop.Status);
        json.WriteNumber("milliseconds", double.IsFinite(hop.Milliseconds) ? Math.Round(hop.Milliseconds, 3) : 0);
        json.WriteBoolean("front_channel", hop.FrontChannel);
        WriteArray(json, "sent", hop.Sent, WriteValue);
        WriteArray(json, "answer", hop.Answer, WriteValue);
        WriteArray(json, "decisions", hop.Decisions, WriteDecision);
        if (hop.Flow is not null)
            json.WriteString("flow", hop.Flow);
    }

    private static void WriteValue(Utf8JsonWriter json, ShownValue value)
    {
        json.WriteString("name", value.Name);
        json.WriteString("value", value.Value);
    }

    private static void WriteDecision(Utf8JsonWriter json, DemoDecision decision)
    {
        json.WriteString("by", decision.By);
        json.WriteString("act", decision.Act);
        json.WriteBoolean("allowed", decision.Refused is null);
        if (decision.Refused is { } reason)
        {
            var refusal = ShownRefusal.Of(decision, reason);
            json.WriteStartObject("refused");
            json.WriteString("code", refusal.Code);
            json.WriteString("name", refusal.Name);
            json.WriteString("spec", refusal.Spec);
            if (refusal.Rule is not null)
                json.WriteString("rule", refusal.Rule);
            json.WriteString("why", refusal.Why);
            json.WriteEndObject();
        }
        if (decision.Change is not null)
            json.WriteString("change", decision.Change);
        WriteArray(json, "rules", decision.Rules, WriteRule);
    }

    private static void WriteRule(Utf8JsonWriter json, CheckedRule rule)
    {
        json.WriteString("text", rule.Text);
        json.WriteString("spec", rule.Spec);
        json.WriteString("code", Refusal.CodeOf(rule.Reason));
        json.WriteString("name", Refusal.NameOf(rule.Reason));
        json.WriteBoolean("passed", rule.Passed);
    }

    private static void WriteArray<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
