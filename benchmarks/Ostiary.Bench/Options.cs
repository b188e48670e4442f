using Ostiary.Bench.Scenarios;

namespace Ostiary.Bench;

/// <summary>What the command line says.</summary>
internal sealed record Options
{
    public bool Quick { get; private init; }
    public bool Growth { get; private init; }
    public bool Publish { get; private init; }
    public bool Peers { get; private init; } = true;

    /// <summary>A release build that is there already.</summary>
    public string? Program { get; private init; }
    public IReadOnlyList<string> Only { get; private init; } = [];

    /// <summary>The largest number of grants of the growth bench.</summary>
    public long GrowthTo { get; private init; } = 10_000_000;

    public static string Usage =>
        """
            usage: ./bench [OPTIONS]

              (nothing)        every operation against its ceiling and the peers; under 30 minutes on two idle cores
              --quick          short runs without peers and without the sweep; under 5 minutes, for a look only
              --no-peers       without oidc-provider (which npm installs below artifacts/ when it is missing)
              --growth         10^3, 10^5, 10^6 and 10^7 stored grants instead of the operations
              --growth-to N    the same with at most N grants
              --only NAME      one scenario; may be repeated
              --program FILE   measure this build instead of making one
              --publish        also writes docs/benchmarks.md and the picture; for whole runs only
              --help           this text

            scenarios:

            """
        + string.Concat(
            Table.All.Select(s => $"  {s.Name, -19}{s.About}{(s.RunsBy(new()) || s.RunsBy(new() { Growth = true }) ? "" : " (only when named)")}\n")
        );

    /// <summary>Null where the arguments are not understood; <paramref name="fault"/> says why.</summary>
    public static Options? Parse(IReadOnlyList<string> arguments, out string fault)
    {
        var options = new Options();
        fault = "";
        for (var i = 0; i < arguments.Count; i++)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : "";
            switch (arguments[i])
            {
                case "--quick":
                    options = options with { Quick = true, Peers = false };
                    break;
                case "--no-peers":
                    options = options with { Peers = false };
                    break;
                case "--growth":
                    options = options with { Growth = true };
                    break;
                case "--growth-to" when long.TryParse(value, out var most) && most >= 1000:
                    options = options with { Growth = true, GrowthTo = most };
                    i++;
                    break;
                case "--publish":
                    options = options with { Publish = true };
                    break;
                case "--program" when File.Exists(value):
                    options = options with { Program = Path.GetFullPath(value) };
                    i++;
                    break;
                case "--only" when Table.All.Any(s => s.Name == value):
                    options = options with { Only = [.. options.Only, value] };
                    i++;
                    break;
                default:
                    fault = $"not understood: {arguments[i]}{(arguments[i].StartsWith("--only", StringComparison.Ordinal) ? $" {value}" : "")}";
                    return null;
            }
        }
        if (options.Publish && (options.Quick || options.Only.Count > 0))
            fault = "--publish is for whole runs, not for --quick or --only";
        return fault.Length == 0 ? options : null;
    }
}
