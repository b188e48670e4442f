using System.Text.Json;

namespace Ostiary.Server.Admin;

/// <summary>Pages of lists, in the order of their ids: <c>{"items":[…],"next":"…"}</c>.</summary>
internal static class Lists
{
    public static AdminResponse Page<T>(AdminCall call, IEnumerable<T> all, Func<T, string> id, Action<Utf8JsonWriter, T> write, long? revision)
    {
        if (!call.TryPage(out var limit, out var after, out var refusal))
            return AdminResponse.Refused(refusal!);
        var found = all.OrderBy(id, StringComparer.Ordinal)
            .Where(item => after is null || string.CompareOrdinal(id(item), after) > 0)
            .Take(limit + 1)
            .ToList();
        var next = found.Count > limit ? AdminCursor.Write(id(found[limit - 1])) : null;
        return Write(found.Take(limit), next, write) with { Revision = revision };
    }

    public static AdminResponse Write<T>(IEnumerable<T> items, string? next, Action<Utf8JsonWriter, T> write) =>
        AdminResponse.Object(
            200,
            json =>
            {
                json.WriteStartArray("items");
                foreach (var item in items)
                {
                    json.WriteStartObject();
                    write(json, item);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteString("next", next);
            }
        );
}
