using System.Text.Json;

namespace Ostiary.Cli.Output;

/// <summary>A column of a list: its heading and the member of the API's object that it shows.</summary>
internal sealed record Column(string Heading, string Member)
{
    public string Of(JsonElement item) => Cell.Text(Find(item, Member));

    /// <summary>A member, or a member of a member: <c>a.b</c>. Undefined where there is none.</summary>
    public static JsonElement Find(JsonElement item, string path)
    {
        if (item.ValueKind != JsonValueKind.Object)
            return default;
        if (item.TryGetProperty(path, out var value))
            return value;
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && item.TryGetProperty(path[..dot], out var inner) ? Find(inner, path[(dot + 1)..]) : default;
    }
}

/// <summary>A JSON value as one line of text.</summary>
internal static class Cell
{
    public static string Text(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => "",
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.True => "yes",
            JsonValueKind.False => "no",
            JsonValueKind.Array when value.EnumerateArray().All(IsSimple) => string.Join(' ', value.EnumerateArray().Select(Text)),
            JsonValueKind.Array when value.EnumerateArray().All(IsNamed) => string.Join(
                ' ',
                value.EnumerateArray().Select(v => v.GetProperty("name").GetString())
            ),
            JsonValueKind.Array when value.EnumerateArray().All(IsStated) => string.Join(
                ", ",
                value.EnumerateArray().Select(v => $"{Text(v.GetProperty("client_id"))} {Text(v.GetProperty("state"))}")
            ),
            _ => value.GetRawText(),
        };

    private static bool IsSimple(JsonElement value) => value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object);

    /// <summary>What became of a client.</summary>
    private static bool IsStated(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("client_id", out _) && value.TryGetProperty("state", out _);

    private static bool IsNamed(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String;
}
