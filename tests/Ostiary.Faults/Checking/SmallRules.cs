using System.Globalization;
using Ostiary.Faults.Records;

namespace Ostiary.Faults.Checking;

/// <summary>One-time ids: one 200 in the whole history, and a refusal only where somebody was before.</summary>
internal static class OnceRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Op> ops)
    {
        foreach (var uses in ops.Where(op => op.Act == Act.Assert).GroupBy(op => op.Item))
        {
            var honoured = uses.Where(op => op.Outcome == Outcome.Ok).ToArray();
            if (honoured.Length > 1)
                yield return new("I2", "an assertion was honoured more than once", honoured);
            foreach (var refused in uses.Where(op => op is { Outcome: Outcome.Refused, Code: "OST3019" }))
                if (!uses.Any(op => op.Number != refused.Number && op.MayHaveHappened && op.Begun < refused.Ended))
                    yield return new("I9", "an assertion is refused as used although nobody used it", refused);
        }
    }
}

/// <summary>Objects of administration: what was acknowledged is there, what was deleted is gone.</summary>
internal static class ObjectRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Op> ops, Promise promise)
    {
        foreach (var item in ops.Where(op => op.Act is Act.Create or Act.Delete or Act.Read).GroupBy(op => op.Item))
        foreach (var read in item.Where(op => op is { Act: Act.Read, Outcome: Outcome.Ok or Outcome.Refused }))
        {
            var created = item.FirstOrDefault(op => op is { Act: Act.Create, Outcome: Outcome.Ok } && op.Ended + promise.Delay < read.Begun);
            var deleted = item.FirstOrDefault(op => op is { Act: Act.Delete, Outcome: Outcome.Ok } && op.Ended + promise.Delay < read.Begun);
            var perhapsDeleted = item.Any(op => op.Act == Act.Delete && op.MayHaveHappened && op.Begun < read.Ended);
            if (read.Outcome == Outcome.Ok && deleted is not null)
                yield return new("I5", "what was deleted is there", deleted, read);
            if (read.Outcome == Outcome.Refused && created is not null && !perhapsDeleted)
                yield return new("I5", "what was created is not there", created, read);
        }
    }
}

/// <summary>The event log: one record for every token that was given out, and a chain without a gap.</summary>
internal static class AuditRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Op> ops)
    {
        if (ops.LastOrDefault(op => op is { Act: Act.ReadEvents, Outcome: Outcome.Ok }) is not { } events)
            yield break;
        if (events.Active == false)
            yield return new("I7", "the event log does not verify", events);
        var recorded = events.Text.Split(' ').CountBy(id => id, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        foreach (var op in ops.Where(op => op.Outcome == Outcome.Ok && op.Access.Length > 0 && op.Ended < events.Begun))
            if (recorded.GetValueOrDefault(Claims.Of(op.Access).Id) is not 1 and var times)
                yield return new("I7", $"a token has {times} records", op);
    }
}

/// <summary>Starts and what the process holds.</summary>
internal static class ProcessRules
{
    private const int SpareDescriptors = 40;
    private const int SpareThreads = 25;

    public static IEnumerable<Violation> Check(IReadOnlyList<Op> ops, Promise promise)
    {
        foreach (var start in ops.Where(op => op.Act == Act.Start))
        {
            if (start.Outcome != Outcome.Ok)
                yield return new("I13", "the server did not start: " + start.Text, start);
            else if (start.Ended - start.Begun > promise.Start)
                yield return new("I13", string.Create(CultureInfo.InvariantCulture, $"a start took {start.Ended - start.Begun:0} ms"), start);
        }
        foreach (var process in ops.Where(op => op is { Act: Act.Measure, Outcome: Outcome.Ok }).GroupBy(op => op.Item))
        {
            var (first, last) = (process.First(), process.Last());
            if (last.Number1 > first.Number1 + SpareDescriptors)
                yield return new("I14", $"descriptors grew from {first.Number1} to {last.Number1}", first, last);
            if (last.Number2 > first.Number2 + SpareThreads)
                yield return new("I14", $"threads grew from {first.Number2} to {last.Number2}", first, last);
        }
    }
}
