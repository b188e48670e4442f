using System.Globalization;
using System.Text;

namespace Ostiary.Cli.Output;

/// <summary>Text that came from elsewhere, made harmless for a terminal: control characters and direction marks are shown, not obeyed.</summary>
internal static class Printable
{
    public static string Of(string text)
    {
        if (!text.Any(Unsafe))
            return text;
        var safe = new StringBuilder(text.Length + 16);
        foreach (var c in text)
            if (c == '\n')
                safe.Append("\\n");
            else if (c == '\t')
                safe.Append("\\t");
            else if (c == '\r')
                safe.Append("\\r");
            else if (Unsafe(c))
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                safe.Append(c);
        return safe.ToString();
    }

    /// <summary>At most so many characters; that something is missing is seen.</summary>
    public static string Cut(string text, int room) => text.Length <= room ? text : text[..(room - 1)] + "…";

    private static bool Unsafe(char c) =>
        char.IsControl(c) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u200e' or '\u200f';
}
