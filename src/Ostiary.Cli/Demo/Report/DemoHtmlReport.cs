using System.Security.Cryptography;
using System.Text;

namespace Ostiary.Cli.Demo.Report;

/// <summary><c>report.html</c>: one file, no script, nothing loaded from anywhere; worth reading by somebody who has never seen OAuth.</summary>
internal static class DemoHtmlReport
{
    public static void Write(DemoTrace trace, Stream to)
    {
        using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        Write(trace, text);
    }

    public static void Write(DemoTrace trace, TextWriter to)
    {
        var page = new Markup(to);
        page.Constant("<!DOCTYPE html>\n").Open("html", ("lang", "en"), ("xmlns", "http://www.w3.org/1999/xhtml"));
        Head(page, trace);
        page.Open("body");
        page.Open("a", ("class", "skip"), ("href", "#story")).Text("Skip to the story").CloseLine();
        ReportOpening.Write(page, trace);
        page.Open("main", ("id", "story"));
        foreach (var chapter in trace.Chapters)
            ReportChapter.Write(page, chapter);
        ReportEnd.Write(page, trace);
        page.CloseLine();
        Foot(page, trace);
        page.Close(2).Constant("\n");
    }

    private static void Head(Markup page, DemoTrace trace)
    {
        var style = Resource("demo/report.css");
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        page.Open("head").Void("meta", ("charset", "utf-8"));
        page.Void(
            "meta",
            ("http-equiv", "Content-Security-Policy"),
            ("content", $"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
        );
        page.Void("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        page.Void("meta", ("name", "referrer"), ("content", "no-referrer"));
        page.Void("meta", ("name", "color-scheme"), ("content", "light dark"));
        page.Element("title", trace.Held ? "ostiary demo: every step held" : "ostiary demo: steps FAILED");
        page.Constant("<style>").Constant(style).Constant("</style>").CloseLine();
    }

    private static void Foot(Markup page, DemoTrace trace)
    {
        page.Open("footer").Open("p");
        page.Text("Written by ").Element("code", "ostiary demo").Text($" {trace.Version}. The same, for programs: ").Element("code", "report.json");
        page.Text(". To learn what a code means: ").Element("code", "ostiary explain OST2014").Text(".");
        page.Close().CloseLine();
    }

    internal static string Resource(string name)
    {
        using var stream = typeof(DemoHtmlReport).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
