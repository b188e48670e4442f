using System.Globalization;

namespace Ostiary.Cli.Demo.Report;

/// <summary>Before the story: what happened in five sentences, who takes part, how to read it, and where to find what.</summary>
internal static class ReportOpening
{
    public static void Write(Markup page, DemoTrace trace)
    {
        var totals = DemoTotals.Of(trace);
        page.Open("header", "top");
        page.Element("p", $"ostiary demo {trace.Version}", "eyebrow");
        page.Element("h1", trace.Held ? "Every step held" : $"{totals.Steps - totals.StepsHeld} of {totals.Steps} steps failed");
        page.Open("p", "when");
        page.Open("time", ("datetime", trace.StartedAt.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
        page.Text(trace.StartedAt.ToUniversalTime().ToString("d MMMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture)).Close();
        page.Text($", over {(trace.Tls ? "HTTPS with a throw-away certificate authority" : "plain HTTP that never left this machine")}").CloseLine();
        Figures(page, trace, totals);
        if (!trace.Held)
            Failures(page, trace);
        page.CloseLine();
        Sentences(page, trace, totals);
        Cast(page, trace);
        Reading(page);
        Contents(page, trace);
    }

    private static void Figures(Markup page, DemoTrace trace, DemoTotals totals)
    {
        page.Open("dl", "figures");
        Figure(page, "steps held", $"{totals.StepsHeld} of {totals.Steps}");
        Figure(page, "attacks refused", $"{totals.AttacksHeld} of {totals.Attacks}");
        Figure(page, "real calls", Whole(totals.Calls));
        Figure(page, "rules that held", Whole(totals.RulesHeld));
        Figure(page, "refusals", Whole(totals.RulesRefused));
        Figure(page, "in all", $"{trace.Duration.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s");
        page.CloseLine();
    }

    private static void Figure(Markup page, string what, string number) => page.Open("div").Element("dt", what).Element("dd", number).Close();

    private static void Failures(Markup page, DemoTrace trace)
    {
        page.Open("div", ("class", "failures"), ("role", "alert")).Element("p", "What did not hold:").Open("ul");
        foreach (var chapter in trace.Chapters)
        foreach (var step in chapter.Steps.Where(step => !step.Held))
        {
            page.Open("li").Open("a", ("href", $"#{ReportChapter.IdOf(chapter, step)}")).Text($"{step.Number} {step.Title}").Close();
            page.Text($": {string.Join("; ", step.Findings.Where(finding => !finding.Held).Select(finding => finding.Text))}").Close();
        }
        page.Close(2);
    }

    private static void Sentences(Markup page, DemoTrace trace, DemoTotals totals)
    {
        page.Open("section", ("class", "prose"), ("aria-labelledby", "what-happened"));
        page.Open("h2", ("id", "what-happened")).Text("What happened").CloseLine();
        page.Open("p", "lead");
        if (!trace.Held)
            page.Open("strong").Text("Not all of it came out as told here; what did not is listed above. ").Close();
        page.Text("A person wanted to use an app without giving the app her password. ");
        page.Text("So the app sent her browser to a server that she trusts: there she signed in and agreed, and the browser brought the app a ");
        page.Element("strong", "code").Text(", which works once and only for this app. ");
        page.Text("The app swapped the code for ").Element("strong", "tokens");
        page.Text(
            ", directly with the server, and showed one of them to an API, which answered because the token is signed by the server and meant for this API. "
        );
        page.Text(Refusals(trace, totals));
        page.Text("Nothing in the story below is made up: all of it was read from ").Element("strong", Count(totals.Calls, "real call"));
        page.Text(
                $" between programs on this machine, which took {trace.Duration.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} seconds."
            )
            .Close();
        page.CloseLine();
    }

    private static string Refusals(DemoTrace trace, DemoTotals totals)
    {
        var named = trace.Chapters.SelectMany(chapter => chapter.Steps).Where(step => step.MustFail).All(step => ShownRefusal.In(step).Any());
        return totals switch
        {
            { Attacks: 0 } => "",
            _ when totals.AttacksHeld < totals.Attacks =>
                $"Then somebody tried {Count(totals.Attacks, "thing")} that must not work, and only {totals.AttacksHeld} of them ended as they must. ",
            _ when named =>
                $"Then somebody tried {Count(totals.Attacks, "thing")} that must not work, and each was refused by a rule that is named below. ",
            _ => $"Then somebody tried {Count(totals.Attacks, "thing")} that must not work, and each was refused. ",
        };
    }

    private static void Cast(Markup page, DemoTrace trace)
    {
        page.Open("section", ("aria-labelledby", "cast")).Open("h2", ("id", "cast")).Text("Who takes part").CloseLine();
        page.Constant(DemoHtmlReport.Resource("demo/cast.html"));
        page.Open("dl", "cast");
        Actor(
            page,
            "browser",
            "The browser",
            null,
            "Belongs to the person. Whatever passes through it can be seen in its address bar, in its history, by whoever looks on."
        );
        Actor(
            page,
            "app",
            "The app",
            trace.Web,
            "Wants to do something for the person. It keeps the tokens on its own server; the browser gets only a cookie."
        );
        Actor(
            page,
            "server",
            "The server",
            trace.Issuer,
            "Ostiary. The only one that sees the password. It asks the person, decides, and signs the tokens."
        );
        Actor(
            page,
            "api",
            "The API",
            trace.Api,
            "Holds what the app wants. It knows no passwords: it believes what the server has signed, after checking it."
        );
        if (Takes(trace, hop => hop.To == "billing"))
            Actor(page, "api", "The billing API", null, "Another API of the same kind. What was made for its neighbour opens nothing here.");
        Actor(page, "attacker", "The attacker", null, "May send anything to anybody, and has got hold of something that was not meant for him.");
        if (Takes(trace, hop => hop.From == "program"))
            Actor(
                page,
                "program",
                "The program",
                null,
                "A second app, a television, or a robot without a person. It talks to the server and the API by itself."
            );
        if (Takes(trace, hop => hop.From == "operator"))
            Actor(page, "operator", "The operator", null, "Runs the server and registers who may use it, over a socket that nobody else can open.");
        page.Close().CloseLine();
    }

    private static bool Takes(DemoTrace trace, Func<DemoHop, bool> part) =>
        trace.Chapters.Any(chapter => chapter.Steps.Any(step => step.Hops.Any(part)));

    private static void Actor(Markup page, string kind, string name, string? address, string what)
    {
        page.Open("div", $"actor {kind}").Open("dt").Text(name).Close().Open("dd").Text(what);
        if (address is not null)
            page.Element("code", address, "address");
        page.Close(2);
    }

    private static void Reading(Markup page)
    {
        page.Open("section", ("class", "reading"), ("aria-labelledby", "reading")).Open("h2", ("id", "reading")).Text("How to read it").CloseLine();
        page.Open("ul");
        page.Open("li")
            .Element("span", "✓ ok", "badge good")
            .Text(" A step that came out as it must. Open a call to see what was sent, what it means and which rules were asked.")
            .Close();
        page.Open("li")
            .Element("span", "✓ refused, as it must be", "badge refused")
            .Text(" An attack that was sent for real, and the rule that stopped it.")
            .Close();
        page.Open("li")
            .Element("span", "✗ failed", "badge bad")
            .Text(" Something came out otherwise. With one of these the demo does not end with success.")
            .Close();
        page.Open("li").Open("span").Close();
        TaggedText.Write(page, "#7f3a");
        page.Text(
                " stands for a secret. The same tag is the same value, so you can follow a code from call to call; the value itself is not in this file."
            )
            .Close();
        page.Close().CloseLine();
    }

    private static void Contents(Markup page, DemoTrace trace)
    {
        page.Open("nav", ("class", "contents"), ("aria-labelledby", "contents"))
            .Open("h2", ("id", "contents"))
            .Text("The story")
            .CloseLine()
            .Open("ol");
        foreach (var chapter in trace.Chapters)
        {
            page.Open("li").Open("a", ("href", $"#chapter-{chapter.Number}")).Text($"{chapter.Number}. {chapter.Title}").Close().Open("ul");
            foreach (var step in chapter.Steps)
            {
                page.Open("li").Element("span", step.Held ? "✓" : "✗", step.Held ? "sign good" : "sign bad");
                page.Open("a", ("href", $"#{ReportChapter.IdOf(chapter, step)}")).Text(step.Title).Close().CloseLine();
            }
            page.Close(2);
        }
        page.Open("li").Open("a", ("href", "#attacks")).Text("Every attack, and what refused it").Close(2);
        page.Open("li").Open("a", ("href", "#secrets")).Text("Every secret, and where it went").Close(2);
        page.Close().CloseLine();
    }

    private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Count(int number, string what) => number == 1 ? $"one {what}" : $"{number} {what}s";
}
