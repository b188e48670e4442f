using Ostiary.AspNetCore.Observation;

namespace Ostiary.Cli.Demo.Report;

/// <summary>After the story: every attack with the rule that refused it, and every secret with where it went.</summary>
internal static class ReportEnd
{
    public static void Write(Markup page, DemoTrace trace)
    {
        Attacks(page, trace);
        Secrets(page, trace);
    }

    private static void Attacks(Markup page, DemoTrace trace)
    {
        page.Open("section", ("class", "end"), ("aria-labelledby", "attacks"))
            .Open("h2", ("id", "attacks"))
            .Text("Every attack, and what refused it")
            .CloseLine();
        page.Element(
            "p",
            "Each of these was sent for real. The rule is the one that the program asked; the section is where the rule comes from.",
            "intro"
        );
        page.Open("table", ("class", "wide attacks"), ("role", "table"))
            .Element("caption", "The attacks of the story and the rules that refused them");
        Headings(page, "attack", "outcome", "refused by", "rule that did not hold", "section");
        foreach (var chapter in trace.Chapters)
        foreach (var step in chapter.Steps.Where(step => step.MustFail))
            Attack(page, chapter, step);
        page.Close(2).CloseLine();
    }

    private static void Attack(Markup page, DemoChapter chapter, DemoStep step)
    {
        var refusals = ShownRefusal.In(step).DistinctBy(refusal => (refusal.By, refusal.Code)).ToList();
        for (var i = 0; i < Math.Max(1, refusals.Count); i++)
        {
            page.Open("tr", ("role", "row"), ("class", i > 0 ? "also" : null)).Open("th", ("scope", "row"), ("role", "rowheader"));
            if (i == 0)
                page.Open("a", ("href", $"#{ReportChapter.IdOf(chapter, step)}")).Text($"{step.Number} {step.Title}").Close();
            else
                page.Element("span", "and then", "then");
            page.Close().Open("td", ("role", "cell"));
            if (i == 0)
                page.Element("span", step.Held ? "✓ refused" : "✗ failed", step.Held ? "badge refused" : "badge bad");
            page.Close();
            if (refusals.Count == 0)
                page.Open("td", ("role", "cell"), ("colspan", "3"))
                    .Text(string.Join("; ", step.Findings.Select(finding => finding.Seen ?? finding.Text)))
                    .Close();
            else
                Refusal(page, refusals[i]);
            page.CloseLine();
        }
    }

    private static void Refusal(Markup page, ShownRefusal refusal)
    {
        page.Open("td", ("role", "cell"))
            .Element("code", refusal.Code, "ost")
            .Text(" ")
            .Element("code", refusal.Name)
            .Element("span", $" by the {ReportHop.NameOf(refusal.By)}", "by")
            .Close();
        page.Open("td", ("role", "cell")).Text(refusal.Rule ?? refusal.Why).Close();
        page.Open("td", ("role", "cell"));
        SpecLink.Write(page, refusal.Spec);
        page.Close();
    }

    private static void Secrets(Markup page, DemoTrace trace)
    {
        var seen = Sightings(trace).ToLookup(sighting => sighting.Tag);
        if (seen.Count == 0)
            return;
        page.Open("section", ("class", "end"), ("aria-labelledby", "secrets"))
            .Open("h2", ("id", "secrets"))
            .Text("Every secret, and where it went")
            .CloseLine();
        page.Open("p", "intro").Text("A tag like ");
        TaggedText.Write(page, seen.First().Key);
        page.Text(
                " stands for a secret value. It is a short keyed hash whose key was forgotten when the demo ended: the same tag is the same value, "
            )
            .Text("and nobody can get the value back from it. So you can see that a code was used twice without being able to use it a third time. ")
            .Text("(Two different values share a tag by accident once in 65 536 pairs.)")
            .CloseLine();
        page.Open("table", ("class", "wide secrets"), ("role", "table")).Element("caption", "The secrets of the story by their tags");
        Headings(page, "tag", "what it is", "seen in");
        foreach (var secret in seen)
        {
            page.Open("tr", ("role", "row")).Open("th", ("scope", "row"), ("role", "rowheader"));
            TaggedText.Write(page, secret.Key);
            page.Close().Open("td", ("role", "cell"));
            page.Element("code", string.Join(", ", secret.Select(sighting => sighting.Name).Distinct())).Close().Open("td", ("role", "cell"));
            foreach (var (id, where) in secret.Select(sighting => (sighting.Id, sighting.Where)).Distinct())
                page.Open("a", ("class", "where"), ("href", $"#{id}")).Text(where).Close().Text(" ");
            page.Close().CloseLine();
        }
        page.Close(2).CloseLine();
    }

    private static IEnumerable<(string Tag, string Name, string Id, string Where)> Sightings(DemoTrace trace) =>
        from chapter in trace.Chapters
        from step in chapter.Steps
        from hop in step.Hops.Select((hop, i) => (Hop: hop, Number: i + 1))
        from value in hop.Hop.Sent.Concat(hop.Hop.Answer)
        from tag in TaggedText.In(value.Value)
        select (
            tag,
            value.Name,
            ReportChapter.IdOf(chapter, step, hop.Number),
            $"{step.Number} {ReportHop.NameOf(hop.Hop.From)} → {ReportHop.NameOf(hop.Hop.To)}"
        );

    private static void Headings(Markup page, params ReadOnlySpan<string> headings)
    {
        page.Open("thead", ("role", "rowgroup")).Open("tr", ("role", "row"));
        foreach (var heading in headings)
            page.Open("th", ("scope", "col"), ("role", "columnheader")).Text(heading).Close();
        page.Close(2).Open("tbody", ("role", "rowgroup"));
    }
}
