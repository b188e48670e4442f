using System.Globalization;
using Ostiary.AspNetCore.Observation;

namespace Ostiary.Cli.Demo.Report;

/// <summary>One call: a line that can be opened, and below it, always in sight, the rule that refused.</summary>
internal static class ReportHop
{
    private const int RulesInSight = 3;

    public static void Write(Markup page, DemoHop hop, int number, string id)
    {
        page.Open("details", "call");
        Summary(page, hop, number);
        page.Open("div", ("class", "body"), ("id", id));
        page.Open("p", "channel").Element("code", $"{hop.Method} {hop.Url}").Void("br").Text(Channel(hop));
        if (hop.Flow is { } flow)
            page.Text(" In the server's log it is ").Element("code", flow).Text(".");
        page.CloseLine();
        Values(page, hop.Sent, "Sent");
        foreach (var decision in hop.Decisions)
            Rules(page, decision);
        Values(page, hop.Answer, $"Answered with status {hop.Status}");
        page.Close().CloseLine();
        foreach (var decision in hop.Decisions)
            if (decision.Refused is { } reason)
                Refused(page, ShownRefusal.Of(decision, reason), decision.Change);
    }

    private static void Summary(Markup page, DemoHop hop, int number)
    {
        var rules = hop.Decisions.SelectMany(decision => decision.Rules).ToList();
        page.Open("summary").Element("span", number.ToString(CultureInfo.InvariantCulture), "nr");
        page.Open("span", "who").Element("b", NameOf(hop.From), $"party {Party(hop.From)}").Element("span", " → ", "arrow");
        page.Element("b", NameOf(hop.To), $"party {Party(hop.To)}").Close();
        page.Open("code", "what").Element("span", hop.Method, "method").Text($" {PathOf(hop.Url)}").Close();
        page.Element("span", hop.Status.ToString(CultureInfo.InvariantCulture), $"status s{Math.Clamp(hop.Status / 100, 1, 5)}");
        page.Element("span", Counted(rules), "count");
        page.Element("span", Time(hop.Milliseconds), "ms").CloseLine();
    }

    private static void Values(Markup page, IReadOnlyList<ShownValue> values, string caption)
    {
        if (values.Count == 0)
            return;
        page.Open("table", ("class", "values"), ("role", "table")).Element("caption", caption);
        page.Open("thead", ("role", "rowgroup")).Open("tr", ("role", "row"));
        foreach (var heading in (ReadOnlySpan<string>)["name", "value", "what it means"])
            page.Open("th", ("scope", "col"), ("role", "columnheader")).Text(heading).Close();
        page.Close(2).Open("tbody", ("role", "rowgroup"));
        foreach (var value in values)
            if (TokenMember.Read(value.Value) is { } members)
                Token(page, value.Name, members);
            else
                Row(page, value.Name, value.Value, null);
        page.Close().CloseLine();
    }

    private static void Token(Markup page, string name, IReadOnlyList<TokenMember> members)
    {
        Row(page, name, "a header, claims, and a signature over both", "token");
        foreach (var member in members)
            Row(page, member.Name, member.Value, member.Part);
    }

    private static void Row(Markup page, string name, string value, string? part)
    {
        page.Open("tr", ("role", "row"), ("class", part is "header" or "claims" ? "member" : null))
            .Open("th", ("scope", "row"), ("role", "rowheader"))
            .Element("code", name);
        if (part is "header")
            page.Element("span", " header", "part");
        page.Close().Open("td", ("role", "cell"));
        if (part is "token")
            page.Text(value);
        else
        {
            page.Open("code");
            TaggedText.Write(page, value);
            page.Close();
        }
        page.Close().Open("td", ("role", "cell"), ("class", "gloss")).Text(Glossary.MeaningOf(name) ?? "").Close(2);
    }

