namespace Ostiary.Bench.Scenarios;

internal sealed class PostgresScenario : IScenario
{
    public string Name => "refresh-postgres";
    public string About => "refresh rotation on PostgreSQL";

    public bool RunsBy(Options o) => false;

    public Task RunAsync(Run run) => Task.CompletedTask;
}

internal sealed class GrowthScenario(string name, bool onPostgres) : IScenario
{
    public string Name => name;
    public string About => "growth";

    public bool RunsBy(Options o) => o.Growth && !onPostgres;

    public Task RunAsync(Run run) => Task.CompletedTask;
}
