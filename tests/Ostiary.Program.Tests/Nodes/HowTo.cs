using System.Text;

namespace Ostiary.Program.Tests.Nodes;

/// <summary>The blocks of a how-to, as a reader would copy them.</summary>
internal sealed record HowTo(IReadOnlyList<(string Info, string Text)> Blocks)
{
    public static HowTo Read(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Ostiary.slnx")))
            folder = folder.Parent!;
        var blocks = new List<(string, string)>();
        string? info = null;
        var text = new StringBuilder();
        foreach (var line in File.ReadLines(Path.Combine(folder.FullName, "docs", "how-to", name)))
        {
            if (!line.StartsWith("```", StringComparison.Ordinal))
            {
                text.AppendLine(line);
                continue;
            }
            if (info is not null)
                blocks.Add((info, text.ToString()));
            info = info is null ? line[3..] : null;
            text.Clear();
        }
        return new(blocks);
    }

    public IEnumerable<string> Of(string info) => Blocks.Where(b => b.Info == info).Select(b => b.Text);
}
