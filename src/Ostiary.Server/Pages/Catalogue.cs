using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace Ostiary.Server.Pages;

/// <summary>The texts of the pages in one language, from the embedded <c>lang/xx.json</c>. Every language has the same keys.</summary>
internal sealed class Catalogue
{
    private readonly FrozenDictionary<string, string> _texts;

    private Catalogue(string language, FrozenDictionary<string, string> texts) => (Language, _texts) = (language, texts);

    /// <summary>The fixed list; the first one is the fallback.</summary>
    public static IReadOnlyList<Catalogue> All { get; } = [Load("en"), Load("de")];

    /// <summary>The value of <c>lang</c>.</summary>
    public string Language { get; }

    public IEnumerable<string> Keys => _texts.Keys;

    public bool Has(string key) => _texts.ContainsKey(key);

    /// <summary>The text, with <c>{0}</c> and so on filled in. Values stay text: whoever writes it into a page encodes all of it.</summary>
    public string this[string key, params ReadOnlySpan<string> values]
    {
        get
        {
            var text = _texts[key];
            for (var i = 0; i < values.Length; i++)
                text = text.Replace(Placeholder(i), values[i], StringComparison.Ordinal);
            return text;
        }
    }

    /// <summary>The text as HTML; the values may hold markup.</summary>
    public Html Html(string key, params ReadOnlySpan<Html> values)
    {
        var parts = new List<Html>();
        var rest = _texts[key].AsSpan();
        while (!rest.IsEmpty)
        {
            var open = rest.IndexOf('{');
            if (open < 0 || open + 2 >= rest.Length)
                break;
            parts.Add(Pages.Html.Text(rest[..open].ToString()));
            parts.Add(values[rest[open + 1] - '0']);
            rest = rest[(open + 3)..];
        }
        parts.Add(Pages.Html.Text(rest.ToString()));
        return Pages.Html.Join(parts);
    }

    /// <summary>A text that counts: the key with <c>.one</c> or <c>.other</c>.</summary>
    public string Count(string key, long count) => this[key + (count == 1 ? ".one" : ".other"), count.ToString(CultureInfo.InvariantCulture)];

    /// <summary>The language for a reader: <c>ui_locales</c>, then Accept-Language, then English. OIDC Core §3.1.2.1</summary>
    public static Catalogue For(IReadOnlyList<string> uiLocales, string? acceptLanguage)
    {
        foreach (var tag in uiLocales.Take(20))
        {
            if (Find(tag) is { } wanted)
                return wanted;
        }
        return ByPreference(acceptLanguage) ?? All[0];
    }

    private static Catalogue? ByPreference(string? acceptLanguage)
    {
        Catalogue? best = null;
        var bestQuality = 0d;
        foreach (var item in (acceptLanguage ?? "").Split(',', 21).Take(20))
        {
            var parts = item.Split(';');
            if (Find(parts[0].Trim()) is not { } found)
                continue;
            var quality = parts.Length > 1 ? Quality(parts[1].Trim()) : 1;
            if (quality > bestQuality)
                (best, bestQuality) = (found, quality);
        }
        return best;
    }

    private static double Quality(string parameter) =>
        parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase)
        && double.TryParse(parameter.AsSpan(2), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quality)
            ? quality
            : 0;

    private static Catalogue? Find(string tag)
    {
        var end = tag.IndexOf('-', StringComparison.Ordinal);
        var primary = end < 0 ? tag : tag[..end];
        return All.FirstOrDefault(c => c.Language.Equals(primary, StringComparison.OrdinalIgnoreCase));
    }

    private static string Placeholder(int index) => string.Create(CultureInfo.InvariantCulture, $"{{{index}}}");

    private static Catalogue Load(string language)
    {
        using var json = JsonDocument.Parse(
            Assets.Read($"pages/lang/{language}.json") ?? throw new InvalidOperationException("The texts are not embedded.")
        );
        return new(language, json.RootElement.EnumerateObject().ToFrozenDictionary(p => p.Name, p => p.Value.GetString()!, StringComparer.Ordinal));
    }
}
