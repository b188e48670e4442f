namespace Ostiary.Cli.Demo.Report;

/// <summary>What the story amounts to, counted from the trace and from nothing else.</summary>
internal readonly record struct DemoTotals(
    int Steps,
    int StepsHeld,
    int Attacks,
    int AttacksHeld,
    int Calls,
    int RulesHeld,
    int RulesRefused,
    int Findings,
    int FindingsFailed
)
{
    public static DemoTotals Of(DemoTrace trace)
    {
        var steps = trace.Chapters.SelectMany(chapter => chapter.Steps).ToList();
        var attacks = steps.Where(step => step.MustFail).ToList();
        var hops = steps.SelectMany(step => step.Hops).ToList();
        var decisions = hops.SelectMany(hop => hop.Decisions).ToList();
        var findings = steps.SelectMany(step => step.Findings).ToList();
        return new(
            steps.Count,
            steps.Count(step => step.Held),
            attacks.Count,
            attacks.Count(step => step.Held),
            hops.Count,
            decisions.Sum(decision => decision.Rules.Count(rule => rule.Passed)),
            decisions.Count(decision => decision.Refused is not null),
            findings.Count,
            findings.Count(finding => !finding.Held)
        );
    }
}
