using System.Text;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Errors;

/// <summary>The page of each code: the files of <c>docs/errors</c>, as they are part of the program. <c>ostiary explain</c> and <c>/errors/CODE</c> show the same text.</summary>
public static class ErrorPages
{
    /// <summary>The page's Markdown, or null where a code has none.</summary>
    public static string? Markdown(Reason reason)
    {
        using var stream = typeof(ErrorPages).Assembly.GetManifestResourceStream($"errors/{Refusal.CodeOf(reason)}.md");
        if (stream is null)
            return null;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>The one next step of the page, as plain text, or null.</summary>
    public static string? NextStep(Reason reason)
    {
        const string heading = "## Next step\n\n";
        if (Markdown(reason) is not { } page || page.IndexOf(heading, StringComparison.Ordinal) is var at && at < 0)
            return null;
        var text = page[(at + heading.Length)..];
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).Trim().Replace("`", "", StringComparison.Ordinal);
    }

    /// <summary>The reason of a code (<c>OST1012</c>, <c>1012</c>) or a name (<c>redirect-uri-mismatch</c>), or null.</summary>
    public static Reason? Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var digits = text.StartsWith("OST", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        if (digits.Length == 4 && digits.All(char.IsAsciiDigit))
            return Enum.IsDefined((Reason)int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture))
                ? (Reason)int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture)
                : null;
        foreach (var reason in Enum.GetValues<Reason>())
            if (string.Equals(Refusal.NameOf(reason), text, StringComparison.OrdinalIgnoreCase))
                return reason;
        return null;
    }
}
