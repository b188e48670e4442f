using System.Reflection;
using System.Text.RegularExpressions;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.Server.Tests.House;

public sealed partial class ReasonTests
{
    private static readonly Reason[] All = Enum.GetValues<Reason>();
    private static readonly HashSet<string> Named =
    [
        .. SourceTree.Tests.Where(f => !f.Path.Contains("/House/", StringComparison.Ordinal)).SelectMany(NamesIn),
    ];

    [Fact]
    public void Every_reason_is_provoked_by_a_test()
    {
        var silent = All.Where(r => !IsProvoked(r) && !Debt.Reasons.Contains(r)).ToList();

        Assert.True(silent.Count == 0, "No test names them: " + string.Join(", ", silent.Select(r => $"{r} ({Refusal.CodeOf(r)})")));
    }

    [Fact]
    public void The_debt_is_only_what_is_owed()
    {
        var paid = Debt.Reasons.Where(IsProvoked).ToList();

        Assert.True(paid.Count == 0, "Strike from the list of reasons without a test: " + string.Join(", ", paid));
    }

    [Fact]
    public void Every_row_says_something_that_may_leave_the_house()
    {
        foreach (var reason in All)
        {
            var refusal = Refusal.For(reason);
            Assert.Matches("^[ !#-\\[\\]-~]+[.]$", refusal.Text); // RFC 6749 §5.2: printable ASCII without quotation mark and backslash
            Assert.True(refusal.Spec.Length == 0 || SpecIndexTests.Citation().Match(refusal.Spec).Value == refusal.Spec, $"{reason}: {refusal.Spec}");
            Assert.True(refusal.Status is >= 400 and <= 599 or 200 or (>= 1 and <= 130), $"{reason}: {refusal.Status}");
        }
    }

    [Fact]
    public void Every_rule_has_a_reason_a_text_and_a_section()
    {
        var lists = RuleLists().ToList();
        Assert.True(lists.Count >= 10, $"only {lists.Count} rule lists found");
        foreach (var (name, rules) in lists)
        {
            Assert.Equal(rules.Count, rules.Select(r => r.Text).Distinct().Count());
            foreach (var (text, reason, spec) in rules)
            {
                Assert.True(text.Length is > 5 and < 100 && !text.EndsWith('.'), $"{name}: {text}");
                Assert.True(SpecIndexTests.Citation().Match(spec).Value == spec || spec == Refusal.For(reason).Spec, $"{name}, {reason}: '{spec}'");
                Assert.True(rules.Count(r => r.Reason == reason) <= 2, $"{name}: {reason} says too many things");
            }
        }
    }

    [Fact]
    public void The_names_of_rule_lists_are_unique()
    {
        var names = RuleLists().Select(l => l.Name).ToList();

        Assert.Equal(names.Count, names.Distinct().Count());
    }

    private static bool IsProvoked(Reason reason) => Named.Contains(reason.ToString()) || Named.Contains(Refusal.CodeOf(reason));

    private static IEnumerable<string> NamesIn((string Path, string Text) file) =>
        Mention().Matches(file.Text).Select(m => m.Groups[1].Value + m.Groups[2].Value);

    private static IEnumerable<(string Name, List<(string Text, Reason Reason, string Spec)> Rules)> RuleLists()
    {
        const BindingFlags flags = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        foreach (var field in typeof(Issuer).Assembly.GetTypes().Where(t => !t.ContainsGenericParameters).SelectMany(t => t.GetFields(flags)))
        {
            if (!field.FieldType.IsGenericType || field.FieldType.GetGenericTypeDefinition() != typeof(RuleList<,>))
                continue;
            dynamic list = new Reader(field.GetValue(null)!);
            yield return (list.Name, list.Rules);
        }
    }

    /// <summary>Reads a rule list of any request and facts.</summary>
    private sealed class Reader(object list)
    {
        public string Name { get; } = (string)list.GetType().GetProperty("Name")!.GetValue(list)!;

        public List<(string, Reason, string)> Rules { get; } =
        [
            .. ((System.Collections.IEnumerable)list.GetType().GetProperty("Rules")!.GetValue(list)!)
                .Cast<object>()
                .Select(rule => (Get<string>(rule, "Text"), Get<Reason>(rule, "Reason"), Get<string>(rule, "Spec"))),
        ];

        private static T Get<T>(object rule, string name) => (T)rule.GetType().GetProperty(name)!.GetValue(rule)!;
    }

    [GeneratedRegex(@"Reason\.([A-Z][A-Za-z]+)|(OST\d{4})")]
    private static partial Regex Mention();
}
