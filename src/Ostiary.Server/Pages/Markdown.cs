using System.Text;

namespace Ostiary.Server.Pages;

/// <summary>The little of Markdown that the pages of the codes use: headings, paragraphs, lists, fenced blocks, inline code and strong. Everything else is text.</summary>
internal static class Markdown
{
    public static Html Render(string markdown)
    {
        var blocks = new List<Html>();
        var lines = new Queue<string>(markdown.ReplaceLineEndings("\n").Split('\n'));
        while (lines.TryPeek(out var line))
        {
            if (line.Trim().Length == 0)
                lines.Dequeue();
            else if (line.StartsWith("```", StringComparison.Ordinal))
                blocks.Add(Fence(lines));
            else if (line.StartsWith('#'))
                blocks.Add(Heading(lines.Dequeue()));
            else if (IsItem(line))
                blocks.Add(List(lines));
            else
                blocks.Add(Html.Of($"<p>{Inline(Paragraph(lines))}</p>\n"));
        }
        return Html.Join(blocks);
    }

    private static Html Heading(string line)
    {
        var text = Inline(line.TrimStart('#').Trim());
        return line.StartsWith("##", StringComparison.Ordinal) ? Html.Of($"<h2>{text}</h2>\n") : Html.Of($"<h1>{text}</h1>\n");
    }

    private static Html Fence(Queue<string> lines)
    {
        lines.Dequeue();
        var code = new StringBuilder();
        while (lines.TryDequeue(out var line) && !line.StartsWith("```", StringComparison.Ordinal))
            code.Append(line).Append('\n');
        return Html.Of($"""<pre tabindex="0"><code>{code.ToString()}</code></pre>""");
    }

    private static Html List(Queue<string> lines)
    {
        var ordered = char.IsAsciiDigit(lines.Peek()[0]);
        var items = new List<Html>();
        while (lines.TryPeek(out var line) && IsItem(line))
        {
            lines.Dequeue();
            var text = new StringBuilder(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            while (lines.TryPeek(out var more) && more.StartsWith("  ", StringComparison.Ordinal))
                text.Append(' ').Append(lines.Dequeue().Trim());
            items.Add(Html.Of($"<li>{Inline(text.ToString())}</li>\n"));
        }
        return ordered ? Html.Of($"<ol>{items}</ol>\n") : Html.Of($"<ul>{items}</ul>\n");
    }

    private static string Paragraph(Queue<string> lines)
    {
        var text = new StringBuilder(lines.Dequeue());
        while (lines.TryPeek(out var line) && line.Trim().Length > 0 && !IsItem(line) && line[0] is not ('#' or '`'))
            text.Append(' ').Append(lines.Dequeue().Trim());
        return text.ToString();
    }

    private static Html Inline(string text)
    {
        var parts = new List<Html>();
        while (text.Length > 0)
        {
            var open = text.AsSpan().IndexOfAny('`', '*');
            var mark = open >= 0 && text.AsSpan(open).StartsWith("**") ? "**" : "`";
            var close = open < 0 || !text.AsSpan(open).StartsWith(mark) ? -1 : text.IndexOf(mark, open + mark.Length, StringComparison.Ordinal);
            if (close < 0)
            {
                var end = open < 0 ? text.Length : open + 1;
                parts.Add(Html.Text(text[..end]));
                text = text[end..];
                continue;
            }
            var inside = text[(open + mark.Length)..close];
            parts.Add(Html.Text(text[..open]));
            parts.Add(mark == "`" ? Html.Of($"<code>{inside}</code>") : Html.Of($"<strong>{inside}</strong>"));
            text = text[(close + mark.Length)..];
        }
        return Html.Join(parts);
    }

    private static bool IsItem(string line) =>
        line.StartsWith("- ", StringComparison.Ordinal)
        || line.StartsWith("* ", StringComparison.Ordinal)
        || (line.Length > 2 && char.IsAsciiDigit(line[0]) && line.AsSpan(1).StartsWith(". "));
}
