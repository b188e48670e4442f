using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ostiary.Program.Tests.Cli;

namespace Ostiary.Program.Tests.Demo;

/// <summary>The whole demo, as a person runs it.</summary>
[Trait("Speed", "Slow")]
public sealed partial class DemoRunTests
{
    // csharpier-ignore
    private static readonly string[] Names =
        ["code", "code_verifier", "client_secret", "access_token", "refresh_token", "id_token", "id_token_hint", "token", "password", "csrf"];

    [Theory, InlineData(false), InlineData(true)]
    public async Task Every_step_holds_every_refusal_has_its_reason_and_no_secret_is_shown(bool tls)
    {
        var directory = Directory.CreateTempSubdirectory("ostiary-demo-test-");
        try
        {
            string[] arguments = ["demo", "--once", "--verbose", "--report", directory.FullName];
            var run = await Cli.Program.RunAsync(tls ? [.. arguments, "--tls"] : arguments);
            Assert.True(run.Exit == 0, run.Output + run.Error);

            var json = await File.ReadAllTextAsync(Path.Combine(directory.FullName, "report.json"), TestContext.Current.CancellationToken);
            using var report = JsonDocument.Parse(json);
            EverythingHolds(report.RootElement, tls);

            var html = await File.ReadAllTextAsync(Path.Combine(directory.FullName, "report.html"), TestContext.Current.CancellationToken);
            HasNoScript(html);

            foreach (var text in new[] { run.Output, run.Error, json, html })
                Assert.DoesNotMatch(Secret(), text);
            foreach (var nonce in Nonce().Matches(json).Select(match => match.Groups[1].Value))
                Assert.Matches("^#[0-9a-f]{4}$", nonce);
            Assert.NotEmpty(Nonce().Matches(json));
            Assert.Equal(["report.html", "report.json"], directory.EnumerateFileSystemInfos().Select(f => f.Name).Order());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static void EverythingHolds(JsonElement report, bool tls)
    {
        Assert.True(report.GetProperty("held").GetBoolean());
        Assert.Equal(tls, report.GetProperty("tls").GetBoolean());
        Assert.StartsWith(tls ? "https://" : "http://", report.GetProperty("issuer").GetString(), StringComparison.Ordinal);
        var totals = report.GetProperty("totals");
        Assert.Equal(totals.GetProperty("steps").GetInt32(), totals.GetProperty("steps_held").GetInt32());
        Assert.Equal(totals.GetProperty("attacks").GetInt32(), totals.GetProperty("attacks_held").GetInt32());
        Assert.Equal(0, totals.GetProperty("findings_failed").GetInt32());
        Assert.True(totals.GetProperty("steps").GetInt32() >= 15);
        Assert.True(totals.GetProperty("attacks").GetInt32() >= 5);

        var steps = report.GetProperty("chapters").EnumerateArray().SelectMany(chapter => chapter.GetProperty("steps").EnumerateArray()).ToList();
        Assert.All(steps, step => Assert.True(step.GetProperty("held").GetBoolean(), step.GetProperty("title").GetString()));
        Assert.All(steps.SelectMany(SecretsOf), shown => Assert.Matches("^#[0-9a-f]{4}( |$)", shown));
        Assert.NotEmpty(steps.SelectMany(SecretsOf));
        foreach (var step in steps.Where(step => step.GetProperty("must_fail").GetBoolean()))
            Assert.True(RefusalsOf(step).Any() || NamesReason(step), $"«{step.GetProperty("title")}» shows no refusal");
        foreach (var refusal in steps.SelectMany(RefusalsOf))
        {
            Assert.Matches("^OST[0-9]{4}$", refusal.GetProperty("code").GetString());
            Assert.Matches("^[a-z0-9-]+$", refusal.GetProperty("name").GetString());
            Assert.NotEqual("", refusal.GetProperty("spec").GetString());
            Assert.NotEqual("", refusal.GetProperty("why").GetString());
        }
    }

    /// <summary>A program that does not start says why where no rule was asked.</summary>
    private static bool NamesReason(JsonElement step) =>
        step.GetProperty("findings")
            .EnumerateArray()
            .Any(finding => finding.GetProperty("text").GetString()!.Contains("OST", StringComparison.Ordinal));

    /// <summary>How the values are shown that are random in every run, the password among them.</summary>
    private static IEnumerable<string> SecretsOf(JsonElement step) =>
        step.GetProperty("hops")
            .EnumerateArray()
            .SelectMany(hop => hop.GetProperty("sent").EnumerateArray().Concat(hop.GetProperty("answer").EnumerateArray()))
            .Where(shown => Names.Contains(shown.GetProperty("name").GetString()))
            .Select(shown => shown.GetProperty("value").GetString()!);

    private static IEnumerable<JsonElement> RefusalsOf(JsonElement step) =>
        step.GetProperty("hops")
            .EnumerateArray()
            .SelectMany(hop => hop.GetProperty("decisions").EnumerateArray())
            .Where(decision => !decision.GetProperty("allowed").GetBoolean())
            .Select(decision => decision.GetProperty("refused"));

    private static void HasNoScript(string html)
    {
        var page = XDocument.Parse(html["<!doctype html>".Length..]);
        Assert.StartsWith("<!doctype html>", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName is "script" or "iframe" or "link" or "object" or "embed");
        Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        Assert.DoesNotContain(
            page.Descendants().Attributes(),
            attribute => attribute.Value.StartsWith("javascript:", StringComparison.OrdinalIgnoreCase)
        );
    }

    /// <summary>Credentials of the server by their beginnings, a signed token by its three parts. Other secrets are random and are told by their names.</summary>
    [GeneratedRegex("ost_(rt|ac|at|cs|key)_[A-Za-z0-9_-]{4}|eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+")]
    private static partial Regex Secret();

    [GeneratedRegex("\\\\u0022nonce\\\\u0022:\\\\u0022(.*?)\\\\u0022")]
    private static partial Regex Nonce();
}
