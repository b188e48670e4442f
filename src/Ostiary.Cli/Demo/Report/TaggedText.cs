using System.Globalization;
using System.Text.RegularExpressions;

namespace Ostiary.Cli.Demo.Report;

/// <summary>Text in which the tags of secrets (<c>#7f3a</c>) stand out, equal tags in equal colours.</summary>
internal static partial class TaggedText
{
    private const int Colours = 10;

    public static void Write(Markup page, string text)
    {
        var at = 0;
        foreach (var match in Tags().EnumerateMatches(text))
        {
            page.Text(text[at..match.Index]);
            var tag = text.Substring(match.Index, match.Length);
            var colour = int.Parse(tag.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) % Colours;
            page.Element("b", tag, $"tag t{colour}");
            at = match.Index + match.Length;
        }
        page.Text(text[at..]);
    }

    public static IEnumerable<string> In(string text)
    {
        foreach (Match match in Tags().Matches(text))
            yield return match.Value;
    }

    [GeneratedRegex("(?<![0-9A-Za-z/#])#[0-9a-f]{4}(?![0-9A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Tags();
}
