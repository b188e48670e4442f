namespace Ostiary.Bench.Load;

/// <summary>What one run of a generator saw.</summary>
/// <param name="Rate">Operations a second that were answered as asked.</param>
/// <param name="Answered">The same, as a number.</param>
/// <param name="Failed">Answers that failed their check, and connections that were closed in the middle. No part of the rate.</param>
/// <param name="GeneratorShare">Of its core, how much the generator used: near 1 it measures itself.</param>
/// <param name="FirstFailure">The beginning of the first answer that failed.</param>
internal sealed record Sample(double Rate, long Answered, long Failed, Latencies Latencies, double GeneratorShare, string? FirstFailure);

/// <summary>Latencies in microseconds, sorted.</summary>
internal sealed class Latencies
{
    private readonly uint[] _sorted;

    public Latencies(List<uint> values)
    {
        _sorted = [.. values];
        Array.Sort(_sorted);
    }

    public double Quantile(double q) => _sorted.Length == 0 ? 0 : _sorted[Math.Min(_sorted.Length - 1, (int)(q * _sorted.Length))];
}
