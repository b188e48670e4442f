namespace Ostiary.Cli.Demo;

/// <summary>The clock of the app. It can be held, as a clock that runs behind: then the app does not notice that its token is over, and the API has to say so.</summary>
internal sealed class DemoClock : TimeProvider
{
    private DateTimeOffset? _held;

    public void Hold() => _held = System.GetUtcNow();

    public void Release() => _held = null;

    public override DateTimeOffset GetUtcNow() => _held ?? System.GetUtcNow();
}
