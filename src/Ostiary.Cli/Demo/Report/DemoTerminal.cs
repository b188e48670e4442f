using System.Globalization;
using Ostiary.AspNetCore.Observation;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Demo.Report;

/// <summary>The story as it happens, for the terminal: chapter headings, steps with their calls, and the rule that refused.</summary>
internal sealed class DemoTerminal(Action<string> line, Ink ink, int width, bool verbose)
{
    private const int Widest = 110;
    private const int Narrowest = 60;

    /// <summary>Where a call's method begins: «browser → server».</summary>
    private const int PartiesWidth = 18;
    private const int ValueIndent = 8;
    private readonly int _width = Math.Clamp(width, Narrowest, Widest);

    /// <summary>To the stdout of a command, line by line.</summary>
    public DemoTerminal(Terminal terminal, bool verbose)
        : this(terminal.Stream, terminal.OutputInk, Terminal.Width, verbose) { }

    public DemoTerminal(TextWriter output, Ink ink, int width, bool verbose)
        : this(text => output.Write(text + "\n"), ink, width, verbose) { }

    public void Opening(DemoTrace trace)
    {
        Line($"{ink.Bold("ostiary demo")} {Safe(trace.Version)}  the whole story over real {(trace.Tls ? "HTTPS" : "HTTP")}, on this machine only");
        Line();
        Line($"  {"server", -8}{Safe(trace.Issuer)}");
        Line($"  {"app", -8}{Safe(trace.Web)}");
        Line($"  {"API", -8}{Safe(trace.Api)}");
    }

    public void Chapter(DemoChapter chapter)
    {
        var title = $"{chapter.Number}  {Safe(chapter.Title)} ";
        Line();
        Line(ink.Bold(title) + ink.Dim(new string('─', Math.Max(0, _width - title.Length))));
        foreach (var text in Wrap(Safe(chapter.Introduction), _width - 3))
            Line(ink.Dim($"   {text}"));
    }

    public void Step(DemoStep step)
    {
        Line();
        Heading(step);
        for (var i = 0; i < step.Hops.Count; i++)
            Hop(i + 1, step.Hops[i]);
        foreach (var finding in step.Findings)
            if (!finding.Held)
                Failed(finding);
            else if (step.Hops.Count == 0)
                foreach (var text in Wrap(Safe(finding.Text), _width - 6))
                    Line(ink.Dim($"      {text}"));
    }

    public void Closing(DemoTrace trace, IReadOnlyList<string> reportPaths, IReadOnlyList<(string What, string Url)> serving)
    {
        var totals = DemoTotals.Of(trace);
        Line();
        Line(ink.Dim(new string('─', _width)));
        Line(
            trace.Held
                ? ink.Green($"✓ {Count(totals.Steps, "step")}, every one as it must be")
                : ink.Red($"✗ {totals.Steps - totals.StepsHeld} of {Count(totals.Steps, "step")} FAILED")
        );
        Line(
            $"  {Count(totals.Calls, "call")} · {Count(totals.RulesHeld, "rule")} held · {totals.AttacksHeld} of {Count(totals.Attacks, "attack")} refused"
                + $" · {trace.Duration.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s"
        );
        foreach (var step in trace.Chapters.SelectMany(chapter => chapter.Steps).Where(step => !step.Held))
            Line(ink.Red(Printable.Cut($"  ✗ {step.Number, 2}  {Safe(step.Title)}", _width)));
        Rows("Read it", [.. reportPaths.Select(path => (What: "", Url: path))]);
        Rows("Try it", serving);
        if (serving.Count > 0)
        {
            Line();
            Line("Ctrl+C stops it.");
        }
    }

    private void Rows(string heading, IReadOnlyList<(string What, string Url)> rows)
    {
        if (rows.Count == 0)
            return;
        Line();
        Line(ink.Bold(heading));
        var widest = rows.Max(row => row.What.Length) is > 0 and var length ? length + 2 : 0;
        foreach (var (what, url) in rows)
            Line($"  {Safe(what).PadRight(widest)}{Safe(url)}");
    }

