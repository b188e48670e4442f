namespace Ostiary.Server.Stores;

/// <summary>Stores keep times in whole milliseconds, cut and never rounded up, so that every engine draws an expiry at the same instant.</summary>
public static class StoreTime
{
    /// <summary>How long the end of a grant or session stays in the change feed until the server has said how long: <see cref="IChangeFeed.Retention"/>.</summary>
    public static readonly TimeSpan EndIsKept = TimeSpan.FromDays(1);

    public static long ToUnix(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static long? ToUnix(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();

    public static DateTimeOffset FromUnix(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset Cut(DateTimeOffset time) => FromUnix(ToUnix(time));

    public static DateTimeOffset? Cut(DateTimeOffset? time) => time is { } value ? Cut(value) : null;
}
