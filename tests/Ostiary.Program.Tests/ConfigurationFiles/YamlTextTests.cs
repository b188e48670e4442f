using System.Text;
using System.Text.Json;
using Ostiary.Cli.ConfigurationFiles;
using Ostiary.Cli.Output;

namespace Ostiary.Program.Tests.ConfigurationFiles;

public sealed class YamlTextTests
{
    [Theory]
    [InlineData("a: 1\nb: [x, -2.5, 1e3]", """{"a":1,"b":["x",-2.5,1e3]}""")]
    [InlineData("---\na: true\nb: null\nc: 'no'\nd: \"012\"\n...\n", """{"a":true,"b":null,"c":"no","d":"012"}""")]
    [InlineData("# said why\na:\n- b: c # and here\n  d: {}\n- []\n", """{"a":[{"b":"c","d":{}},[]]}""")]
    [InlineData(
        "t: 10m\nu: https://api.example/x?y#z\nip: 127.0.0.1\nv: 1.2.3\n",
        """{"t":"10m","u":"https://api.example/x?y#z","ip":"127.0.0.1","v":"1.2.3"}"""
    )]
    [InlineData("a: |\n  one\n  two\nb: >-\n  one\n  two\n", """{"a":"one\ntwo\n","b":"one two"}""")]
    [InlineData("{\"a\": \"\\u0041\\n\", \"b\": {\"c\": 0}}", """{"a":"A\n","b":{"c":0}}""")]
    [InlineData("a: \"\\U0001F600 ü\"", """{"a":"\uD83D\uDE00 \u00FC"}""")]
    public void Reads_what_every_version_reads_alike(string yaml, string json)
    {
        using var expected = JsonDocument.Parse(json);
        Assert.True(JsonElement.DeepEquals(expected.RootElement, Parsed(yaml)), Parsed(yaml).GetRawText());
    }

    [Theory]
    [InlineData("country: NO", 1, 10, "NO is read differently")]
    [InlineData("a:\n  b: yes", 2, 6, "yes is read differently")]
    [InlineData("a: On", 1, 4, "On is read differently")]
    [InlineData("a: ~", 1, 4, "~ is read differently")]
    [InlineData("a: True", 1, 4, "True is read differently")]
    [InlineData("a: 0123", 1, 4, "0123 is read differently")]
    [InlineData("a: 0o17", 1, 4, "0o17 is read differently")]
    [InlineData("a: 0x1F", 1, 4, "0x1F is read differently")]
    [InlineData("a: 1_000", 1, 4, "1_000 is read differently")]
    [InlineData("a: 12:30:45", 1, 4, "12:30:45 is read differently")]
    [InlineData("a: +1", 1, 4, "+1 is read differently")]
    [InlineData("a: .5", 1, 4, ".5 is read differently")]
    [InlineData("a: .inf", 1, 4, ".inf is read differently")]
    [InlineData("a: 2026-11-20", 1, 4, "2026-11-20 is read differently")]
    [InlineData("a: 2026-11-20 10:00:00", 1, 4, "is read differently")]
    [InlineData("a:\nb: 1", 1, 3, "A value is missing")]
    [InlineData("no: 1", 1, 1, "The name no can be read")]
    [InlineData("1: a", 1, 1, "The name 1 can be read")]
    [InlineData("a: 1\nb: 2\na: 3", 3, 1, "'a' stands there twice")]
    [InlineData("a: &x 1\nb: *x", 1, 4, "Anchors are not taken")]
    [InlineData("b: *x", 1, 4, "Aliases are not taken")]
    [InlineData("*x : 1", 1, 1, "Aliases are not taken")]
    [InlineData("&x a: 1", 1, 1, "A name must be a plain text")]
    [InlineData("<<: {a: 1}", 1, 1, "Merge keys are not taken")]
    [InlineData("a: !!str 1", 1, 4, "Tags are not taken")]
    [InlineData("a: !ruby/object:X {}", 1, 4, "Tags are not taken")]
    [InlineData("!!map {a: 1}", 1, 1, "Anchors and tags are not taken")]
    [InlineData("? [a]\n: 1", 1, 3, "A name must be a plain text")]
    [InlineData("a: 1\n---\nb: 2", 2, 1, "A second document")]
    [InlineData("%YAML 1.1\n---\na: 1", 1, 1, "Directives are not taken")]
    [InlineData("%TAG ! tag:example,2026:\n---\na: 1", 1, 1, "Directives are not taken")]
    [InlineData("- a", 1, 1, "is a mapping")]
    [InlineData("just words", 1, 1, "is a mapping")]
    [InlineData("", 1, 1, "holds nothing")]
    [InlineData("# nothing\n", 1, 1, "holds nothing")]
    [InlineData("a: b: c", 1, 5, "stops being YAML")]
    [InlineData("a: 1\n  b: 2", 2, 4, "stops being YAML")]
    [InlineData("a: 'x", 1, 4, "stops being YAML")]
    [InlineData("a:\n\tb: 1", 2, 1, "stops being YAML")]
    [InlineData("a: {b: 1", 2, 1, "stops being YAML")]
    [InlineData("\uFEFFa: 1", 1, 1, "byte order mark")]
    public void Refuses_with_the_place_what_is_read_differently_or_not_at_all(string yaml, int line, int column, string said)
    {
        var fault = Assert.Throws<MalformedTextException>(() => YamlText.Read(Encoding.UTF8.GetBytes(yaml)));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.Equal(new TextPlace(line, column), fault.Place);
    }

