namespace Ostiary.Bench.Results;

/// <summary>One subject at one operation: medians of the runs.</summary>
internal sealed record Row(string Operation, string Subject)
{
    public double Rate { get; init; }

    /// <summary>Microseconds of processor time an operation.</summary>
    public double ServerCpu { get; init; }
    public double DatabaseCpu { get; init; }

    /// <summary>Offered at half of the peak, from the intended start, microseconds.</summary>
    public double HalfPeak { get; init; }
    public double P50 { get; init; }
    public double P99 { get; init; }

    /// <summary>Resident bytes under load.</summary>
    public long Memory { get; init; }
    public double GeneratorShare { get; init; }
    public long Failed { get; init; }
}

/// <summary>A bar and what was measured against it.</summary>
/// <param name="Line">What it is about.</param>
/// <param name="Bar">What has to hold.</param>
/// <param name="Measured">What did.</param>
/// <param name="Met">Whether it does.</param>
internal sealed record Goal(string Line, string Bar, string Measured, bool Met);

/// <summary>Offered load against what came of it.</summary>
internal sealed record Point(double Offered, double Rate, double P50, double P99);

internal sealed record Curve(string Subject, IReadOnlyList<Point> Points);

/// <summary>Everything that a run of this program found.</summary>
internal sealed class Findings
{
    public List<Row> Rows { get; } = [];
    public List<Goal> Goals { get; } = [];
    public List<Curve> Curves { get; } = [];
    public List<string> Notes { get; } = [];

    public void Note(string text)
    {
        if (!Notes.Contains(text))
            Notes.Add(text);
    }
}
