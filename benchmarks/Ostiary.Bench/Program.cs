using Ostiary.Bench;
using Ostiary.Bench.Ceilings;
using Ostiary.Bench.Results;
using Ostiary.Bench.Scenarios;
using Ostiary.Bench.Subjects;

switch (args)
{
    case ["ceiling", .. var arguments]:
        return await CeilingServer.RunAsync(arguments);
    case ["--help" or "-h"]:
        Console.Out.Write(Options.Usage);
        return 0;
    default:
        if (Options.Parse(args, out var fault) is { } options)
            return await MeasureAsync(options);
        Console.Error.WriteLine(fault);
        Console.Error.Write(Options.Usage);
        return 2;
}

static async Task<int> MeasureAsync(Options options)
{
    var root = Root();
    var artifacts = Directory.CreateDirectory(Path.Combine(root, "artifacts", "bench")).FullName;
    var work = Directory.CreateDirectory(Path.Combine(artifacts, $"work-{Environment.ProcessId}")).FullName;
    try
    {
        var program = options.Program ?? await BuildAsync(root, Path.Combine(artifacts, "release"));
        Machine.PinGenerator();
        var run = new Run(options, root, program, work);
        if (Environment.ProcessorCount < 2)
            run.Findings.Note("one core only: server and generator shared it, so the figures say little");
        var before = TimeProvider.System.GetTimestamp();
        foreach (var scenario in Table.Chosen(options))
        {
            Run.Say(scenario.About);
            await scenario.RunAsync(run);
        }
        Run.Say($"measured in {TimeProvider.System.GetElapsedTime(before).TotalMinutes:N1} minutes");
        Publication.Write(run);
        return 0;
    }
    finally
    {
        Directory.Delete(work, recursive: true);
    }
}

static async Task<string> BuildAsync(string root, string directory)
{
    Run.Say("building the release program");
    await Machine.RunAsync(Path.Combine(root, "ostiary"), ["--publish", directory]);
    return Path.Combine(directory, "ostiary");
}

static string Root()
{
    var here = new DirectoryInfo(AppContext.BaseDirectory);
    while (here is not null && !File.Exists(Path.Combine(here.FullName, "Ostiary.slnx")))
        here = here.Parent;
    return here?.FullName ?? throw new InvalidOperationException("The benchmarks run from a checkout.");
}
