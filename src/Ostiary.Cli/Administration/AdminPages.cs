using System.Globalization;
using System.Text.Json;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Administration;

/// <summary>Reads a list: one page, or with <c>--all</c> every page as one list.</summary>
internal static class AdminPages
{
    /// <summary>What a page has where nothing else was asked for.</summary>
    public const int UsualLimit = 100;

    public static async Task<JsonElement> ReadAsync(IAdminChannel channel, string path, int? limit, bool all, CancellationToken ct)
    {
        var first = await PageAsync(channel, path, limit, null, ct);
        if (!all || Next(first) is null)
            return first;
        var items = first.GetProperty("items").EnumerateArray().ToList();
        for (var cursor = Next(first); cursor is not null; )
        {
            var page = await PageAsync(channel, path, limit, cursor, ct);
            items.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = Next(page);
        }
        return List(items);
    }

    /// <summary>Items as a list that is whole.</summary>
    public static JsonElement List(IEnumerable<JsonElement> items) =>
        JsonForms.Object(json =>
        {
            json.WriteStartArray("items");
            foreach (var item in items)
                item.WriteTo(json);
            json.WriteEndArray();
            json.WriteNull("next");
        });

    private static async Task<JsonElement> PageAsync(IAdminChannel channel, string path, int? limit, string? cursor, CancellationToken ct)
    {
        var query = new List<string>();
        if (limit is { } number)
            query.Add("limit=" + number.ToString(CultureInfo.InvariantCulture));
        if (cursor is not null)
            query.Add("cursor=" + Uri.EscapeDataString(cursor));
        var separator = path.Contains('?', StringComparison.Ordinal) ? "&" : "?";
        var answer = await channel.SendAsync(HttpMethod.Get, query.Count == 0 ? path : path + separator + string.Join('&', query), null, ct);
        return answer!.Value;
    }

    private static string? Next(JsonElement page) =>
        page.TryGetProperty("next", out var next) && next.ValueKind == JsonValueKind.String ? next.GetString() : null;
}