    [Fact]
    public void Refuses_a_bomb_without_working_for_it()
    {
        var deep = new string('[', 100_000);
        Assert.Contains(
            "deeper",
            Assert.Throws<MalformedTextException>(() => YamlText.Read(Encoding.UTF8.GetBytes("a: " + deep))).Message,
            StringComparison.Ordinal
        );
        const string laughs = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n";
        Assert.Contains(
            "Anchors",
            Assert.Throws<MalformedTextException>(() => YamlText.Read(Encoding.UTF8.GetBytes(laughs))).Message,
            StringComparison.Ordinal
        );
        var large = new byte[3 * 1024 * 1024];
        Assert.Contains("larger", Assert.Throws<MalformedTextException>(() => YamlText.Read(large)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "UTF-8",
            Assert.Throws<MalformedTextException>(() => YamlText.Read([0x61, 0x3A, 0x20, 0xFF])).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>Whatever is typed, the answer is a configuration or a fault with a place, never another exception.</summary>
    [Fact]
    public void Never_fails_otherwise_whatever_is_changed()
    {
        const string seed =
            "issuer: {name: \"x\\u0041\\U0001F600\"}\nclients:\n- client_id: web\n  redirect_uris: ['https://a.example', >-\n    folded]\n? k\n: |2-\n   t\n";
        const string alphabet = "\t\n :-?[]{},&*!|>'\"%@`#\\0a~<=é\u2028\0\uD83D";
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var text = new StringBuilder(seed);
            for (var change = random.Next(1, 5); change > 0; change--)
                if (random.Next(2) == 0)
                    text[random.Next(text.Length)] = alphabet[random.Next(alphabet.Length)];
                else
                    text.Remove(random.Next(text.Length), 1);
            try
            {
                JsonDocument.Parse(YamlText.Read(Encoding.UTF8.GetBytes(text.ToString())).Json).Dispose();
            }
            catch (MalformedTextException fault)
            {
                Assert.True(fault.Place is { Line: > 0, Column: > 0 });
            }
        }
    }

    /// <summary>What is written as YAML is read as the same JSON, whatever characters are in it.</summary>
    [Fact]
    public void Reads_back_what_is_written()
    {
        var random = new Random(11);
        for (var round = 0; round < 3_000; round++)
        {
            using var json = JsonDocument.Parse(RandomObject(random, 0));
            var yaml = new StringWriter { NewLine = "\n" };
            Yaml.Write(yaml, json.RootElement);
            Assert.True(JsonElement.DeepEquals(json.RootElement, Parsed(yaml.ToString())), yaml.ToString());
        }
    }

    [Fact]
    public void Knows_the_place_of_each_member_in_both_forms()
    {
        var yaml = YamlText.Read("apis: []\nclients:\n  - client_id: a\n    redirect_uris:\n      - https://b\n"u8.ToArray()).Places;
        Assert.Equal(new TextPlace(5, 9), yaml.Of("clients[0].redirect_uris[0]"));
        Assert.Equal(new TextPlace(3, 5), yaml.Of("clients[0].client_name"));
        Assert.Equal(new TextPlace(2, 1), yaml.Of("clients[7].client_id"));
        Assert.Null(yaml.Of("(document)"));
        var json = JsonText.Read("{\n  \"clients\": [\n    {\"client_id\": \"ä\", \"x\": 1}]}"u8.ToArray());
        Assert.Equal(new TextPlace(3, 24), json.Of("clients[0].x"));
        Assert.Equal(new TextPlace(3, 5), json.Of("clients[0]"));
    }

    private static JsonElement Parsed(string yaml)
    {
        using var document = JsonDocument.Parse(YamlText.Read(Encoding.UTF8.GetBytes(yaml)).Json);
        return document.RootElement.Clone();
    }

    private static string RandomObject(Random random, int depth) =>
        "{" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(i => $"{RandomText(random, $"m{i}")}:{RandomValue(random, depth)}")) + "}";

    private static string RandomValue(Random random, int depth) =>
        random.Next(depth > 3 ? 5 : 7) switch
        {
            0 => "true",
            1 => "null",
            2 => random.Next(-1000, 1000).ToString(System.Globalization.CultureInfo.InvariantCulture),
            3 => "1.5e-3",
            4 => RandomText(random, ""),
            5 => RandomObject(random, depth + 1),
            _ => "[" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => RandomValue(random, depth + 1))) + "]",
        };

    private static string RandomText(Random random, string start)
    {
        string[] parts =
        [
            "no",
            "a",
            " ",
            ":",
            "#",
            "-",
            "\n",
            "\t",
            "\"",
            "'",
            "\\",
            "é",
            "😀",
            "\u2028",
            "\u0085",
            "\u0001",
            "\u007f",
            "\ufeff",
            "1",
            "~",
            "- ",
            "? ",
        ];
        var text = start + string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => parts[random.Next(parts.Length)]));
        return "\"" + JsonEncodedText.Encode(text) + "\"";
    }
}
