using System.Text.Json;
using Ostiary.Cli.Errors;

namespace Ostiary.Cli.Output;

internal enum OutputForm
{
    Table,
    Json,
    JsonLines,
    Yaml,
    Id,
}

/// <summary>Writes the result of a command in the form that was asked for: the API's own object, or a table made of it.</summary>
internal sealed class ResultWriter(Terminal terminal, OutputForm form, Selection selection, bool aligned = false)
{
    public OutputForm Form => form;

    /// <summary>For people: on a terminal, and where the table was asked for by name. A program gets values between tabs.</summary>
    private bool Aligned => aligned || terminal.OutputIsTerminal;

    public static OutputForm Parse(string? text, bool quiet) =>
        text switch
        {
            null => quiet ? OutputForm.Id : OutputForm.Table,
            "table" => OutputForm.Table,
            "json" => OutputForm.Json,
            "jsonl" => OutputForm.JsonLines,
            "yaml" => OutputForm.Yaml,
            "id" => OutputForm.Id,
            _ => throw CliException.Usage($"'{text}' is not an output form.", "-o table, json, jsonl, yaml or id"),
        };

    /// <summary>A list: <paramref name="answer"/> has <c>items</c> and, where there is more, <c>next</c>.</summary>
    public void List(JsonElement answer, string noun, IReadOnlyList<Column> columns)
    {
        var items = answer.GetProperty("items");
        if (selection.Fields.Count > 0)
        {
            columns = [.. selection.Fields.Select(f => new Column(f.ToUpperInvariant(), f))];
            (answer, items) = Projected(answer);
        }
        switch (form)
        {
            case OutputForm.Json:
                terminal.Result.WriteLine(JsonForms.Indented(answer));
                break;
            case OutputForm.JsonLines:
                foreach (var item in items.EnumerateArray())
                    terminal.Result.WriteLine(JsonForms.Line(item));
                break;
            case OutputForm.Yaml:
                Yaml.Write(terminal.Result, answer);
                break;
            case OutputForm.Id:
                foreach (var item in items.EnumerateArray())
                    terminal.Result.WriteLine(Printable.Of(columns[0].Of(item)));
                break;
            default:
                Rows(
                    [.. columns.Select(c => c.Heading)],
                    [.. items.EnumerateArray().Select(i => (IReadOnlyList<string>)[.. columns.Select(c => c.Of(i))])]
                );
                Count(items.GetArrayLength(), noun, answer.TryGetProperty("next", out var next) && next.ValueKind == JsonValueKind.String);
                break;
        }
    }

    /// <summary>One object; <paramref name="id"/> names the member that <c>-o id</c> prints.</summary>
    public void One(JsonElement value, string id)
    {
        (value, id) = (selection.Project(value), selection.Fields is [var first, ..] ? first : id);
        switch (form)
        {
            case OutputForm.Json:
                terminal.Result.WriteLine(JsonForms.Indented(value));
                break;
            case OutputForm.JsonLines:
                terminal.Result.WriteLine(JsonForms.Line(value));
                break;
            case OutputForm.Yaml:
                Yaml.Write(terminal.Result, value);
                break;
            case OutputForm.Id:
                terminal.Result.WriteLine(Printable.Of(new Column(id, id).Of(value)));
                break;
            default:
                Members(value);
                break;
        }
    }

    /// <summary>Rows that were made here, and are no object of the API.</summary>
    public void Rows(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (!Aligned)
            Tsv.Write(terminal.Result, rows);
        else if (rows.Count > 0)
            Table.Write(terminal.Result, headings, rows, terminal.OutputIsTerminal ? Terminal.Width : int.MaxValue / 2, terminal.OutputInk);
    }

    private (JsonElement Answer, JsonElement Items) Projected(JsonElement answer)
    {
        var projected = JsonForms.Object(json =>
        {
            json.WriteStartArray("items");
            foreach (var item in answer.GetProperty("items").EnumerateArray())
                selection.Project(item).WriteTo(json);
            json.WriteEndArray();
            json.WritePropertyName("next");
            (answer.TryGetProperty("next", out var next) ? next : JsonForms.Null).WriteTo(json);
        });
        return (projected, projected.GetProperty("items"));
    }

    /// <summary>Long values (tokens, URLs) are never cut: each stands on a line of its own.</summary>
    private void Members(JsonElement value)
    {
        var members = value
            .EnumerateObject()
            .Where(m => m.Value.ValueKind != JsonValueKind.Null)
            .Select(m => (m.Name, Text: Cell.Text(m.Value)))
            .ToList();
        if (!Aligned)
        {
            Tsv.Write(terminal.Result, members.Select(m => (IReadOnlyList<string>)[m.Name, m.Text]));
            return;
        }
        var width = members.Count == 0 ? 0 : members.Max(m => m.Name.Length);
        foreach (var (name, text) in members)
            terminal.Result.WriteLine($"{terminal.OutputInk.Bold(name.PadRight(width))}  {Printable.Of(text)}");
    }

    private void Count(int count, string noun, bool more)
    {
        if (terminal.OutputIsTerminal)
            terminal.Note($"{count} {noun}{(count == 1 ? "" : "s")}{(more ? ", and more: --all shows them" : "")}");
    }
}
