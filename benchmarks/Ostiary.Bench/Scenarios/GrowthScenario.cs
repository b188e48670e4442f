using Ostiary.Bench.Growth;
using Ostiary.Bench.Results;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Scenarios;

/// <summary>Refresh rotation over very many stored grants, in turns with a server that has few of them.</summary>
internal sealed class GrowthScenario(string name, bool onPostgres) : IScenario
{
    private const int Connections = 64;
    private const long Few = 1000;
    private const long Million = 1_000_000;
    private const double Share = 0.9;
    private const int LargestRow = 600;
    private const int MemoryBar = 150;
    private static readonly long[] Sizes = [100_000, Million, 10_000_000];

    public string Name => name;

    public string About => $"refresh rotation over many stored grants, {(onPostgres ? "PostgreSQL" : "SQLite")}";

    public bool RunsBy(Options options) => options.Growth;

    public async Task RunAsync(Run run)
    {
        if (onPostgres && !PostgresDatabase.IsInstalled)
        {
            run.Findings.Note($"{About}: left out, PostgreSQL 15 is not installed");
            return;
        }
        using var postgres = onPostgres ? await PostgresDatabase.StartAsync() : null;
        var few = await Place.CreateAsync(run, postgres, "few");
        await few.GrowAsync(Few);
        var many = await Place.CreateAsync(run, postgres, "many");
        foreach (var size in Sizes.Where(size => size <= run.Options.GrowthTo))
        {
            Run.Say($"  loading {size:N0} grants");
            await many.GrowAsync(size);
            await MeasureAsync(run, few, many);
        }
    }

    private async Task MeasureAsync(Run run, Place few, Place many)
    {
        using var small = await few.StartAsync(run);
        using var large = await many.StartAsync(run);
        var rows = await run.CompareAsync(About, Operation.Refresh, Connections, small, large);
        var (size, engine) = (many.Grants.Count, onPostgres ? "PostgreSQL" : "SQLite");
        var share = rows[1].Rate / rows[0].Rate;
        run.Findings.Goals.Add(
            new(
                $"{size:N0} stored grants, {engine}: throughput",
                $"≥ {Share:P0} of that with {Few:N0}",
                $"{share:P0} of {rows[0].Rate:N0}/s (by processor time {rows[0].ServerCpu / rows[1].ServerCpu:P0})",
                share >= Share
            )
        );
        run.Findings.Goals.Add(
            new($"{size:N0} stored grants, {engine}: disk", $"≤ {LargestRow} bytes a grant", $"{many.BytesEach:N0}", many.BytesEach <= LargestRow)
        );
        var memory = rows[1].Memory >> 20;
        if (size == Million)
            run.Findings.Goals.Add(
                new($"{size:N0} live grants, {engine}: memory under load", $"≤ {MemoryBar} MB", $"{memory} MB", memory <= MemoryBar)
            );
    }

    /// <summary>A data directory with its grants.</summary>
    private sealed class Place
    {
        private readonly string _directory;
        private readonly IDatabase? _database;
        private readonly IGrantLoader _loader;
        private readonly Ostiary.Server.Grants.GrantId _template;
        private readonly long _empty;

        private Place(
            string directory,
            IDatabase? database,
            IGrantLoader loader,
            ManyGrants grants,
            Ostiary.Server.Grants.GrantId template,
            long empty
        ) => (_directory, _database, _loader, Grants, _template, _empty) = (directory, database, loader, grants, template, empty);

        public ManyGrants Grants { get; }

        public double BytesEach { get; private set; }

        public static async Task<Place> CreateAsync(Run run, PostgresDatabase? postgres, string name)
        {
            var directory = run.Directory(name);
            var database = postgres is null ? null : await postgres.CreateAsync(name);
            var data = Path.Combine(directory, "data");
            string token;
            using (var server = await OstiarySubject.StartAsync(run.Program, directory, database))
            using (var browser = await server.SignInAsync())
                token = (await browser.TokensAsync("offline_access read", 1))[0];
            var grants = new ManyGrants(Path.Combine(data, "keys"));
            IGrantLoader loader = postgres is null ? new SqliteLoader(Path.Combine(data, "ostiary.db")) : new PostgresLoader(postgres, name);
            return new(directory, database, loader, grants, grants.IdIn(token), await loader.SizeAsync());
        }

        public async Task GrowAsync(long count)
        {
            var (first, before) = (Grants.Count, await _loader.SizeAsync());
            await _loader.LoadAsync(_template, first, count);
            Grants.GrowTo(count);
            // What the load left to be written would slow every flush of the run.
            await Machine.RunAsync("sync", []);
            // What a run at a smaller size added to the trees is not counted, nor that it rewrote rows.
            BytesEach =
                first == 0 ? (await _loader.SizeAsync() - _empty) / (double)count : (await _loader.SizeAsync() - before) / (double)(count - first);
        }

        public Task<OstiarySubject> StartAsync(Run run) =>
            OstiarySubject.StartAsync(run.Program, _directory, _database, label: $", {Grants.Count:N0} grants", refreshCallers: Grants.Callers);
    }
}
