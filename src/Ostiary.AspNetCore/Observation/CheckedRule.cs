using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Observation;

/// <summary>One rule that was asked, for people who look on: what must hold, the section that says so, and whether it held.</summary>
public sealed record CheckedRule(string Text, string Spec, Reason Reason, bool Passed)
{
    /// <summary>The rules that were asked: all that passed, and the one that refused.</summary>
    internal static IReadOnlyList<CheckedRule> Of<TRequest, TFacts>(RuleList<TRequest, TFacts> list, Verdict verdict)
    {
        var asked = new List<CheckedRule>(verdict.Passed + 1);
        for (var i = 0; i < list.Count && i <= verdict.Passed; i++)
            asked.Add(new CheckedRule(list[i].Text, list[i].Spec, list[i].Reason, i < verdict.Passed));
        return asked;
    }
}

/// <summary>A named value as it may be shown: secrets are replaced by their tag before they get here.</summary>
public readonly record struct ShownValue(string Name, string Value);
