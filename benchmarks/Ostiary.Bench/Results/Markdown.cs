using System.Globalization;
using System.Text;

namespace Ostiary.Bench.Results;

/// <summary>The findings as tables.</summary>
internal static class Markdown
{
    public const string Preface = """
        # Benchmarks

        Written by `./bench --publish`. Your machine will give other numbers; ratios within one run are what counts, and `./bench` prints them.

        ![Throughput and p99 latency of client credentials against offered load](images/benchmark.svg)

        How it is measured:

        - The server, with its database, has core 0; the generator has core 1. Warm-up 8 s, three runs, medians. Subjects of one comparison are measured in turns.
        - The generator is one thread over keep-alive connections (32; 64 for refresh), without pipelining. It checks each answer's status and content;
          an answer that fails is no throughput. It warns when its core is nearly used up.
        - Throughput is a closed loop. Latencies are an open one: arrivals by chance at half of the peak, counted from when a request was meant to start.
        - A ceiling is a handler that decides nothing, on the server's Kestrel settings (`benchmarks/Ostiary.Bench/Ceilings`): it answers a constant kilobyte;
          it parses the form and answers that; it parses the form, signs once with ES256 and answers the token.
        - Pushed requests, DPoP, device authorization, exchange and registration each have a ceiling of their own: HTTP and the signatures that the operation must
          check and make, and no row. Where ours leaves a row, the table says so, and the same handler with one row for each request, committed in groups, stands
          beside it. The proofs of DPoP are signed by the generator when they are sent, each connection with a key of its own.
        - Processor time is what the kernel counted for the process an operation: of all figures the one that neighbours disturb least.
        - Refresh tokens are rotated durably: the answer leaves after the disk was flushed. The peer's adapters keep nothing (memory) or do not flush (SQLite).


        """;

    public static string Of(Findings findings, string head, string title)
    {
        var text = new StringBuilder($"## {title}\n\n{head}\n\n");
        if (findings.Goals.Count > 0)
            text.Append("| what | bar | measured | |\n|---|---|---|---|\n");
        foreach (var goal in findings.Goals)
            text.Append(CultureInfo.InvariantCulture, $"| {goal.Line} | {goal.Bar} | {goal.Measured} | {(goal.Met ? "met" : "**missed**")} |\n");
        if (findings.Rows.Count > 0)
            text.Append(
                "\n| operation | subject | a second | CPU µs server | CPU µs database | p50 / p99 ms | at, a second | MB | generator |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n"
            );
        foreach (var row in findings.Rows)
            text.Append(RowOf(row));
        if (findings.Notes.Count > 0)
            text.Append("\nNotes:\n\n");
        foreach (var note in findings.Notes)
            text.Append("- ").Append(note).Append('\n');
        return text.ToString();
    }

    private static string RowOf(Row row)
    {
        var database = row.DatabaseCpu > 0 ? Inv($"{row.DatabaseCpu:N1}") : "–";
        var latency = row.HalfPeak > 0 ? Inv($"{row.P50 / 1000:N2} / {row.P99 / 1000:N2} | {row.HalfPeak:N0}") : "– | –";
        return Inv(
            $"| {row.Operation} | {row.Subject} | {row.Rate:N0} | {row.ServerCpu:N1} | {database} | {latency} | {row.Memory >> 20} | {row.GeneratorShare:P0} |\n"
        );
    }

    private static string Inv(FormattableString text) => FormattableString.Invariant(text);
}
