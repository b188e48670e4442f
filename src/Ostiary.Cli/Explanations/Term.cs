using System.Text.Json;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Explanations;

/// <summary>A claim, parameter or header value: what it means, who sets it, and how it goes wrong.</summary>
internal sealed record Term(string Name, string Kind, string Meaning, string SetBy, string Mistake, string Section)
{
    public static IReadOnlyList<Term> All()
    {
        using var stream = typeof(Term).Assembly.GetManifestResourceStream("terms.json")!;
        using var document = JsonDocument.Parse(stream);
        return [.. document.RootElement.EnumerateArray().Select(Read)];
    }

    public JsonElement ToJson() =>
        JsonForms.Object(json =>
        {
            json.WriteString("term", Name);
            json.WriteString("kind", Kind);
            json.WriteString("meaning", Meaning);
            json.WriteString("set_by", SetBy);
            json.WriteString("mistake", Mistake);
            json.WriteString("section", Section);
        });

    private static Term Read(JsonElement term) =>
        new(
            term.GetProperty("term").GetString()!,
            term.GetProperty("kind").GetString()!,
            term.GetProperty("meaning").GetString()!,
            term.GetProperty("set_by").GetString()!,
            term.GetProperty("mistake").GetString()!,
            term.GetProperty("section").GetString()!
        );
}