    private void Heading(DemoStep step)
    {
        var (sign, word, paint) = step switch
        {
            { Held: false } => ("✗", "FAILED", (Func<string, string>)ink.Red),
            { MustFail: true } => ("✓", "REFUSED, as it must be", ink.Green),
            _ => ("✓", "ok", ink.Green),
        };
        var number = $"{step.Number, 2}";
        var title = Safe(step.Title);
        var room = _width - 2 - number.Length - 2 - word.Length - 2;
        var first = Wrap(title, Math.Max(20, room));
        Line($"{paint(sign)} {number}  {ink.Bold(first[0].PadRight(Math.Max(20, room)))}  {paint(word)}");
        foreach (var text in first.Skip(1))
            Line($"  {new string(' ', number.Length)}  {ink.Bold(text)}");
    }

    private void Hop(int number, DemoHop hop)
    {
        var rules = hop.Decisions.SelectMany(decision => decision.Rules).ToList();
        var checks = rules.Count == 0 ? "" : $"  {rules.Count(rule => rule.Passed)}/{rules.Count} checks";
        var time = hop.Milliseconds switch
        {
            >= 9999.5 => $"{hop.Milliseconds / 1000:0} s",
            >= 1 => $"{hop.Milliseconds:0} ms",
            > 0 => "<1 ms",
            _ => "",
        };
        var start = $"{number, 4}  {$"{Safe(hop.From)} → {Safe(hop.To)}".PadRight(PartiesWidth)}  {Safe(hop.Method), -5} ";
        var end = $" {hop.Status}  {time, 7}";
        var room = _width - start.Length - end.Length - "  99/99 checks".Length;
        Line(start + Printable.Cut(Safe(ReportHop.PathOf(hop.Url)), room).PadRight(room) + Status(hop.Status, end) + ink.Dim(checks));
        if (verbose)
        {
            Values("→", hop.Sent);
            Values("←", hop.Answer);
        }
        foreach (var decision in hop.Decisions)
            Decision(decision);
    }

    private string Status(int status, string text) =>
        status >= 500 ? ink.Red(text)
        : status >= 400 ? ink.Yellow(text)
        : text;

    private void Values(string direction, IReadOnlyList<ShownValue> values)
    {
        if (values.Count == 0)
            return;
        var widest = Math.Min(24, values.Max(value => value.Name.Length));
        foreach (var value in values)
            Line(ink.Dim($"{new string(' ', ValueIndent - 2)}{direction} {Safe(value.Name).PadRight(widest)}  {Safe(value.Value)}"));
    }

    private void Decision(DemoDecision decision)
    {
        var indent = new string(' ', ValueIndent - 2);
        if (decision.Refused is { } reason)
        {
            var refusal = ShownRefusal.Of(decision, reason);
            var head = string.Join(" · ", new[] { $"{refusal.Code} {refusal.Name}", refusal.Spec }.Where(part => part.Length > 0));
            var rule = refusal.Rule is null ? "" : $"\"{Safe(refusal.Rule)}\"";
            var by = decision.By == "server" ? "refused by the rule" : $"refused by the rule of the {Safe(ReportHop.NameOf(decision.By))}";
            if (head.Length + rule.Length + 5 + indent.Length <= _width)
                Line($"{indent}{ink.Yellow("✗ " + head)}{(rule.Length > 0 ? " · " + rule : "")}");
            else
            {
                Line($"{indent}{ink.Yellow("✗ " + head)}");
                foreach (var text in Wrap($"{by} {rule}", _width - indent.Length - 2))
                    Line($"{indent}  {text}");
            }
        }
        if (decision.Change is { Length: > 0 } change)
            foreach (var text in Wrap($"then {Safe(change)}", _width - indent.Length - 2))
                Line(ink.Dim($"{indent}  {text}"));
    }

    private void Failed(DemoFinding finding)
    {
        Line(ink.Red($"      FAILED  expected  {Safe(finding.Text)}"));
        if (finding.Seen is { } seen)
            Line($"              seen      {Safe(seen)}");
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    private static string Safe(string text) => Printable.Of(text);

    private static List<string> Wrap(string text, int room)
    {
        var lines = new List<string>();
        var current = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (current.Length > 0 && current.Length + 1 + word.Length > room)
            {
                lines.Add(current);
                current = "";
            }
            current = current.Length == 0 ? word : $"{current} {word}";
        }
        lines.Add(current);
        return lines;
    }

    private void Line(string text = "") => line(text.TrimEnd(' '));
}
