using System.Net.Sockets;
using System.Runtime.InteropServices;
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
    void Stop(PosixSignalContext _)
    {
        Machine.EndAll();
        Remove(work);
    }
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    try
    {
        var program = options.Program ?? await BuildAsync(root, Path.Combine(artifacts, "release"));
        Machine.PinGenerator();
        var run = new Run(options, root, program, work);
        if (Environment.ProcessorCount < 2)
            run.Findings.Note("one core only: server and generator shared it, so the figures say little");
        if (await Machine.BusyAsync(TimeSpan.FromSeconds(2)) is > 0.1 and var busy)
            run.Findings.Note($"the machine was not quiet: before the first run {busy:P0} of its cores was in use by others");
        var broken = 0;
        var before = TimeProvider.System.GetTimestamp();
        foreach (var scenario in Table.Chosen(options))
        {
            Run.Say(scenario.About);
            try
            {
                await scenario.RunAsync(run);
            }
            catch (Exception fault)
                when (fault is InvalidOperationException or InvalidDataException or IOException or SocketException or HttpRequestException)
            {
                broken++;
                run.Findings.Note($"{scenario.About}: broke off: {fault.Message.ReplaceLineEndings(" ").Trim()}");
                Run.Say("  broke off");
            }
        }
        Run.Say($"measured in {TimeProvider.System.GetElapsedTime(before).TotalMinutes:N1} minutes");
        Publication.Write(run);
        return broken == 0 ? 0 : 1;
    }
    finally
    {
        Remove(work);
    }
}

static async Task<string> BuildAsync(string root, string directory)
{
    Run.Say("building the release program");
    await Machine.RunAsync(Path.Combine(root, "ostiary"), ["--publish", directory]);
    return Path.Combine(directory, "ostiary");
}

static void Remove(string directory)
{
    if (Directory.Exists(directory))
        Directory.Delete(directory, recursive: true);
}

static string Root()
{
    var here = new DirectoryInfo(AppContext.BaseDirectory);
    while (here is not null && !File.Exists(Path.Combine(here.FullName, "Ostiary.slnx")))
        here = here.Parent;
    return here?.FullName ?? throw new InvalidOperationException("The benchmarks run from a checkout.");
}
