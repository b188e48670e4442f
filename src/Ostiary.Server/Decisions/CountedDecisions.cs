using System.Collections.Concurrent;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Decisions;

/// <summary>Counts decisions by act and reason on their way to the log. Both are closed sets, so the counters are bounded.</summary>
public sealed class CountedDecisions(IDecisionLog log) : IDecisionLog
{
    private readonly ConcurrentDictionary<(string Act, Reason? Refused), Counter> _counters = new();

    public IEnumerable<(string Act, Reason? Refused, long Count)> Counts =>
        _counters.Select(c => (c.Key.Act, c.Key.Refused, Volatile.Read(ref c.Value.Value)));

    public void Reserve() => log.Reserve();

    public void Record(DecisionRecord record)
    {
        log.Record(record);
        Interlocked.Increment(ref _counters.GetOrAdd((record.Act, record.Refused), static _ => new Counter()).Value);
    }

    private sealed class Counter
    {
        public long Value;
    }
}
