using Ostiary.Cli.Commands;
using Ostiary.Cli.Demo;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Program.Tests.Demo;

public sealed class DemoFailureTests
{
    [Fact]
    public void A_step_that_did_not_hold_makes_the_demo_fail_and_is_named()
    {
        var trace = SampleTrace.Create();
        foreach (var step in trace.Chapters.SelectMany(chapter => chapter.Steps))
            step.Findings.RemoveAll(finding => !finding.Held);
        Assert.Null(DemoCommand.Failure(trace, "report.html"));
        var broken = trace.Chapters[^1].Steps[^1];
        broken.Findings.Add(new DemoFinding("the answer is 400", false, "200"));

        var failure = DemoCommand.Failure(trace, "report.html")!;

        Assert.Equal((Reason.DemoFailed, 1), (failure.Reason, failure.ExitCode));
        Assert.Equal($"{broken.Number}  {broken.Title}: the answer is 400", Assert.Single(failure.Details));
        Assert.Contains("report.html", failure.Try, StringComparison.Ordinal);
    }
}
