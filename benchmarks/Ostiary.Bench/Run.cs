using Ostiary.Bench.Load;
using Ostiary.Bench.Results;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench;

/// <summary>How long everything takes.</summary>
internal sealed record Pace(double WarmUp, double Round, int Rounds, double Latency)
{
    public static readonly Pace Full = new(8, 3, 3, 3);
    public static readonly Pace Quick = new(1, 0.7, 3, 0.7);
}

/// <summary>What scenarios work with: the program, the pace, a place for files, and where findings go.</summary>
internal sealed class Run(Options options, string root, string program, string work)
{
    private int _directories;
    private Task<(string? Directory, string? WhyNot)>? _peers;

    public Options Options { get; } = options;
    public Pace Pace { get; } = options.Quick ? Pace.Quick : Pace.Full;
    public string Root { get; } = root;
    public string Program { get; } = program;
    public Findings Findings { get; } = new();

    public string Artifacts => Path.Combine(Root, "artifacts", "bench");

    /// <summary>A new directory that is removed with all others at the end.</summary>
    public string Directory(string name) => System.IO.Directory.CreateDirectory(Path.Combine(work, $"{name}-{++_directories}")).FullName;

    public Task<OstiarySubject> StartAsync(Operation? operation = null) =>
        OstiarySubject.StartAsync(Program, Directory("ostiary"), operation: operation);

    /// <summary>Where oidc-provider is installed; null (and a note) where it cannot be, or is not wanted.</summary>
    public async Task<string?> PeerDirectoryAsync()
    {
        if (!Options.Peers)
            return null;
        var (directory, whyNot) = await (_peers ??= OidcProviderSubject.InstallAsync(Root, Artifacts));
        if (whyNot is not null)
            Findings.Note($"oidc-provider was left out: {whyNot}");
        return directory;
    }

    /// <summary>Measures subjects in turns, so that a noisy neighbour meets all of them; then each at half of the first one's peak.</summary>
    public Task<IReadOnlyList<Row>> CompareAsync(string name, Operation operation, int connections, params IReadOnlyList<Subject> subjects) =>
        CompareAsync(name, operation, connections, latencies: true, subjects);

    /// <param name="latencies">False where the subjects' peaks lie so far apart that the same load would be idleness to one and too much for the other.</param>
    /// <param name="beforeRound">Whatever else takes its turn.</param>
    public async Task<IReadOnlyList<Row>> CompareAsync(
        string name,
        Operation operation,
        int connections,
        bool latencies,
        IReadOnlyList<Subject> subjects,
        Func<Task>? beforeRound = null
    )
    {
        var lanes = new List<Lane>();
        foreach (var subject in subjects)
        {
            if (await subject.CallersAsync(operation, connections) is { } callers)
                lanes.Add(new(subject, callers));
        }
        foreach (var lane in lanes)
            Warn(name, lane, Generator.Closed(lane.Subject.Port, lane.Callers, Pace.WarmUp), warmUp: true);
        for (var i = 0; i < Pace.Rounds; i++)
        {
            if (beforeRound is not null)
                await beforeRound();
            foreach (var lane in lanes)
                Warn(name, lane, lane.Measure(Pace.Round));
        }
        var half = lanes.Count == 0 || !latencies ? 0 : Median(lanes[0].Peaks.Select(s => s.Rate)) / 2;
        for (var i = 0; i < Pace.Rounds && half > 0; i++)
        {
            foreach (var lane in lanes)
                lane.Halves.Add(Generator.Open(lane.Subject.Port, lane.Callers, half, Pace.Latency));
        }
        var rows = lanes.Select(lane => lane.Row(name, half)).ToList();
        Findings.Rows.AddRange(rows);
        foreach (var row in rows)
            Say(
                $"  {row.Subject, -38} {row.Rate, 10:N0}/s {row.ServerCpu, 8:N1} us{(half > 0 ? $"  p99 at {half:N0}/s: {row.P99 / 1000:N2} ms" : "")}"
            );
        return rows;
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    public static void Say(string text) => Console.Error.WriteLine(text);

    private void Warn(string name, Lane lane, Sample sample, bool warmUp = false)
    {
        if (!warmUp && sample.GeneratorShare > 0.92)
            Findings.Note($"{name}, {lane.Subject.Name}: the generator used {sample.GeneratorShare:P0} of its core and may have been the bottleneck");
        if (sample.Failed > 0)
            Findings.Note($"{name}, {lane.Subject.Name}: {sample.Failed} answers failed; the first: {sample.FirstFailure!.ReplaceLineEndings(" ")}");
    }

    private sealed record Lane(Subject Subject, IReadOnlyList<ICaller> Callers)
    {
        public List<Sample> Peaks { get; } = [];
        public List<Sample> Halves { get; } = [];
        private readonly List<(double Server, double Database)> _cpu = [];

        public Sample Measure(double seconds)
        {
            var (server, database) = (Subject.Cpu, Subject.DatabaseCpu);
            var sample = Generator.Closed(Subject.Port, Callers, seconds);
            var answered = Math.Max(1, sample.Answered);
            _cpu.Add(((Subject.Cpu - server).TotalMicroseconds / answered, (Subject.DatabaseCpu - database).TotalMicroseconds / answered));
            Peaks.Add(sample);
            return sample;
        }

        public Row Row(string name, double half) =>
            new(name, Subject.Name)
            {
                Rate = Median(Peaks.Select(s => s.Rate)),
                ServerCpu = Median(_cpu.Select(c => c.Server)),
                DatabaseCpu = Median(_cpu.Select(c => c.Database)),
                HalfPeak = half,
                P50 = half > 0 ? Median(Halves.Select(s => s.Latencies.Quantile(0.5))) : 0,
                P99 = half > 0 ? Median(Halves.Select(s => s.Latencies.Quantile(0.99))) : 0,
                Memory = Subject.Memory,
                GeneratorShare = Median(Peaks.Select(s => s.GeneratorShare)),
                Failed = Peaks.Sum(s => s.Failed) + Halves.Sum(s => s.Failed),
            };
    }
}
