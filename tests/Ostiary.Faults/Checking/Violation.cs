using Ostiary.Faults.Records;

namespace Ostiary.Faults.Checking;

/// <summary>An invariant that does not hold, and the calls that show it.</summary>
internal sealed record Violation(string Invariant, string What, params Op[] Shown)
{
    public override string ToString() => $"{Invariant}: {What}\n    " + string.Join("\n    ", Shown.Select(op => op.ToString()));
}

/// <summary>What the configuration under test promises, in milliseconds.</summary>
internal sealed record Promise
{
    public double RetryWindow { get; init; } = 3_000;
    public double CodeLifetime { get; init; } = 20_000;
    public double AccessLifetime { get; init; } = 15_000;

    /// <summary>Clocks of seconds and the way of an answer.</summary>
    public double Slack { get; init; } = 1_100;

    /// <summary>How long another node may not know of an end yet. On one node there is no other.</summary>
    public double Delay { get; init; }

    /// <summary>How long a start may take.</summary>
    public double Start { get; init; } = 10_000;

    /// <summary>The clock was moved on purpose: lifetimes by true time say nothing then.</summary>
    public bool ClockMoved { get; init; }
}
