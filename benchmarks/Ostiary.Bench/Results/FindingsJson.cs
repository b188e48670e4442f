using System.Text.Json;

namespace Ostiary.Bench.Results;

/// <summary>The findings for programs.</summary>
internal static class FindingsJson
{
    public static byte[] Of(Findings findings, string head, string kind)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("kind", kind);
            json.WriteString("head", head);
            Goals(json, findings);
            Rows(json, findings);
            Curves(json, findings);
            json.WriteStartArray("notes");
            foreach (var note in findings.Notes)
                json.WriteStringValue(note);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static void Goals(Utf8JsonWriter json, Findings findings)
    {
        json.WriteStartArray("goals");
        foreach (var goal in findings.Goals)
        {
            json.WriteStartObject();
            json.WriteString("what", goal.Line);
            json.WriteString("bar", goal.Bar);
            json.WriteString("measured", goal.Measured);
            json.WriteBoolean("met", goal.Met);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Rows(Utf8JsonWriter json, Findings findings)
    {
        json.WriteStartArray("operations");
        foreach (var row in findings.Rows)
        {
            json.WriteStartObject();
            json.WriteString("operation", row.Operation);
            json.WriteString("subject", row.Subject);
            Number(json, "per_second", row.Rate);
            Number(json, "server_cpu_us", row.ServerCpu);
            Number(json, "database_cpu_us", row.DatabaseCpu);
            Number(json, "half_peak_per_second", row.HalfPeak);
            Number(json, "p50_us", row.P50);
            Number(json, "p99_us", row.P99);
            json.WriteNumber("resident_bytes", row.Memory);
            Number(json, "generator_share", row.GeneratorShare);
            json.WriteNumber("failed", row.Failed);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Curves(Utf8JsonWriter json, Findings findings)
    {
        json.WriteStartArray("curves");
        foreach (var curve in findings.Curves)
        {
            json.WriteStartObject();
            json.WriteString("subject", curve.Subject);
            json.WriteStartArray("points");
            foreach (var point in curve.Points)
            {
                json.WriteStartObject();
                Number(json, "offered_per_second", point.Offered);
                Number(json, "per_second", point.Rate);
                Number(json, "p50_us", point.P50);
                Number(json, "p99_us", point.P99);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, double value) => json.WriteNumber(name, Math.Round(value, 2));
}
