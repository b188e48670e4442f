using System.Globalization;
using System.Text.Json;
using Ostiary.Cli.Errors;

namespace Ostiary.Cli.Output;

/// <summary>What of a result is shown: <c>--filter</c> keeps items, <c>--sort</c> orders them, <c>--fields</c> keeps members. The same for every noun.</summary>
internal sealed class Selection
{
    private static readonly string[] Operators = ["eq", "ne", "contains", "starts", "ends", "gt", "lt"];
    private readonly IReadOnlyList<(string Field, string Operator, string Value)> _filters;
    private readonly (string Field, bool Descending)? _sort;

    private Selection(IReadOnlyList<string> fields, IReadOnlyList<(string, string, string)> filters, (string, bool)? sort) =>
        (Fields, _filters, _sort) = (fields, filters, sort);

    public IReadOnlyList<string> Fields { get; }

    /// <summary>Whether the items must all be known before the first can be shown.</summary>
    public bool NeedsAll => _filters.Count > 0 || _sort is not null;

    public static Selection Parse(string? fields, IReadOnlyList<string> filters, string? sort) =>
        new(
            fields is null ? [] : [.. fields.Split(',', StringSplitOptions.TrimEntries).Select(f => Named(f, "--fields"))],
            [.. filters.Select(Filter)],
            sort is null ? null : Sort(sort)
        );

    /// <summary>The items that are kept, in order, at most so many.</summary>
    public IReadOnlyList<JsonElement> Of(IEnumerable<JsonElement> items, int limit)
    {
        var kept = items.Where(item => _filters.All(f => Holds(item, f)));
        if (_sort is { } sort)
            kept = sort.Descending
                ? kept.OrderByDescending(i => Text(i, sort.Field), Order.Instance)
                : kept.OrderBy(i => Text(i, sort.Field), Order.Instance);
        return [.. kept.Take(limit)];
    }

    /// <summary>The object with the chosen members alone, each under the name that was asked for; all of it where none was chosen.</summary>
    public JsonElement Project(JsonElement item) =>
        Fields.Count == 0 || item.ValueKind != JsonValueKind.Object
            ? item
            : JsonForms.Object(json =>
            {
                foreach (var field in Fields.Distinct(StringComparer.Ordinal))
                {
                    json.WritePropertyName(field);
                    if (Column.Find(item, field) is { ValueKind: not JsonValueKind.Undefined } value)
                        value.WriteTo(json);
                    else
                        json.WriteNullValue();
                }
            });

    private static bool Holds(JsonElement item, (string Field, string Operator, string Value) filter)
    {
        var value = Column.Find(item, filter.Field);
        if (filter.Operator == "ne")
            return !Holds(item, filter with { Operator = "eq" });
        return value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Any(v => Compare(Cell.Text(v), filter.Operator, filter.Value))
            : Compare(Cell.Text(value), filter.Operator, filter.Value);
    }

    private static bool Compare(string text, string comparison, string value) =>
        comparison switch
        {
            "contains" => text.Contains(value, StringComparison.OrdinalIgnoreCase),
            "starts" => text.StartsWith(value, StringComparison.Ordinal),
            "ends" => text.EndsWith(value, StringComparison.Ordinal),
            "gt" => Order.Instance.Compare(text, value) > 0,
            "lt" => Order.Instance.Compare(text, value) < 0,
            _ => text == value || (value is "true" or "false" && text == (value == "true" ? "yes" : "no")),
        };

    private static string Text(JsonElement item, string field) => Cell.Text(Column.Find(item, field));

    private static (string, string, string) Filter(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
            throw CliException.Usage(
                $"'{Printable.Of(text)}' is not FIELD=VALUE (--filter).",
                "--filter disabled=true, or --filter client_id=starts:web"
            );
        var value = text[(at + 1)..];
        var comparison = Array.Find(Operators, o => value.StartsWith(o + ":", StringComparison.Ordinal));
        return (Named(text[..at], "--filter"), comparison ?? "eq", comparison is null ? value : value[(comparison.Length + 1)..]);
    }

    private static (string, bool) Sort(string text)
    {
        var parts = text.Split(':', 2);
        if (parts is [_, not ("asc" or "desc")])
            throw CliException.Usage($"'{Printable.Of(parts[1])}' is no order (--sort).", $"--sort {parts[0]}:desc");
        return (Named(parts[0], "--sort"), parts is [_, "desc"]);
    }

    private static string Named(string field, string option) =>
        field.Length > 0 && field.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
            ? field
            : throw CliException.Usage($"'{Printable.Of(field)}' is not the name of a member ({option}).", $"{option} client_id");

    /// <summary>Numbers by their value, everything else by its characters; RFC 3339 times sort as text.</summary>
    private sealed class Order : IComparer<string>
    {
        public static readonly Order Instance = new();

        public int Compare(string? x, string? y) =>
            decimal.TryParse(x, NumberStyles.Float, CultureInfo.InvariantCulture, out var left)
            && decimal.TryParse(y, NumberStyles.Float, CultureInfo.InvariantCulture, out var right)
                ? left.CompareTo(right)
                : string.CompareOrdinal(x, y);
    }
}
