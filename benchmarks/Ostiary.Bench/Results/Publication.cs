using System.Globalization;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Results;

/// <summary>Where findings go: the terminal, artifacts/bench, and the documents.</summary>
internal static class Publication
{
    private static readonly string[] Parts = ["figures", "growth"];

    public static void Write(Run run)
    {
        var name = run.Options switch
        {
            { Only.Count: > 0 } => "only",
            { Growth: true } => "growth",
            { Quick: true } => "quick",
            _ => "figures",
        };
        var head = $"{TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}, {Machine.Describe()}";
        var text = Markdown.Of(run.Findings, head, name == "growth" ? "Growth" : "Figures");
        var file = Path.Combine(run.Artifacts, name);
        File.WriteAllText(file + ".md", text);
        File.WriteAllBytes(file + ".json", FindingsJson.Of(run.Findings, head, name));
        Console.Out.Write(text);
        Run.Say($"written to {Path.GetRelativePath(Environment.CurrentDirectory, file)}.md and .json");
        if (run.Findings.Curves.Count > 0)
            File.WriteAllText(file + ".svg", Picture.Of(run.Findings.Curves));
        if (run.Options.Publish)
            Publish(run, file);
    }

    /// <summary>The document is the last whole run and the last growth run of this checkout.</summary>
    private static void Publish(Run run, string file)
    {
        var document = Path.Combine(run.Root, "docs", "benchmarks.md");
        var parts = Parts.Select(part => Path.Combine(run.Artifacts, part + ".md")).Where(File.Exists).Select(File.ReadAllText);
        File.WriteAllText(document, Markdown.Preface + string.Join('\n', parts));
        if (File.Exists(file + ".svg"))
            File.Copy(file + ".svg", Path.Combine(run.Root, "docs", "images", "benchmark.svg"), overwrite: true);
        Run.Say("published in docs/benchmarks.md");
    }
}
