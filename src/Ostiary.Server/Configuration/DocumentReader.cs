using System.Collections.Immutable;
using System.Text.Json;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Configuration;

/// <summary>
/// Reads the members of one JSON object strictly and collects every fault. A member exists because something reads it: what nothing has read when
/// <see cref="Finish"/> is called is unknown, and the fault names the nearest name that was read.
/// </summary>
internal sealed class DocumentReader
{
    public const int MaxItems = 200;
    private readonly JsonElement _element;
    private readonly List<string> _known = [];

    public DocumentReader(JsonElement element, string path, List<ConfigurationFault> faults)
    {
        (_element, Path, Faults) = (element, path, faults);
        IsObject = element.ValueKind == JsonValueKind.Object;
        if (!IsObject)
            faults.Add(
                new(path.Length == 0 ? "(document)" : path, Reason.ConfigurationInvalid, $"must be an object, not {NameOf(element.ValueKind)}.")
            );
    }

    public string Path { get; }
    public List<ConfigurationFault> Faults { get; }
    public bool IsObject { get; }

    public string At(string member) => Path.Length == 0 ? member : $"{Path}.{member}";

    public void Refuse(string member, string message, string? hint = null, Reason reason = Reason.ConfigurationInvalid) =>
        Faults.Add(new(At(member), reason, message, hint));

    public bool TryGet(string member, out JsonElement value)
    {
        _known.Add(member);
        value = default;
        return IsObject && _element.TryGetProperty(member, out value);
    }

    public bool Has(string member) => TryGet(member, out _);

    /// <summary>Faults for the members that nobody has read.</summary>
    public void Finish()
    {
        if (!IsObject)
            return;
        foreach (var member in _element.EnumerateObject())
        {
            if (_known.Contains(member.Name, StringComparer.Ordinal))
                continue;
            var name = Shorten(member.Name);
            var closest = ClosestName.Of(member.Name, _known);
            Faults.Add(
                new(
                    At(name),
                    Reason.UnknownSetting,
                    $"'{name}' is not a setting here.",
                    closest is null ? $"Known are: {string.Join(", ", _known.Distinct())}." : $"The closest is '{closest}'."
                )
            );
        }
    }

    public string? Text(string member, int longest = 2000)
    {
        if (!TryTyped(member, JsonValueKind.String, "a text", out var value))
            return null;
        return CheckText(member, value.GetString()!, longest);
    }

    /// <summary>A text that people read: no control, direction or invisible characters.</summary>
    public string? Display(string member, int longest)
    {
        var text = Text(member, longest);
        if (text is null || DisplayText.IsPlain(text))
            return text;
        Refuse(member, "holds control, direction or invisible characters, or begins or ends with a space.");
        return null;
    }

    public bool? Flag(string member)
    {
        if (!TryGet(member, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Refuse(member, $"must be true or false, not {NameOf(value.ValueKind)}.");
        return null;
    }

    public long? Number(string member, long least, long greatest)
    {
        if (!TryTyped(member, JsonValueKind.Number, "a whole number", out var value))
            return null;
        if (value.TryGetInt64(out var number) && number >= least && number <= greatest)
            return number;
        Refuse(member, $"must be a whole number from {least} to {greatest}.");
        return null;
    }

    public TimeSpan? Span(string member)
    {
        if (!TryGet(member, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.String && Duration.TryParse(value.GetString()!, out var span))
            return span;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var seconds) && seconds >= 0)
            return TimeSpan.FromSeconds(seconds);
        Refuse(member, "must be a duration.", "Write a whole number and s, m, h or d, for example \"10m\"; a number alone is seconds.");
        return null;
    }

    public ImmutableArray<string>? Texts(string member, int longest = 2000)
    {
        if (!TryTyped(member, JsonValueKind.Array, "a list", out var value) || !CheckCount(member, value))
            return null;
        var texts = ImmutableArray.CreateBuilder<string>();
        foreach (var item in value.EnumerateArray())
        {
            var at = $"{member}[{texts.Count}]";
            if (item.ValueKind != JsonValueKind.String)
                Refuse(at, $"must be a text, not {NameOf(item.ValueKind)}.");
            var text = item.ValueKind == JsonValueKind.String ? CheckText(at, item.GetString()!, longest) : "";
            if (!string.IsNullOrEmpty(text) && texts.Contains(text))
                Refuse(at, $"'{Shorten(text)}' is listed twice.");
            texts.Add(text ?? "");
        }
        return texts.Contains("") ? null : texts.ToImmutable();
    }

    public IEnumerable<(JsonElement Item, string Path)> Items(string member, int most = MaxItems)
    {
        if (!TryTyped(member, JsonValueKind.Array, "a list", out var value) || !CheckCount(member, value, most))
            yield break;
        var index = 0;
        foreach (var item in value.EnumerateArray())
            yield return (item, At($"{member}[{index++}]"));
    }

    /// <summary>One of the names of a table.</summary>
    public T? Choice<T>(string member, IReadOnlyList<(string Name, T Value)> table)
        where T : struct
    {
        var text = Text(member, 200);
        if (text is null)
            return null;
        foreach (var (name, value) in table)
        {
            if (name == text)
                return value;
        }
        var closest = ClosestName.Of(text, table.Select(row => row.Name));
        Refuse(
            member,
            $"'{Shorten(text)}' is not one of {string.Join(", ", table.Select(row => row.Name))}.",
            closest is null ? null : $"The closest is '{closest}'."
        );
        return null;
    }

    public string? OneOf(string member, IReadOnlyList<string> names)
    {
        var index = Choice<int>(member, [.. names.Select((name, i) => (name, i))]);
        return index is { } i ? names[i] : null;
    }

    public static string Shorten(string text) => text.Length <= 80 ? text : text[..77] + "...";

    private string? CheckText(string member, string text, int longest)
    {
        if (text.Length == 0)
            Refuse(member, "must not be empty.");
        else if (text.Length > longest)
            Refuse(member, $"is longer than {longest} characters.");
        else if (text.Any(char.IsControl))
            Refuse(member, "holds control characters.");
        else
            return text;
        return null;
    }

    private bool CheckCount(string member, JsonElement value, int most = MaxItems)
    {
        if (value.GetArrayLength() <= most)
            return true;
        Refuse(member, $"has more than {most} entries.");
        return false;
    }

    private bool TryTyped(string member, JsonValueKind kind, string expected, out JsonElement value)
    {
        if (!TryGet(member, out value))
            return false;
        if (value.ValueKind == kind)
            return true;
        Refuse(member, $"must be {expected}, not {NameOf(value.ValueKind)}.");
        return false;
    }

    private static string NameOf(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "true or false",
            _ => "null",
        };
}
