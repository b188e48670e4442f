using System.Globalization;
using System.Text;
using Ostiary.Faults.Checking;
using Ostiary.Faults.Town;

namespace Ostiary.Faults;

/// <summary>What all rounds of this run gave, as a table. <c>docs/faults.md</c> is one such run.</summary>
internal static class Report
{
    private static readonly Lock Gate = new();

    public static string Root { get; } = Find();

    /// <summary>Where histories and the table are left.</summary>
    public static string Directory { get; } = Path.Combine(Root, "artifacts", "faults");

    /// <summary>With <c>--faults</c> every round lasts longer, and those that need a cluster run too.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("FAULTS") == "long";

    public static TimeSpan Length(int seconds, int inLongRuns) => TimeSpan.FromSeconds(IsLong ? inLongRuns : seconds);

    public static void Add(string row, string done, RoundResult result) =>
        AddRow(
            row,
            result.Plan.Store,
            done,
            result.Strikes,
            result.Ops.Count,
            result.Unknown,
            result.Violations.Count == 0 ? "nothing" : string.Join(", ", result.Violations.Select(v => v.Invariant).Distinct()),
            result.Outage / 1000
        );

    public static void AddRow(string row, string store, string done, int strikes, int calls, int unknown, string violations, double outage)
    {
        lock (Gate)
        {
            Keep(
                "row-" + row + store,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {row} | {store} | {done} | {strikes} | {calls} | {unknown} | {violations} | {outage:0.0} s |\n"
                )
            );
            Write();
        }
    }

    public static void AddPlanted(string fault, string what, RoundResult result)
    {
        lock (Gate)
        {
            var first = result.Violations[0];
            var invariants = string.Join(", ", result.Violations.Select(v => v.Invariant).Distinct().Order(StringComparer.Ordinal));
            Keep(
                "planted-" + fault,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {fault} | {what} | {result.Ops.Count} | {invariants} | {result.Violations.Count} | {first.What} |\n"
                )
            );
            Write();
        }
    }

    /// <summary>What a test shows when something was found.</summary>
    public static string Of(RoundResult result) => result + "\n" + string.Join("\n", result.Violations.Take(8).Select(Text));

    private static string Text(Violation violation) => violation.ToString();

    /// <summary>Each row is a file, so that a part of the tests may be run again by itself. A whole run begins with none.</summary>
    private static void Keep(string name, string row)
    {
        var rows = Path.Combine(Directory, "rows");
        System.IO.Directory.CreateDirectory(rows);
        File.WriteAllText(Path.Combine(rows, string.Concat(name.Where(c => char.IsLetterOrDigit(c) || c == '-'))), row);
    }

    private static IEnumerable<string> Kept(string kind) =>
        System.IO.Directory.EnumerateFiles(Path.Combine(Directory, "rows"), kind + "*").Order(StringComparer.Ordinal).Select(File.ReadAllText);

    private static void Write()
    {
        var text = new StringBuilder(
            """
            # Faults

            What happened to the server when things around it broke, and what a checker said that knows nothing but what clients asked and were told.
            Written by `./test --faults`; [how it works](explanation/faults.md).

            ## What was done

            `calls` are those of the clients, `unsure` those without a sure answer (lost, timed out, 5xx), `found` the invariants that did not hold,
            `outage` the longest time in which nobody's write was acknowledged.

            | row | store | what was done | faults | calls | unsure | found | outage |
            |---|---|---|---|---|---|---|---|

            """
        );
        foreach (var row in Kept("row-"))
            text.Append(row);
        text.Append(
            """

            ## Planted faults

            Servers with one safeguard switched off. A checker that finds nothing proves nothing: each of them was found.

            | fault | the safeguard that is off | calls | found | times | first |
            |---|---|---|---|---|---|

            """
        );
        foreach (var row in Kept("planted-"))
            text.Append(row);
        text.Append(
            """

            ## Shown by other tests

            | row | what | test |
            |---|---|---|

            """
        );
        foreach (var (row, what, file, test) in Elsewhere.Rows)
            text.Append(CultureInfo.InvariantCulture, $"| {row} | {what} | `{Path.GetFileNameWithoutExtension(file)}.{test}` |\n");
        System.IO.Directory.CreateDirectory(Directory);
        File.WriteAllText(Path.Combine(Directory, "faults.md"), text.ToString());
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
            File.WriteAllText(Path.Combine(Root, "docs", "faults.md"), text.ToString());
    }

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Ostiary.slnx")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}
