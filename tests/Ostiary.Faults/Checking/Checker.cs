using Ostiary.Faults.Records;

namespace Ostiary.Faults.Checking;

/// <summary>Judges a history. It knows what clients asked and were told, and nothing of the server.</summary>
internal static class Checker
{
    public static IReadOnlyList<Violation> Check(IReadOnlyList<Op> ops, Promise promise)
    {
        var found = new List<Violation>();
        var users = new UserTimes(ops);
        foreach (var family in ops.Where(op => op.Family.Length > 0).GroupBy(op => op.Family))
            found.AddRange(new FamilyRules([.. family.OrderBy(op => op.Begun)], users, promise).Check());
        found.AddRange(OnceRules.Check(ops));
        found.AddRange(ObjectRules.Check(ops, promise));
        found.AddRange(KeyRules.Check(ops, promise));
        found.AddRange(AuditRules.Check(ops));
        found.AddRange(ProcessRules.Check(ops, promise));
        return found;
    }
}
