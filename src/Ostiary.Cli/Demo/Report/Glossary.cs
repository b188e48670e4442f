using System.Text.Json;
using Ostiary.Cli.Explanations;

namespace Ostiary.Cli.Demo.Report;

/// <summary>What a parameter, claim or header means, in one sentence: the terms of <c>ostiary explain</c>, and what else goes over the wire.</summary>
internal static class Glossary
{
    private static readonly Lazy<Dictionary<string, string>> Meanings = new(Read);

    public static string? MeaningOf(string name) => Meanings.Value.GetValueOrDefault(name);

    private static Dictionary<string, string> Read()
    {
        var meanings = Term.All().ToDictionary(term => term.Name, term => term.Meaning, StringComparer.OrdinalIgnoreCase);
        using var document = JsonDocument.Parse(DemoHtmlReport.Resource("demo/glossary.json"));
        foreach (var entry in document.RootElement.EnumerateObject())
            meanings[entry.Name] = entry.Value.GetString()!;
        return meanings;
    }
}
