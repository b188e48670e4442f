using Ostiary.Bench.Results;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Scenarios;

/// <summary>Refresh rotation on PostgreSQL against what pgbench gets out of the same database with single-row updates and as many connections.</summary>
internal sealed class PostgresScenario : IScenario
{
    private const int Connections = 64;
    private const double Share = 0.7;

    public string Name => "refresh-postgres";

    public string About => "refresh rotation on PostgreSQL 15";

    public bool RunsBy(Options options) => !options.Growth;

    public async Task RunAsync(Run run)
    {
        if (!PostgresDatabase.IsInstalled)
        {
            run.Findings.Note($"{About}: left out, PostgreSQL 15 is not installed");
            return;
        }
        using var database = await PostgresDatabase.StartAsync();
        await database.SqlAsync(
            "CREATE TABLE bench_rows AS SELECT id, 1 AS generation, now() AS rotated, repeat('c', 300) AS content FROM generate_series(1, 100000) AS id;"
                + "ALTER TABLE bench_rows ADD PRIMARY KEY (id)"
        );
        var script = Path.Combine(run.Directory("pgbench"), "update.sql");
        await File.WriteAllTextAsync(
            script,
            "\\set id random(1, 100000)\nUPDATE bench_rows SET generation = generation + 1, rotated = now() WHERE id = :id;\n"
        );
        using var server = await OstiarySubject.StartAsync(run.Program, run.Directory("postgres"), database);
        var updates = new List<double>();
        var rows = await run.CompareAsync(
            About,
            Operation.Refresh,
            Connections,
            latencies: true,
            [server],
            async () => updates.Add(await database.UpdatesAsync(script, Connections, run.Pace.Round))
        );
        var ceiling = Run.Median(updates);
        run.Findings.Goals.Add(
            new(
                About + ", 64 connections",
                $"≥ {Share:P0} of pgbench -M prepared, single-row updates, at as many connections",
                $"{rows[0].Rate / ceiling:P0} of {ceiling:N0}/s",
                rows[0].Rate >= Share * ceiling
            )
        );
    }
}
