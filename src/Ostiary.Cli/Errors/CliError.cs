using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Errors;

/// <summary>A failure as it is told: one code, what happened, why, and one next step.</summary>
internal sealed record CliError(Reason Reason, string Message)
{
    public string? Why { get; init; }

    /// <summary>The next step: commands, or one sentence.</summary>
    public string? Try { get; init; }
    public int? Exit { get; init; }

    /// <summary>Where there are several causes at once: each with its own line.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>What is wrong in a configuration: the member, and the sentence that also names it.</summary>
    public IReadOnlyList<(string Path, string Text)> Faults { get; init; } = [];
    public string? Flow { get; init; }

    public string Code => Refusal.CodeOf(Reason);
    public int ExitCode => Exit ?? ExitCodeOf(Reason);

    private static int ExitCodeOf(Reason reason)
    {
        var status = Refusal.For(reason).Status;
        return status switch
        {
            < 200 => status,
            400 => Errors.ExitCode.Usage,
            401 or 403 => Errors.ExitCode.NotAllowed,
            404 => Errors.ExitCode.NotFound,
            409 => Errors.ExitCode.Conflict,
            503 => Errors.ExitCode.Unreachable,
            _ => Errors.ExitCode.Bug,
        };
    }
}

/// <summary>Carries a <see cref="CliError"/> to the one place that prints it.</summary>
internal sealed class CliException(CliError error) : Exception(error.Message)
{
    public CliError Error { get; } = error;

    public static CliException Usage(string message, string? advice = null, string? why = null) =>
        new(new(Reason.UsageInvalid, message) { Try = advice, Why = why });

    public static CliException Input(string message, string? advice = null, string? why = null) =>
        new(new(Reason.InputUnreadable, message) { Try = advice, Why = why });
}
