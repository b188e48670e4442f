using System.Text.Json;
using Ostiary.Cli.Explanations;

namespace Ostiary.Cli.Demo.Report;

/// <summary>What a parameter, claim or header means, in one sentence: the terms of <c>ostiary explain</c>, and what else goes over the wire.</summary>
internal static class Glossary
{
    private static readonly Lazy<Dictionary<string, string>> Meanings = new(Read);

    public static string? MeaningOf(string name) =>
        Meanings.Value.GetValueOrDefault(name)
        ?? name switch
        {
            _ when name.EndsWith(", decoded", StringComparison.Ordinal) =>
                "The token, taken apart. Anybody who has it can read it; nobody can change it without breaking the signature.",
            _ when name.EndsWith("_supported", StringComparison.Ordinal) => "What this server can do, so that programs need not guess.",
            _ when name.EndsWith("_endpoint", StringComparison.Ordinal) => "An address of the server.",
            _ => null,
        };

    private static Dictionary<string, string> Read()
    {
        var meanings = Term.All().ToDictionary(term => term.Name, term => term.Meaning, StringComparer.OrdinalIgnoreCase);
        using var document = JsonDocument.Parse(DemoHtmlReport.Resource("demo/glossary.json"));
        foreach (var entry in document.RootElement.EnumerateObject())
            meanings[entry.Name] = entry.Value.GetString()!;
        return meanings;
    }
}
