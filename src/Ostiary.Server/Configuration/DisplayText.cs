using System.Globalization;
using System.Text;

namespace Ostiary.Server.Configuration;

/// <summary>Names that others chose, made fit to be shown: without control, bidirectional and invisible characters, on one line, cut to a length.</summary>
internal static class DisplayText
{
    public const int MaxName = 80;

    public static string Clean(string? text, int max = MaxName)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        var clean = new StringBuilder();
        var runes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (runes == max)
                return clean.Append('…').ToString();
            if (IsInvisible(rune))
                continue;
            var blank = Rune.IsWhiteSpace(rune);
            if (blank && (clean.Length == 0 || clean[^1] == ' '))
                continue;
            clean.Append(blank ? " " : rune.ToString());
            runes++;
        }
        return clean.ToString().TrimEnd();
    }

    /// <summary>Whether it can be shown as it is: nothing hides, reorders or breaks what stands beside it.</summary>
    public static bool IsPlain(string text) =>
        !text.EnumerateRunes().Any(rune => IsInvisible(rune) || IsBreak(rune))
        && (text.Length == 0 || (!char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1])));

    /// <summary>The first non-empty one.</summary>
    public static string NameOr(string? name, string fallback) => Clean(name) is { Length: > 0 } clean ? clean : Clean(fallback);

    /// <summary>An address of the web that may become a link; null for anything else.</summary>
    public static string? Link(string? uri) =>
        uri is { Length: <= 2000 } && Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed is { Scheme: "https" or "http", UserInfo: "" }
            ? parsed.AbsoluteUri
            : null;

    private static bool IsInvisible(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Format
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.Surrogate
        || (Rune.IsControl(rune) && !Rune.IsWhiteSpace(rune))
        || rune.Value is 0xFFFD or 0x034F or 0x115F or 0x1160 or 0x3164 or 0xFFA0;

    private static bool IsBreak(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
