using System.Globalization;
using Ostiary.Bench.Ceilings;
using Ostiary.Bench.Results;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Scenarios;

/// <summary>Refresh rotation against a store that commits each request alone: the same Kestrel, form, signature, disk and durability.</summary>
/// <param name="FlushMicroseconds">By how much each flush is delayed, on both sides alike. Zero: the disk as it is.</param>
internal sealed record OneCommitScenario(string Name, string About, int FlushMicroseconds) : IScenario
{
    private const int Connections = 64;
    private const double Times = 10;

    public bool RunsBy(Options options) => !options.Growth;

    public async Task RunAsync(Run run)
    {
        if (FlushMicroseconds > 0 && !Machine.Has("gcc"))
        {
            run.Findings.Note($"{About}: left out, there is no gcc");
            return;
        }
        var preload = FlushMicroseconds > 0 ? await CompileAsync(run) : null;
        using var server = await OstiarySubject.StartAsync(run.Program, run.Directory("rotation"), preload: preload);
        var database = Path.Combine(run.Directory("single"), "single.db");
        using var single = await CeilingSubject.StartAsync(await server.ClaimsLengthAsync(), database, preload);
        var rows = await run.CompareAsync(About, Operation.Refresh, Connections, latencies: false, [server, single]);
        var times = rows[0].Rate / rows[1].Rate;
        run.Findings.Goals.Add(
            new(
                About,
                FlushMicroseconds > 0 ? $"≥ {Times:0} ×" : "told for honesty; the bar is that of the slow disk",
                $"{times:N1} × {rows[1].Rate:N0}/s",
                FlushMicroseconds == 0 || times >= Times
            )
        );
    }

    private async Task<string> CompileAsync(Run run)
    {
        var source = Path.Combine(run.Root, "benchmarks", "Ostiary.Bench", "Ceilings", "slow_flush.c");
        var library = Path.Combine(run.Directory("preload"), "slow_flush.so");
        var delay = string.Create(CultureInfo.InvariantCulture, $"-DFLUSH_MICROSECONDS={FlushMicroseconds}");
        await Machine.RunAsync("gcc", ["-shared", "-fPIC", "-O2", delay, "-o", library, source, "-ldl"]);
        return library;
    }
}
