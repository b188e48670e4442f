using System.Globalization;
using System.Text;

namespace Ostiary.Bench.Results;

/// <summary>One picture of two panels: what was answered, and the p99 of it, against what was asked for. It follows the reader's light or dark scheme.</summary>
internal static class Picture
{
    private const int Width = 840;
    private const int Height = 330;
    private const int Top = 62;
    private const int Bottom = 268;
    private const int PanelWidth = 340;
    private const double LeastP99 = 100;
    private const double MostP99 = 1_000_000;
    private static readonly int[] Lefts = [62, 482];

    private const string Style = """
        <style>
          text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #3d444d; }
          .title { font-weight: 600; font-size: 13px; fill: #1f2328; }
          .grid { stroke: #d1d9e0; stroke-width: 1; }
          .s0 { --c: #0969da; } .s1 { --c: #6e7781; } .s2 { --c: #bc4c00; } .s3 { --c: #8250df; }
          polyline { fill: none; stroke: var(--c); stroke-width: 2.25; stroke-linejoin: round; }
          .s1 polyline { stroke-dasharray: 5 4; }
          circle { fill: var(--c); }
          @media (prefers-color-scheme: dark) {
            text { fill: #b7bfc8; } .title { fill: #f0f6fc; } .grid { stroke: #3d444d; }
            .s0 { --c: #58a6ff; } .s1 { --c: #9198a1; } .s2 { --c: #f0883e; } .s3 { --c: #bc8cff; }
          }
        </style>

        """;

    public static string Of(IReadOnlyList<Curve> curves)
    {
        var most = Ceiling(curves.Max(c => c.Points.Max(p => p.Offered)));
        var svg = new StringBuilder();
        Add(
            svg,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" role=\"img\" aria-labelledby=\"t\">\n"
        );
        Add(svg, $"<title id=\"t\">Client credentials at rising load: answered per second, and p99 latency. {Summary(curves)}</title>\n");
        svg.Append(Style);
        Legend(svg, curves);
        Panel(svg, 0, "answered a second", most, Steps(most), y => Thousands(y), p => Linear(p.Rate, most), curves);
        double[] decades = [100, 1000, 10_000, 100_000, 1_000_000];
        Panel(svg, 1, "p99 latency, from the intended start", most, decades, Time, p => Logarithmic(p.P99), curves);
        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static void Legend(StringBuilder svg, IReadOnlyList<Curve> curves)
    {
        double x = Lefts[0];
        for (var i = 0; i < curves.Count; i++)
        {
            Add(
                svg,
                $"<g class=\"s{i}\"><polyline points=\"{x:0},16 {x + 24:0},16\"/><text x=\"{x + 30:0}\" y=\"20\">{curves[i].Subject}</text></g>\n"
            );
            x += 60 + 6.6 * curves[i].Subject.Length;
        }
    }

    private static void Panel(
        StringBuilder svg,
        int panel,
        string title,
        double most,
        IReadOnlyList<double> steps,
        Func<double, string> name,
        Func<Point, double> height,
        IReadOnlyList<Curve> curves
    )
    {
        var left = Lefts[panel];
        Add(svg, $"<text class=\"title\" x=\"{left}\" y=\"{Top - 14}\">{title}</text>\n");
        foreach (var step in steps)
        {
            var y = Y(panel == 0 ? Linear(step, most) : Logarithmic(step));
            Add(svg, $"<line class=\"grid\" x1=\"{left}\" y1=\"{y:0.#}\" x2=\"{left + PanelWidth}\" y2=\"{y:0.#}\"/>");
            Add(svg, $"<text x=\"{left - 8}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{name(step)}</text>\n");
        }
        foreach (var step in Steps(most))
            Add(svg, $"<text x=\"{left + (PanelWidth * step / most):0.#}\" y=\"{Bottom + 20}\" text-anchor=\"middle\">{Thousands(step)}</text>");
        Add(svg, $"\n<text x=\"{left + (PanelWidth / 2)}\" y=\"{Bottom + 42}\" text-anchor=\"middle\">asked for, a second</text>\n");
        for (var i = 0; i < curves.Count; i++)
        {
            var points = curves[i].Points.Select(p => (X: left + (PanelWidth * p.Offered / most), Y: Y(height(p)))).ToList();
            Add(svg, $"<g class=\"s{i}\"><polyline points=\"{string.Join(' ', points.Select(p => Inv($"{p.X:0.#},{p.Y:0.#}")))}\"/>");
            foreach (var (x, y) in points)
                Add(svg, $"<circle cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"2.6\"/>");
            svg.Append("</g>\n");
        }
    }

    private static double Y(double share) => Bottom - ((Bottom - Top) * share);

    private static double Linear(double value, double most) => Math.Clamp(value / most, 0, 1);

    private static double Logarithmic(double value) => Math.Clamp(Math.Log10(value / LeastP99) / Math.Log10(MostP99 / LeastP99), 0, 1);

    /// <summary>The next round number: 1, 2 or 5 with zeros, in halves.</summary>
    private static double Ceiling(double value)
    {
        var step = StepOf(value);
        return Math.Ceiling(value / step) * step;
    }

    private static double StepOf(double value)
    {
        var decade = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return (value / decade) switch
        {
            < 2 => decade / 2,
            < 5 => decade,
            _ => decade * 2,
        };
    }

    private static List<double> Steps(double most)
    {
        var steps = new List<double>();
        for (var step = 0.0; step <= most; step += StepOf(most * 0.99))
            steps.Add(step);
        return steps;
    }

    private static string Thousands(double value) => value >= 1000 ? Inv($"{value / 1000:0.#}k") : Inv($"{value:0}");

    private static string Time(double microseconds) =>
        microseconds >= 1_000_000 ? Inv($"{microseconds / 1_000_000:0} s") : Inv($"{microseconds / 1000:0.#} ms");

    private static string Summary(IReadOnlyList<Curve> curves) =>
        string.Join("; ", curves.Select(c => Inv($"{c.Subject} up to {c.Points.Max(p => p.Rate):N0}")));

    private static string Inv(FormattableString text) => FormattableString.Invariant(text);

    private static void Add(StringBuilder svg, FormattableString text) => svg.Append(FormattableString.Invariant(text));
}
