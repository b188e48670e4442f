using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Decisions;

/// <summary>Reading what was recorded: for the command line and the admin API.</summary>
public interface IEventLog
{
    /// <summary>The newest matching decisions, at most <see cref="LogFilter.Limit"/>, oldest of them first.</summary>
    ValueTask<IReadOnlyList<LogEntry>> ListAsync(LogFilter filter, CancellationToken ct);

    /// <summary>As <see cref="ListAsync"/>, and then, where it follows, each new one until cancelled (it then ends without an exception).</summary>
    IAsyncEnumerable<LogEntry> TailAsync(LogFilter filter, bool follow, CancellationToken ct);

    /// <summary>All matching decisions from the oldest on, whatever the limit: read as they are asked for, never all at once.</summary>
    IEnumerable<LogEntry> Read(LogFilter filter, CancellationToken ct);

    /// <summary>Checks every line of every node. With keys (<see cref="Keys.KeyRing.History"/>) also the signed checkpoints.</summary>
    ValueTask<LogVerification> VerifyAsync(JsonWebKeySet? keys, CancellationToken ct);
}

/// <summary>What to show. <see cref="Act"/> matches an act and everything below it: <c>token</c> matches <c>token.refresh_token</c>.</summary>
public sealed record LogFilter
{
    public string? Client { get; init; }
    public string? Subject { get; init; }
    public string? Act { get; init; }
    public bool? Refused { get; init; }
    public Reason? Reason { get; init; }
    public string? Flow { get; init; }
    public string? Grant { get; init; }
    public DateTimeOffset? Since { get; init; }
    public int Limit { get; init; } = 100;

    internal bool Takes(DecisionRecord record)
    {
        if (Client is not null && record.ClientId != Client)
            return false;
        if (Subject is not null && record.Subject != Subject)
            return false;
        if (Act is not null && record.Act != Act && !record.Act.StartsWith(Act + ".", StringComparison.Ordinal))
            return false;
        if (Refused is { } refused && record.Refused.HasValue != refused)
            return false;
        if (Reason is not null && record.Refused != Reason)
            return false;
        if (Flow is not null && record.Flow != Flow)
            return false;
        if (Grant is not null && record.GrantId != Grant)
            return false;
        return Since is null || record.At >= Since;
    }
}

/// <summary>A recorded decision with its place in the chain of its node. <see cref="Json"/> is the line as it stands in the log.</summary>
public sealed record LogEntry(string Node, long Seq, string Hash, DecisionRecord Record, string Json);

/// <summary>The first broken line, or null and the heads of the chains.</summary>
/// <param name="Lines">Lines that hold, checkpoints included.</param>
/// <param name="Checkpoints">Checkpoints whose signature was verified.</param>
/// <param name="UnknownCheckpoints">Checkpoints signed by a key that is not known any more (revoked), so they prove nothing.</param>
public sealed record LogVerification(long Lines, long Checkpoints, long UnknownCheckpoints, IReadOnlyList<LogChainHead> Heads, LogBreak? Broken);

/// <summary>The end of a node's chain. <see cref="Unsigned"/>: how many of its last lines no verified checkpoint covers yet.</summary>
public sealed record LogChainHead(string Node, long Seq, string Hash, long Unsigned);

/// <summary>Where the log does not hold: file, line (from 1) and what is wrong.</summary>
public sealed record LogBreak(string File, long Line, string What);
