using Ostiary.Cli.Output;

namespace Ostiary.Cli.Demo.Report;

/// <summary>The calls of a chapter as a drawing: one lane per party, one arrow per call, each a link to the call.</summary>
internal static class ReportLanes
{
    private const int Width = 960;
    private const int Head = 56;
    private const int StepHeight = 34;
    private const int HopHeight = 46;
    private const double LetterWidth = 7.3;
    private static readonly string[] Order = ["operator", "attacker", "program", "browser", "app", "server", "api", "billing"];

    public static void Write(Markup page, DemoChapter chapter)
    {
        var hops = chapter.Steps.SelectMany(step => step.Hops).ToList();
        if (hops.Count == 0)
            return;
        var parties = hops.SelectMany(hop => new[] { hop.From, hop.To }).Distinct().OrderBy(Rank).ToList();
        var height = Head + chapter.Steps.Where(step => step.Hops.Count > 0).Sum(step => StepHeight + HopHeight * step.Hops.Count) + 16;
        page.Open("figure", ("class", "lanes"))
            .Open("div", ("class", "scroll"), ("role", "region"), ("tabindex", "0"), ("aria-label", $"Who calls whom in chapter {chapter.Number}"));
        page.Open(
            "svg",
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("viewBox", $"0 0 {Width} {height}"),
            ("role", "group"),
            ("aria-label", $"{hops.Count} calls")
        );
        Lanes(page, parties, height);
        double y = Head;
        foreach (var step in chapter.Steps.Where(step => step.Hops.Count > 0))
        {
            Band(page, chapter, step, y);
            y += StepHeight;
            for (var i = 0; i < step.Hops.Count; i++, y += HopHeight)
                Arrow(
                    page,
                    step.Hops[i],
                    i + 1,
                    ReportChapter.IdOf(chapter, step, i + 1),
                    X(parties, step.Hops[i].From),
                    X(parties, step.Hops[i].To),
                    y
                );
        }
        page.Close(2).Open("figcaption");
        page.Element("span", "dashed", "key front")
            .Text(" through the browser, ")
            .Element("span", "solid", "key back")
            .Text(" from program to program, ");
        page.Element("span", "✗", "key no").Text(" refused. Each arrow is a call that was made; select it for all of it.").Close().CloseLine();
    }

    private static void Lanes(Markup page, List<string> parties, int height)
    {
        foreach (var party in parties)
        {
            var x = X(parties, party);
            page.Void("line", ("class", "lane"), ("x1", N(x)), ("x2", N(x)), ("y1", "42"), ("y2", N(height)));
            page.Void(
                "rect",
                ("class", $"party {ReportHop.Party(party)}"),
                ("x", N(x - 58)),
                ("y", "6"),
                ("width", "116"),
                ("height", "34"),
                ("rx", "8")
            );
            Label(page, $"name {ReportHop.Party(party)}", x, 28, ReportHop.NameOf(party));
        }
    }

    private static void Band(Markup page, DemoChapter chapter, DemoStep step, double y)
    {
        var styled = step switch
        {
            { Held: false } => "bad",
            { MustFail: true } => "refused",
            _ => "good",
        };
        page.Void("rect", ("class", $"band {styled}"), ("x", "0"), ("y", N(y + 4)), ("width", N(Width)), ("height", N(StepHeight - 10)), ("rx", "5"));
        page.Open("text", ("class", $"step {styled}"), ("x", "12"), ("y", N(y + 21)))
            .Text($"{(step.Held ? "✓" : "✗")} {step.Number}  {Printable.Cut(step.Title, 110)}")
            .Close();
    }

    private static void Arrow(Markup page, DemoHop hop, int number, string id, double from, double to, double y)
    {
        var refusal = ShownRefusal.In(hop).FirstOrDefault();
        var no = refusal is not null;
        var line = y + 27;
        var way = hop.FrontChannel ? "front" : "back";
        page.Open("a", ("href", $"#{id}"), ("class", $"hop {way}{(no ? " no" : "")}"));
        page.Element(
            "title",
            $"{hop.From} to {hop.To}: {hop.Method} {hop.Url}, {hop.Status}{(refusal is null ? "" : $", refused with {refusal.Code} {refusal.Name}")}"
        );
        if (from == to)
            page.Void("path", ("class", "wire"), ("d", $"M{N(from)} {N(line - 9)} h46 v18 h-28"));
        else
            page.Void("line", ("class", "wire"), ("x1", N(from)), ("x2", N(to + (to > from ? -9 : 9))), ("y1", N(line)), ("y2", N(line)));
        var (tip, back) =
            from == to ? (from + 9, 10)
            : to > from ? (to, -10)
            : (to, 10);
        var tipY = from == to ? line + 9 : line;
        page.Void("path", ("class", "head"), ("d", $"M{N(tip)} {N(tipY)} l{back} -5.5 v11 z"));
        page.Void("circle", ("class", "nr"), ("cx", N(from)), ("cy", N(line)), ("r", "9"));
        Label(page, "nr", from, line + 4, $"{number}");
        var middle = from == to ? from + 120 : (from + to) / 2;
        var room = (int)(Math.Max(Math.Abs(to - from), 150) / LetterWidth);
        Label(page, "what", middle, line - 7, Printable.Cut($"{hop.Method} {ReportHop.PathOf(hop.Url)}", Math.Max(16, room - 3)));
        Label(page, "how", middle, line + 14, refusal is null ? $"{hop.Status}" : $"✗ {hop.Status} {refusal.Code}");
        page.CloseLine();
    }

    private static void Label(Markup page, string styled, double x, double y, string text) =>
        page.Open("text", ("class", styled), ("x", N(x)), ("y", N(y)), ("text-anchor", "middle")).Text(text).Close();

    private static double X(List<string> parties, string party) => Width * (parties.IndexOf(party) + 0.5) / parties.Count;

    private static int Rank(string party) => Array.IndexOf(Order, party) is >= 0 and var rank ? rank : Order.Length;

    private static string N(double number) => Markup.Number(number);
}
