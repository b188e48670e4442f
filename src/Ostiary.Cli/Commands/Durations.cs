using System.Globalization;
using Ostiary.Cli.Errors;

namespace Ostiary.Cli.Commands;

/// <summary>Durations as people write them: <c>30s</c>, <c>10m</c>, <c>8h</c>, <c>30d</c>.</summary>
internal static class Durations
{
    public static TimeSpan? Parse(string? text, string option)
    {
        if (text is null)
            return null;
        if (text.Length > 1 && int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < 100_000)
            switch (text[^1])
            {
                case 's':
                    return TimeSpan.FromSeconds(number);
                case 'm':
                    return TimeSpan.FromMinutes(number);
                case 'h':
                    return TimeSpan.FromHours(number);
                case 'd':
                    return TimeSpan.FromDays(number);
            }
        throw CliException.Usage($"'{text}' is not a duration ({option}).", $"{option} 30s, 10m, 8h or 30d");
    }
}
