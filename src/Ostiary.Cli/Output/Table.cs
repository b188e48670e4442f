using System.Text;

namespace Ostiary.Cli.Output;

/// <summary>An aligned table for people: cut with … to the width of the terminal, never wrapped.</summary>
internal static class Table
{
    private const int Gap = 2;
    private const int Narrowest = 6;

    public static void Write(TextWriter to, IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, int width, Ink ink)
    {
        var widths = Widths(headings, rows, width);
        WriteRow(to, headings, widths, ink.Bold);
        foreach (var row in rows)
            WriteRow(to, row, widths, text => text);
    }

    private static int[] Widths(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, int width)
    {
        var widths = new int[headings.Count];
        for (var i = 0; i < widths.Length; i++)
            widths[i] = Math.Max(headings[i].Length, rows.Count == 0 ? 0 : rows.Max(r => Printable.Of(r[i]).Length));
        var room = Math.Max(width, (Narrowest + Gap) * widths.Length) - Gap * (widths.Length - 1);
        while (widths.Sum() > room && widths.Max() is > Narrowest and var widest)
            widths[Array.IndexOf(widths, widest)]--;
        return widths;
    }

    private static void WriteRow(TextWriter to, IReadOnlyList<string> cells, int[] widths, Func<string, string> paint)
    {
        var line = new StringBuilder();
        for (var i = 0; i < widths.Length; i++)
        {
            var text = Printable.Cut(Printable.Of(cells[i]), widths[i]);
            line.Append(i == widths.Length - 1 ? text : text.PadRight(widths[i] + Gap));
        }
        to.WriteLine(paint(line.ToString().TrimEnd()));
    }
}

/// <summary>Tab-separated values for programs: no heading, no colour, tabs and line ends escaped.</summary>
internal static class Tsv
{
    public static void Write(TextWriter to, IEnumerable<IReadOnlyList<string>> rows)
    {
        foreach (var row in rows)
            to.WriteLine(string.Join('\t', row.Select(Escape)));
    }

    private static string Escape(string text) => Printable.Of(text.Replace("\\", "\\\\", StringComparison.Ordinal));
}
