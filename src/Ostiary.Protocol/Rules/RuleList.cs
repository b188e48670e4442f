using System.Collections;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Protocol.Rules;

/// <summary>One rule: what must hold, why the request is refused where it does not, and the section that says so.</summary>
public interface IRule<in TRequest, in TFacts>
{
    string Text { get; }
    Reason Reason { get; }
    string Spec { get; }
    bool Holds(TRequest request, TFacts facts, DateTimeOffset now);
}

/// <summary>Rules in the order in which they are asked.</summary>
public interface IRuleList<in TRequest, in TFacts>
{
    string Name { get; }
    IEnumerable<IRule<TRequest, TFacts>> Rules { get; }
}

/// <summary>A rule as it is read by people: what must hold, why a request is refused where it does not, the section that says so.</summary>
public sealed record RuleLine(string Text, Reason Reason, string Spec);

/// <summary>A rule list without its types: for the reference, the trace and the report.</summary>
public interface IRuleReference
{
    string Name { get; }
    IReadOnlyList<RuleLine> Lines { get; }
}

/// <summary>
/// The rules of a slice as one list: the first that does not hold refuses. The same list is the decision, its record (the index of the rule that refused),
/// the trace, the reference documentation and the replay. Lists are composed: a list may contain another one at its place.
/// </summary>
public sealed class RuleList<TRequest, TFacts>(string name) : IRuleList<TRequest, TFacts>, IRuleReference, IEnumerable<IRule<TRequest, TFacts>>
{
    private readonly List<IRule<TRequest, TFacts>> _rules = [];

    // What the rules ask, without the rules around it: a call through their interface, which is variant, costs more than most of them do.
    private readonly List<Func<TRequest, TFacts, DateTimeOffset, bool>> _asked = [];

    public string Name { get; } = name;
    public IEnumerable<IRule<TRequest, TFacts>> Rules => _rules;
    public int Count => _rules.Count;
    public IReadOnlyList<RuleLine> Lines => [.. _rules.Select(rule => new RuleLine(rule.Text, rule.Reason, rule.Spec))];
    public IRule<TRequest, TFacts> this[int index] => _rules[index];

    public void Add(string text, Reason reason, string spec, Func<TRequest, TFacts, DateTimeOffset, bool> holds)
    {
        _rules.Add(new Rule(text, reason, spec, holds));
        _asked.Add(holds);
    }

    public void Add(IRuleList<TRequest, TFacts> shared)
    {
        _rules.AddRange(shared.Rules);
        _asked.AddRange(shared.Rules.Select(rule => (Func<TRequest, TFacts, DateTimeOffset, bool>)rule.Holds));
    }

    /// <summary>Asks the rules in order. Pure: no clock, no randomness, no I/O.</summary>
    public Verdict Judge(TRequest request, TFacts facts, DateTimeOffset now)
    {
        for (var i = 0; i < _asked.Count; i++)
        {
            if (!_asked[i](request, facts, now))
                return new Verdict(Name, i, _rules[i].Reason);
        }
        return new Verdict(Name, _asked.Count, null);
    }

    public IEnumerator<IRule<TRequest, TFacts>> GetEnumerator() => _rules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _rules.GetEnumerator();

    private sealed class Rule(string text, Reason reason, string spec, Func<TRequest, TFacts, DateTimeOffset, bool> holds) : IRule<TRequest, TFacts>
    {
        public string Text => text;
        public Reason Reason => reason;
        public string Spec => spec;

        public bool Holds(TRequest request, TFacts facts, DateTimeOffset now) => holds(request, facts, now);
    }
}

/// <summary>What a rule list says: how many rules passed and, where one refused, its reason. <see cref="Passed"/> is also the index of the refusing rule.</summary>
public readonly record struct Verdict(string List, int Passed, Reason? Refused)
{
    public bool Allowed => Refused is null;
}
