using System.Globalization;
using System.Text;

namespace Ostiary.Server.Configuration;

/// <summary>Text that people read on pages: nothing in it may hide, reorder or break what stands beside it.</summary>
internal static class DisplayText
{
    public static bool IsPlain(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar)
                return false;
            if (
                Rune.GetUnicodeCategory(rune)
                is UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned
            )
                return false;
        }
        return text.Length == 0 || (!char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1]));
    }
}
