using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Ostiary.AspNetCore.Observation;
using Ostiary.Cli.Demo;
using Ostiary.Cli.Demo.Report;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Program.Tests.Demo;

public sealed partial class DemoReportTests
{
    private const string Hostile = "</code></style><script>alert('1')</script>\"&amp;\0\u0007\ud800\uffff\u202e<img src=x onerror=alert(1)>";
    private static readonly XNamespace Html = "http://www.w3.org/1999/xhtml";

    [Fact]
    public void The_report_is_well_formed_and_every_link_inside_it_has_a_target()
    {
        var page = Parse(Write(SampleTrace.Create()));
        var ids = page.Descendants().Attributes("id").Select(id => id.Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        var inner = page.Descendants().Attributes("href").Select(href => href.Value).Where(href => href.StartsWith('#')).ToList();
        Assert.NotEmpty(inner);
        Assert.All(inner, href => Assert.Contains(href[1..], ids));
        var labels = page.Descendants().Attributes("aria-labelledby").SelectMany(label => label.Value.Split(' '));
        Assert.All(labels, label => Assert.Contains(label, ids));
    }

    [Fact]
    public void The_policy_allows_the_one_stylesheet_and_nothing_else()
    {
        var page = Parse(Write(SampleTrace.Create()));
        var style = Assert.Single(page.Descendants(Html + "style")).Value;
        var policy = page.Descendants(Html + "meta")
            .Single(meta => (string?)meta.Attribute("http-equiv") == "Content-Security-Policy")
            .Attribute("content")!
            .Value;
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        Assert.StartsWith($"default-src 'none'; style-src 'sha256-{hash}';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName == "style");
    }

    [Fact]
    public void Nothing_is_loaded_and_nothing_runs()
    {
        var page = Parse(Write(SampleTrace.Create()));
        string[] loading = ["script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use", "video", "audio"];
        Assert.DoesNotContain(page.Descendants(), element => loading.Contains(element.Name.LocalName));
        Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName is "src" or "srcset" or "action");
        Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        var style = page.Descendants(Html + "style").Single().Value;
        Assert.DoesNotContain("url(", style, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", style, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Hostile_values_are_shown_and_not_obeyed()
    {
        var html = Write(HostileTrace());
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
        var page = Parse(html);
        Assert.Contains(
            page.Descendants(Html + "code"),
            code => code.Value.Contains("<script>alert('1')</script>\"&amp;\\u0000\\u0007\ufffd\ufffd\\u202e", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(page.Descendants().Attributes("href"), href => href.Value.Contains("javascript:", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void The_figures_are_those_of_the_trace()
    {
        var page = Parse(Write(SampleTrace.Create()));
        var figures = page.Descendants(Html + "dl")
            .First()
            .Elements(Html + "div")
            .ToDictionary(div => div.Element(Html + "dt")!.Value, div => div.Element(Html + "dd")!.Value);
        Assert.Equal("8 of 8", figures["steps held"]);
        Assert.Equal("3 of 3", figures["attacks refused"]);
        Assert.Equal("10", figures["real calls"]);
        Assert.Equal("29", figures["rules that held"]);
        Assert.Equal("4", figures["refusals"]);
        Assert.Equal(10, page.Descendants(Html + "details").Count(details => (string?)details.Attribute("class") == "call"));
    }

    [Fact]
    public void Every_attack_stands_in_the_last_table_with_its_rule_and_section()
    {
        var page = Parse(Write(SampleTrace.Create()));
        var rows = page.Descendants(Html + "table")
            .Single(table => ((string?)table.Attribute("class"))?.Contains("attacks", StringComparison.Ordinal) == true)
            .Descendants(Html + "tbody")
            .Single()
            .Elements(Html + "tr")
            .Select(row => row.Value)
            .ToList();
        Assert.Equal(4, rows.Count);
        Assert.Contains(
            rows,
            row =>
                row.Contains("OST2014 code-replayed", StringComparison.Ordinal)
                && row.Contains("the code was not used before", StringComparison.Ordinal)
                && row.Contains("OAuth 2.1 §4.1.3", StringComparison.Ordinal)
        );
        Assert.Contains(rows, row => row.Contains("OST1012 redirect-uri-mismatch", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.Contains("OST6001 bearer-missing", StringComparison.Ordinal));
    }

    [Fact]
    public void A_step_that_failed_is_said_at_the_top()
    {
        var trace = SampleTrace.Create();
        trace.Chapters[1].Steps[0].Findings.Add(new DemoFinding("the API answers with two notes", false, "it answered with three"));
        var page = Parse(Write(trace));
        Assert.Equal("1 of 8 steps failed", page.Descendants(Html + "h1").Single().Value);
        Assert.Contains(
            page.Descendants(Html + "div"),
            div => (string?)div.Attribute("role") == "alert" && div.Value.Contains("the API answers with two notes", StringComparison.Ordinal)
        );
        Assert.Contains("seen: it answered with three", page.Root!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_parameter_of_the_story_is_explained()
    {
        var names = SampleTrace
            .Create()
            .Chapters.SelectMany(chapter => chapter.Steps)
            .SelectMany(step => step.Hops)
            .SelectMany(hop => hop.Sent.Concat(hop.Answer))
            .Select(value => value.Name)
            .Distinct();
        Assert.All(names, name => Assert.False(string.IsNullOrEmpty(Glossary.MeaningOf(name)), name));
    }

    [Fact]
    public void The_story_without_calls_is_a_report_too()
    {
        var trace = Empty();
        trace.Chapters.Add(new DemoChapter(1, "Nothing", "Nothing happened."));
        Parse(Write(trace));
    }

    [Fact]
    public void The_json_report_holds_everything_and_counts_the_same()
    {
        var trace = SampleTrace.Create();
        using var stream = new MemoryStream();
        DemoJsonReport.Write(trace, stream);
        using var json = JsonDocument.Parse(stream.ToArray());
        var root = json.RootElement;
        Assert.Equal("ostiary.demo/1", root.GetProperty("schema").GetString());
        Assert.True(root.GetProperty("held").GetBoolean());
        var steps = root.GetProperty("chapters").EnumerateArray().SelectMany(chapter => chapter.GetProperty("steps").EnumerateArray()).ToList();
        var hops = steps.SelectMany(step => step.GetProperty("hops").EnumerateArray()).ToList();
        var totals = root.GetProperty("totals");
        Assert.Equal(totals.GetProperty("steps").GetInt32(), steps.Count);
        Assert.Equal(totals.GetProperty("calls").GetInt32(), hops.Count);
        Assert.Equal(totals.GetProperty("attacks").GetInt32(), steps.Count(step => step.GetProperty("must_fail").GetBoolean()));
        Assert.Equal(
            totals.GetProperty("rules_held").GetInt32(),
            hops.SelectMany(hop => hop.GetProperty("decisions").EnumerateArray())
                .Sum(decision => decision.GetProperty("rules").EnumerateArray().Count(rule => rule.GetProperty("passed").GetBoolean()))
        );
        var refused = hops.SelectMany(hop => hop.GetProperty("decisions").EnumerateArray())
            .First(decision => decision.TryGetProperty("refused", out var to) && to.GetProperty("code").GetString() == "OST2014")
            .GetProperty("refused");
        Assert.Equal("code-replayed", refused.GetProperty("name").GetString());
        Assert.Equal("the code was not used before", refused.GetProperty("rule").GetString());
        Assert.Matches(SnakeCase(), string.Join(' ', Names(root).Distinct()));
    }

    [Fact]
    public void The_json_report_takes_hostile_values()
    {
        using var stream = new MemoryStream();
        DemoJsonReport.Write(HostileTrace(), stream);
        using var json = JsonDocument.Parse(stream.ToArray());
        Assert.Equal(1, json.RootElement.GetProperty("totals").GetProperty("calls").GetInt32());
    }

    private static IEnumerable<string> Names(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Names(member.Value).Prepend(member.Name)),
            JsonValueKind.Array => element.EnumerateArray().SelectMany(Names),
            _ => [],
        };

    private static string Write(DemoTrace trace)
    {
        using var stream = new MemoryStream();
        DemoHtmlReport.Write(trace, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static XDocument Parse(string html)
    {
        using var reader = XmlReader.Create(new StringReader(html), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
    }

    private static DemoTrace Empty() =>
        new()
        {
            StartedAt = DateTimeOffset.UnixEpoch,
            Version = Hostile,
            Issuer = Hostile,
            Api = Hostile,
            Web = Hostile,
        };

    private static DemoTrace HostileTrace()
    {
        var trace = Empty();
        var chapter = new DemoChapter(1, Hostile, Hostile);
        var step = new DemoStep(1, Hostile, Hostile) { MustFail = true };
        step.Hops.Add(
            new DemoHop
            {
                From = Hostile,
                To = Hostile,
                Method = Hostile,
                Url = $"javascript:{Hostile}",
                Status = -1,
                Milliseconds = double.NaN,
                Flow = Hostile,
                Sent = [new(Hostile, Hostile)],
                Answer = [new(Hostile, Hostile)],
                Decisions =
                [
                    new DemoDecision(
                        Hostile,
                        Hostile,
                        [new CheckedRule(Hostile, $"RFC {Hostile} §1", Reason.CodeReplayed, false)],
                        Reason.CodeReplayed,
                        Hostile
                    ),
                ],
            }
        );
        step.Findings.Add(new DemoFinding(Hostile, false, Hostile));
        chapter.Steps.Add(step);
        trace.Chapters.Add(chapter);
        return trace;
    }

    [GeneratedRegex("^[a-z_ ]+$")]
    private static partial Regex SnakeCase();
}
