using System.Globalization;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Hosting;

/// <summary>
/// How much this process takes on at once. What nobody set follows from the processors of the machine. <see cref="Lanes"/> are in the order of
/// <see cref="Admission.LaneNames"/>: how many requests of all lanes together may be in work for one of that lane to be let in.
/// </summary>
public sealed record Limits
{
    private const int RequestsPerCore = 512;
    private const int ConnectionsPerCore = 4096;
    private const int SignInsPerCore = 32;
    private const int MostRequests = 32 * 1024;

    /// <summary>Percent of <see cref="Requests"/>: what is left of it belongs to the lanes before.</summary>
    private static readonly int[] Shares = [100, 90, 80, 70, 60, 50, 40, 30];

    private Limits() { }

    public static Limits OfMachine => Read([], []);

    public int Requests { get; init; } = Math.Min(MostRequests, RequestsPerCore * Environment.ProcessorCount);
    public int Connections { get; init; } = ConnectionsPerCore * Environment.ProcessorCount;

    /// <summary>Passwords that wait to be checked.</summary>
    public int SignIns { get; init; } = SignInsPerCore * Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>How long a request may have waited for a processor when shedding begins; at twice of it only what is never shed is served.</summary>
    public TimeSpan QueueTime { get; init; } = TimeSpan.FromMilliseconds(250);

    public IReadOnlyList<int> Lanes { get; private init; } = [];

    /// <summary>Reads <c>NAME=NUMBER</c>; the faults are added to <paramref name="faults"/>.</summary>
    public static Limits Read(IReadOnlyList<string> settings, List<SettingFault> faults)
    {
        var limits = new Limits();
        var set = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var setting in settings)
        {
            var parts = setting.Split('=', 2);
            if (parts.Length == 2 && TryRead(parts[0], parts[1], out var value) && set.TryAdd(parts[0], value))
                continue;
            faults.Add(
                new(
                    Reason.SettingInvalid,
                    "--limit",
                    $"'{setting}' is not a limit of this server, is out of its bounds, or is there twice.",
                    $"--limit NAME=NUMBER, with one of {string.Join(", ", Names)}"
                )
            );
        }
        limits = limits with
        {
            Requests = set.GetValueOrDefault("requests", limits.Requests),
            Connections = set.GetValueOrDefault("connections", limits.Connections),
            SignIns = set.GetValueOrDefault("sign-ins", limits.SignIns),
            QueueTime = TimeSpan.FromMilliseconds(set.GetValueOrDefault("queue-milliseconds", (int)limits.QueueTime.TotalMilliseconds)),
        };
        // A lane may be narrower than its share, never wider than the lane before it: the order of shedding is fixed.
        var lanes = new int[Shares.Length];
        for (var i = 0; i < lanes.Length; i++)
        {
            var own = set.GetValueOrDefault(Admission.LaneNames[i], (int)Math.Max(1, (long)limits.Requests * Shares[i] / 100));
            lanes[i] = Math.Min(own, i == 0 ? limits.Requests : lanes[i - 1]);
        }
        return limits with { Lanes = lanes };
    }

    private static IEnumerable<string> Names => [.. Bounds.Keys, .. Admission.LaneNames];

    private static readonly Dictionary<string, (int Least, int Most)> Bounds = new(StringComparer.Ordinal)
    {
        ["requests"] = (1, MostRequests),
        ["connections"] = (1, 1_000_000),
        ["sign-ins"] = (1, 10_000),
        ["queue-milliseconds"] = (10, 60_000),
    };

    private static bool TryRead(string name, string text, out int value)
    {
        var (least, most) = Bounds.TryGetValue(name, out var bounds) ? bounds : (1, MostRequests);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value >= least
            && value <= most
            && Names.Contains(name, StringComparer.Ordinal);
    }
}