    private static void Rules(Markup page, DemoDecision decision)
    {
        var held = decision.Rules.Where(rule => rule.Passed).ToList();
        page.Open("div", "decision").Open("p", "asked").Text($"The {NameOf(decision.By)} ");
        page.Text(
            decision.Rules.Count switch
            {
                0 => "did ",
                1 => "asked one rule for ",
                var count => $"asked {count} rules for ",
            }
        );
        page.Element("code", decision.Act).Text(Outcome(decision, held.Count)).Close();
        if (held.Count > 0)
        {
            page.Open("ul", "rules");
            foreach (var rule in held.Take(RulesInSight))
                Rule(page, rule);
            page.Close();
        }
        if (held.Count > RulesInSight)
        {
            page.Open("details", "more")
                .Element("summary", held.Count == RulesInSight + 1 ? "and one more that held" : $"and {held.Count - RulesInSight} more that held")
                .Open("ul", "rules");
            foreach (var rule in held.Skip(RulesInSight))
                Rule(page, rule);
            page.Close(2);
        }
        if (decision.Refused is { } reason)
            page.Open("p", "stop")
                .Element("span", "✗", "sign")
                .Text($" {ShownRefusal.Of(decision, reason).Rule ?? ShownRefusal.Of(decision, reason).Name}")
                .Close();
        if (decision.Change is { Length: > 0 } change)
        {
            page.Open("p", "change").Element("span", "What changed", "label").Text(" ");
            TaggedText.Write(page, change);
            page.Close();
        }
        page.CloseLine();
    }

    private static string Outcome(DemoDecision decision, int held) =>
        decision switch
        {
            { Refused: not null, Rules.Count: 0 } => ", and refused.",
            { Refused: not null } => $": {held} held, then it refused.",
            { Rules.Count: 0 } => ".",
            { Rules.Count: 1 } => ": it held.",
            _ => ": all held.",
        };

    private static void Rule(Markup page, CheckedRule rule)
    {
        page.Open("li").Element("span", "✓", "sign").Open("span").Text(rule.Text).Close();
        SpecLink.Write(page, rule.Spec);
        page.Close();
    }

    private static void Refused(Markup page, ShownRefusal refusal, string? change)
    {
        page.Open("div", "refusal").Open("p", "rule").Element("span", "✗", "sign");
        page.Text($" The {NameOf(refusal.By)} refused: ");
        page.Element("q", refusal.Rule ?? refusal.Name.Replace('-', ' ')).Text(" did not hold.").Close();
        page.Open("p", "code").Element("code", $"{refusal.Code} {refusal.Name}").Text(" ");
        SpecLink.Write(page, refusal.Spec);
        page.Close().Element("p", refusal.Why, "why");
        if (change is { Length: > 0 })
        {
            page.Open("p", "change").Element("span", "What changed", "label").Text(" ");
            TaggedText.Write(page, change);
            page.Close();
        }
        page.CloseLine();
    }

    private static string Counted(List<CheckedRule> rules)
    {
        var held = rules.Count(rule => rule.Passed);
        return rules.Count == 0 ? ""
            : held == rules.Count ? (held == 1 ? "1 rule held" : $"{held} rules held")
            : $"{held} held, {rules.Count - held} refused";
    }

    /// <summary>Nothing where nobody measured.</summary>
    private static string Time(double milliseconds) => milliseconds > 0 ? $"{milliseconds.ToString("0.0", CultureInfo.InvariantCulture)} ms" : "";

    private static string Channel(DemoHop hop) =>
        hop.FrontChannel
            ? "Through the browser, where it can be read and changed by whoever holds the browser."
            : "Directly from program to program; the browser never sees it.";

    internal static string NameOf(string party) =>
        party switch
        {
            "api" => "API",
            "billing" => "billing API",
            _ => party,
        };

    internal static string Party(string name) =>
        name is "billing" ? "api"
        : name is "browser" or "app" or "server" or "api" or "attacker" or "operator" or "program" ? name
        : "other";

    internal static string PathOf(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme.StartsWith("http", StringComparison.Ordinal) ? uri.AbsolutePath : url;
}
