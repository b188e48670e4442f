namespace Ostiary.Bench.Scenarios;

internal interface IScenario
{
    /// <summary>For <c>--only</c>.</summary>
    string Name { get; }

    string About { get; }

    /// <summary>Whether it runs without being named.</summary>
    bool RunsBy(Options options);

    Task RunAsync(Run run);
}
