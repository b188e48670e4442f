namespace Ostiary.Server.Hosting;

/// <summary>
/// The time by which what is over may be forgotten. It follows the clock, except where that runs ahead of the time that has really passed: a clock that is
/// set forward by mistake, and back again later, must not have made the server forget a revocation. After a day it believes the clock.
/// </summary>
internal sealed class SteadyClock(TimeProvider time)
{
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Doubt = TimeSpan.FromDays(1);
    private DateTimeOffset _at = time.GetUtcNow();
    private long _stamp = time.GetTimestamp();
    private TimeSpan _ahead;

    public DateTimeOffset Now()
    {
        var (now, stamp) = (time.GetUtcNow(), time.GetTimestamp());
        var passed = time.GetElapsedTime(_stamp, stamp);
        _stamp = stamp;
        var isAhead = now > _at + passed + Slack;
        _ahead = isAhead ? _ahead + passed : TimeSpan.Zero;
        return _at = isAhead && _ahead < Doubt ? _at + passed : now;
    }
}
