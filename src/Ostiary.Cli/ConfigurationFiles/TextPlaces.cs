using System.Globalization;

namespace Ostiary.Cli.ConfigurationFiles;

/// <summary>A place in a text, counted from one.</summary>
internal readonly record struct TextPlace(int Line, int Column)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Line}:{Column}");
}

/// <summary>Where each member of a configuration stands in the file that it was read from.</summary>
internal sealed class TextPlaces
{
    private readonly Dictionary<string, TextPlace> _places = new(StringComparer.Ordinal);

    public static string Member(string parent, string name) => parent.Length == 0 ? name : $"{parent}.{name}";

    public static string Item(string parent, int index) => string.Create(CultureInfo.InvariantCulture, $"{parent}[{index}]");

    /// <summary>False where the member stands there already.</summary>
    public bool TryAdd(string path, TextPlace place) => _places.TryAdd(path, place);

    /// <summary>The place of a member, or of the nearest one around it where the member itself is missing.</summary>
    public TextPlace? Of(string path)
    {
        for (var near = path; near.Length > 0; near = near[..Math.Max(near.LastIndexOf('.'), near.LastIndexOf('['))])
        {
            if (_places.TryGetValue(near, out var place))
                return place;
            if (near.LastIndexOf('.') < 0 && near.LastIndexOf('[') < 0)
                break;
        }
        return null;
    }
}
