namespace Ostiary.Cli.Demo.Report;

/// <summary>A chapter: its introduction, who talks to whom, and its steps.</summary>
internal static class ReportChapter
{
    public static string IdOf(DemoChapter chapter, DemoStep step) => $"step-{chapter.Number}-{chapter.Steps.IndexOf(step) + 1}";

    public static string IdOf(DemoChapter chapter, DemoStep step, int hop) => $"call-{chapter.Number}-{chapter.Steps.IndexOf(step) + 1}-{hop}";

    public static void Write(Markup page, DemoChapter chapter)
    {
        var id = $"chapter-{chapter.Number}";
        page.Open("section", ("class", "chapter"), ("aria-labelledby", id));
        page.Open("h2", ("id", id)).Element("span", $"Chapter {chapter.Number} ", "over").Text(chapter.Title).CloseLine();
        page.Element("p", chapter.Introduction, "intro");
        ReportLanes.Write(page, chapter);
        foreach (var step in chapter.Steps)
            Step(page, chapter, step);
        page.CloseLine();
    }

    private static void Step(Markup page, DemoChapter chapter, DemoStep step)
    {
        var (styled, badge, word) = step switch
        {
            { Held: false } => ("bad", "badge bad", "✗ failed"),
            { MustFail: true } => ("refused", "badge refused", "✓ refused, as it must be"),
            _ => ("good", "badge good", "✓ ok"),
        };
        var id = IdOf(chapter, step);
        page.Open("article", ("class", $"step {styled}"), ("id", id), ("aria-labelledby", $"{id}-title"));
        page.Open("div", "title").Open("h3", ("id", $"{id}-title")).Element("span", $"{step.Number}", "number").Text(step.Title).Close();
        page.Element("span", word, badge).CloseLine();
        page.Open("p", "meaning").Text(step.Meaning).CloseLine();
        for (var i = 0; i < step.Hops.Count; i++)
            ReportHop.Write(page, step.Hops[i], i + 1, IdOf(chapter, step, i + 1));
        Findings(page, step);
        page.CloseLine();
    }

    private static void Findings(Markup page, DemoStep step)
    {
        if (step.Findings.Count == 0)
            return;
        page.Open("ul", ("class", "findings"), ("aria-label", "What was expected"));
        foreach (var finding in step.Findings)
        {
            page.Open("li", finding.Held ? "held" : "not-held").Element("span", finding.Held ? "✓" : "✗ expected:", "sign").Text(" ");
            TaggedText.Write(page, finding.Text);
            if (!finding.Held || finding.Seen is not null)
            {
                page.Open("span", "seen").Text("seen: ");
                TaggedText.Write(page, finding.Seen ?? "something else");
                page.Close();
            }
            page.Close();
        }
        page.CloseLine();
    }
}
