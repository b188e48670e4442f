using System.Text.Json;
using Ostiary.Cli.Output;

namespace Ostiary.Program.Tests.Cli;

public sealed class OutputTests
{
    private const string Escape = "\u001b[";
    private static readonly string[] Headings = ["NAME", "VALUE"];

    [Fact]
    public async Task Is_tab_separated_and_without_heading_where_stdout_is_no_terminal()
    {
        var run = await Program.RunAsync("version");

        Assert.StartsWith("version\t", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Escape, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_a_table_of_full_width_where_a_table_is_asked_for_by_name()
    {
        var run = await Program.RunAsync("explain", "-o", "table");

        Assert.StartsWith("WHAT ", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\t', run.Output);
        Assert.DoesNotContain('…', run.Output);
    }

    [Fact]
    public async Task Is_a_table_cut_to_the_width_on_a_terminal()
    {
        var narrow = await Program.OnTerminalAsync("explain --no-color", columns: 60);

        Assert.All(narrow.Split('\n').Where(l => l.StartsWith("OST", StringComparison.Ordinal)), line => Assert.True(line.Length <= 60, line));
        Assert.Contains("…", narrow, StringComparison.Ordinal);
        Assert.Contains("WHAT", narrow, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_coloured_only_on_a_terminal_that_wants_it()
    {
        Assert.Contains(Escape, await Program.OnTerminalAsync("--help"), StringComparison.Ordinal);
        Assert.DoesNotContain(Escape, await Program.OnTerminalAsync("--help", new() { ["NO_COLOR"] = "1" }), StringComparison.Ordinal);
        Assert.DoesNotContain(Escape, await Program.OnTerminalAsync("--help", new() { ["TERM"] = "dumb" }), StringComparison.Ordinal);
        Assert.DoesNotContain(Escape, await Program.OnTerminalAsync("--help --no-color"), StringComparison.Ordinal);
        var forced = await Program.RunAsync(["--help"], null, new() { ["CLICOLOR_FORCE"] = "1" });
        Assert.Contains(Escape, forced.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Has_the_forms_json_jsonl_yaml_and_id()
    {
        using var json = JsonDocument.Parse((await Program.RunAsync("version", "-o", "json")).Output);
        var version = json.RootElement.GetProperty("version").GetString()!;
        var line = await Program.RunAsync("version", "-o", "jsonl");

        Assert.Equal(version, JsonDocument.Parse(Assert.Single(line.Lines)).RootElement.GetProperty("version").GetString());
        Assert.StartsWith($"version: \"{version}\"\n", (await Program.RunAsync("version", "-o", "yaml")).Output, StringComparison.Ordinal);
        Assert.Equal(version + "\n", (await Program.RunAsync("version", "-o", "id")).Output);
        Assert.Equal(version + "\n", (await Program.RunAsync("version", "-q")).Output);
    }

    [Fact]
    public void Yaml_quotes_what_could_be_read_as_something_else()
    {
        using var json = JsonDocument.Parse("""{"a":"yes","b":"1.0","c":"plain","d":["x: y",true,null,3],"e":{"f":[]},"g":[{"h":"","i":"#"}]}""");
        var yaml = new StringWriter { NewLine = "\n" };

        Yaml.Write(yaml, json.RootElement);

        Assert.Equal(
            "a: \"yes\"\nb: \"1.0\"\nc: plain\nd:\n- \"x: y\"\n- true\n- null\n- 3\ne:\n  f: []\ng:\n- h: \"\"\n  i: \"#\"\n",
            yaml.ToString()
        );
    }

    [Fact]
    public void Text_from_elsewhere_cannot_steer_the_terminal()
    {
        Assert.Equal("a\\u001b[31mb\\n\\t\\u202ec", Printable.Of("a\u001b[31mb\n\t\u202ec"));
    }

    [Fact]
    public void A_table_gives_the_widest_column_less_room_first()
    {
        var text = new StringWriter { NewLine = "\n" };

        Table.Write(
            text,
            Headings,
            [
                ["id", new string('x', 100)],
            ],
            30,
            new Ink(false)
        );

        Assert.Equal("NAME  VALUE\nid    " + new string('x', 23) + "…\n", text.ToString());
    }

    [Fact]
    public void Tabs_and_line_ends_do_not_break_a_row()
    {
        var text = new StringWriter { NewLine = "\n" };

        Tsv.Write(
            text,
            [
                ["a\tb", "c\nd", "e\\f"],
            ]
        );

        Assert.Equal("a\\tb\tc\\nd\te\\\\f\n", text.ToString());
    }
}
