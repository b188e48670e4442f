using System.CommandLine;
using System.Globalization;
using Ostiary.Cli.Demo;
using Ostiary.Cli.Demo.Report;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary demo</c>: the whole authorization story against real programs on loopback, with a report.</summary>
internal static class DemoCommand
{
    private static readonly Option<bool> Once = new("--once") { Description = "End after the story instead of serving on" };
    private static readonly Option<int?> Port = new("--port")
    {
        Description = "First of four ports (default 9400; with --once free ones)",
        HelpName = "PORT",
    };
    private static readonly Option<string?> Report = new("--report")
    {
        Description = "Where report.html and report.json go (default demo-report)",
        HelpName = "DIR",
    };
    private static readonly Option<bool> Tls = new("--tls") { Description = "The same story over TLS, with a throw-away authority" };
    private static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "Show every parameter that was sent and answered" };

    public static Verb Create() =>
        new Verb("demo", "Run the whole authorization story against itself and report it", RunAsync)
        {
            EndsWhenStopped = true,
            Examples = ["ostiary demo", "ostiary demo --once --tls --report out"],
        }.With(Once, Port, Report, Tls, Verbose);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var once = invocation.Value(Once);
        var tls = invocation.Value(Tls);
        var places = DemoPlaces.From(invocation.Value(Port) ?? (once ? null : 9400), tls);
        var begun = TimeProvider.System.GetTimestamp();
        var trace = new DemoTrace
        {
            StartedAt = TimeProvider.System.GetUtcNow(),
            Version = VersionCommand.Number,
            Issuer = places.Issuer,
            Api = places.Api,
            Web = places.Web,
            Tls = tls,
        };
        var terminal = new DemoTerminal(invocation.Terminal, invocation.Value(Verbose));
        terminal.Opening(trace);
        await using var stage = await DemoStage.StartServerAsync(places, tls, invocation.Stop);
        await DemoStory.TellAsync(stage, new DemoScript(stage, trace, terminal, invocation.Stop));
        trace.Duration = TimeProvider.System.GetElapsedTime(begun);
        var reports = Write(trace, invocation.Value(Report) ?? "demo-report");
        terminal.Closing(
            trace,
            reports,
            once ? [] : [("App", places.Web), ("Sign in as", $"{DemoForms.Username} / {stage.Password}"), ("Server", places.Issuer)]
        );
        if (!once)
            await Task.Delay(Timeout.Infinite, invocation.Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Failure(trace, reports[0]) is { } failure ? throw new CliException(failure) : ExitCode.Done;
    }

    /// <summary>Null: every step held.</summary>
    internal static CliError? Failure(DemoTrace trace, string report)
    {
        var failed = trace.Chapters.SelectMany(chapter => chapter.Steps).Where(step => !step.Held).ToList();
        if (failed.Count == 0)
            return null;
        var message = failed.Count == 1 ? "A step of the demo did not hold." : $"{failed.Count} steps of the demo did not hold.";
        return new(Reason.DemoFailed, message)
        {
            Details =
            [
                .. failed.Select(step => $"{step.Number}  {step.Title}: {string.Join("; ", step.Findings.Where(f => !f.Held).Select(f => f.Text))}"),
            ],
            Try = $"read the failed step in {report}, then: ostiary doctor",
        };
    }

    private static string[] Write(DemoTrace trace, string directory)
    {
        Directory.CreateDirectory(directory);
        var html = Path.Combine(directory, "report.html");
        var json = Path.Combine(directory, "report.json");
        using (var file = File.Create(html))
            DemoHtmlReport.Write(trace, file);
        using (var file = File.Create(json))
            DemoJsonReport.Write(trace, file);
        return [html, json];
    }
}
