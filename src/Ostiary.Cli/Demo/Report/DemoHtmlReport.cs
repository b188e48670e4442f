using System.Text;

namespace Ostiary.Cli.Demo.Report;

/// <summary><c>report.html</c>: one file, no script, nothing loaded from anywhere.</summary>
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
        to.Write("<!DOCTYPE html>\n");
        page.Open("html", ("lang", "en"), ("xmlns", "http://www.w3.org/1999/xhtml"));
        page.Open("head").Element("title", "ostiary demo").Close();
        page.Open("body").Element("h1", trace.Held ? "Every step held" : "Some steps failed").Close(2);
    }
}
