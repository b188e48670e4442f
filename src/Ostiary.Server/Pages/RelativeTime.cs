using System.Globalization;

namespace Ostiary.Server.Pages;

/// <summary>Moments as people say them, with the exact one beside it for machines.</summary>
internal static class RelativeTime
{
    public static Html Ago(Catalogue texts, DateTimeOffset at, DateTimeOffset now)
    {
        var exact = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return Html.Of($"""<time datetime="{exact}" title="{exact}">{Words(texts, now - at)}</time>""");
    }

    public static string Wait(Catalogue texts, TimeSpan wait)
    {
        var seconds = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));
        return seconds < 60 ? texts.Count("wait.seconds", seconds) : texts.Count("wait.minutes", (seconds + 59) / 60);
    }

    private static string Words(Catalogue texts, TimeSpan age) =>
        age switch
        {
            { TotalMinutes: < 1 } => texts["time.now"],
            { TotalHours: < 1 } => texts.Count("time.minutes", (long)age.TotalMinutes),
            { TotalDays: < 1 } => texts.Count("time.hours", (long)age.TotalHours),
            _ => texts.Count("time.days", (long)age.TotalDays),
        };
}
