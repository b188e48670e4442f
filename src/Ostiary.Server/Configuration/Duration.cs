using System.Globalization;

namespace Ostiary.Server.Configuration;

/// <summary>Durations as people write them: a whole number and a unit, <c>30s</c>, <c>10m</c>, <c>12h</c>, <c>14d</c>.</summary>
public static class Duration
{
    private static readonly (char Unit, long Seconds)[] Units = [('d', 86400), ('h', 3600), ('m', 60), ('s', 1)];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (
            text.Length is < 2 or > 10
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        )
            return false;
        var seconds = Array.Find(Units, unit => unit.Unit == text[^1]).Seconds;
        if (seconds == 0 || count > 100L * 366 * 86400 / seconds)
            return false;
        duration = TimeSpan.FromSeconds(count * seconds);
        return true;
    }

    /// <summary>The largest unit that divides it.</summary>
    public static string Format(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        if (seconds == 0)
            return "0s";
        var (unit, size) = Array.Find(Units, candidate => seconds % candidate.Seconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / size}{unit}");
    }
}
