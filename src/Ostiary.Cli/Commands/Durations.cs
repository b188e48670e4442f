using Ostiary.Cli.Errors;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Commands;

/// <summary>Durations as people write them: <c>30s</c>, <c>10m</c>, <c>8h</c>, <c>30d</c>.</summary>
internal static class Durations
{
    public static TimeSpan? Parse(string? text, string option)
    {
        if (text is null)
            return null;
        return Duration.TryParse(text, out var duration)
            ? duration
            : throw CliException.Usage($"'{text}' is not a duration ({option}).", $"{option} 30s, 10m, 8h or 30d");
    }
}
