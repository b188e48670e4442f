namespace Ostiary.Cli.Demo;

/// <summary>The clock of the app. It can be wrong: then the app does not notice that its token is over, and the API has to say so.</summary>
internal sealed class DemoClock : TimeProvider
{
    /// <summary>How far it is ahead of the true time.</summary>
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
}
