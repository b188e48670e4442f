using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Errors;

namespace Ostiary.Cli.Demo.Report;

/// <summary>A refusal as people read it: the stable code and name, the section, what had to hold, and why that matters.</summary>
internal sealed record ShownRefusal(string By, string Code, string Name, string Spec, string? Rule, string Why)
{
    public static ShownRefusal Of(DemoDecision decision, Reason reason)
    {
        var refusal = Refusal.For(reason);
        var rule = RefusingRule(decision, reason);
        return new(
            decision.By,
            Refusal.CodeOf(reason),
            Refusal.NameOf(reason),
            rule is { Spec.Length: > 0 } ? rule.Spec : refusal.Spec,
            rule?.Text,
            WhatHappened(reason) ?? refusal.Text
        );
    }

    public static IEnumerable<ShownRefusal> In(DemoHop hop) =>
        from decision in hop.Decisions
        where decision.Refused is not null
        select Of(decision, decision.Refused!.Value);

    public static IEnumerable<ShownRefusal> In(DemoStep step) => step.Hops.SelectMany(In);

    /// <summary>The last rule that was asked is the one that refused. A refusal that no rule list made (a lost race) has none.</summary>
    private static CheckedRule? RefusingRule(DemoDecision decision, Reason reason) =>
        decision.Rules.LastOrDefault(rule => !rule.Passed && rule.Reason == reason) ?? decision.Rules.LastOrDefault(rule => !rule.Passed);

    /// <summary>The first paragraph of the code's own page.</summary>
    private static string? WhatHappened(Reason reason)
    {
        const string Heading = "## What happened";
        var page = ErrorPages.Markdown(reason);
        var start = page?.IndexOf(Heading, StringComparison.Ordinal) ?? -1;
        if (start < 0)
            return null;
        var text = page!.AsSpan(start + Heading.Length).Trim();
        var end = text.IndexOf("\n\n");
        return (end < 0 ? text : text[..end]).ToString().ReplaceLineEndings(" ").Replace("`", "", StringComparison.Ordinal);
    }
}
