using System.Text.Json;
using Ostiary.Program.Tests.Cli;
using CliProgram = Ostiary.Program.Tests.Cli.Program;

namespace Ostiary.Program.Tests.ConfigurationFiles;

/// <summary>A configuration in YAML goes the same way as one in JSON, through the real program.</summary>
[Trait("Speed", "Slow")]
public sealed class YamlConfigurationTests
{
    private const string Text = """
        # What the notes need.
        apis:
          - identifier: https://api.example
            scopes:
              - {name: read, description: "Read: your notes", default: true}
            token_lifetime: 5m
        clients:
          - client_id: web
            type: spa
            client_name: "No"
            redirect_uris: [https://app.example/cb]
            scope: openid read
        """;

    [Fact]
    public async Task Is_applied_exported_and_applied_again_without_a_change()
    {
        await using var served = new Served();
        var file = Path.Combine(served.Data, "ostiary.yaml");
        var data = Path.Combine(served.Data, "data");
        await File.WriteAllTextAsync(file, Text, TestContext.Current.CancellationToken);

        Assert.Equal(0, (await CliProgram.RunAsync("config", "validate", file)).Exit);
        var first = await CliProgram.RunAsync("config", "apply", file, "--data", data, "-o", "json");
        Assert.Equal(("", 0), (first.Exit == 0 ? "" : first.Error, first.Exit));
        var export = await CliProgram.RunAsync("config", "export", "-o", "yaml", "--data", data);
        await File.WriteAllTextAsync(file, export.Output, TestContext.Current.CancellationToken);
        var second = await CliProgram.RunAsync("config", "apply", file, "--data", data, "-o", "json");
        Assert.Equal(0, JsonDocument.Parse(second.Output).RootElement.GetProperty("changes").GetArrayLength());
        Assert.Equal(export.Output, (await CliProgram.RunAsync("config", "export", "-o", "yaml", "--data", data)).Output);
    }

    [Fact]
    public async Task Is_served()
    {
        await using var served = new Served();
        await using var beside = new Served();
        var file = Path.Combine(beside.Data, "ostiary.yml");
        await File.WriteAllTextAsync(file, Text, TestContext.Current.CancellationToken);

        await served.StartAsync("--config", file);

        Assert.Contains(
            "https://api.example",
            (await CliProgram.RunAsync("api", "list", "-q", "--data", served.Data)).Output,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(
        "ostiary.yaml",
        "clients:\n  - client_id: web\n    type: spa\n    redirect_uri: x\n",
        "ostiary.yaml:4:5: clients[0].redirect_uri: ",
        "OST4"
    )]
    [InlineData("ostiary.yaml", "users:\n  - username: NO\n", "ostiary.yaml:2:15: NO is read differently", "OST4200")]
    [InlineData("ostiary.json", "{\n  \"apis\": [],\n  \"apis\": []\n}", "ostiary.json:3:3: The member 'apis' stands there twice", "OST4200")]
    [InlineData("ostiary.json", "{\n  \"apis\": [,]\n}", "ostiary.json:2:", "OST4200")]
    [InlineData("ostiary.json", "{\n  \"clients\": [{\"client_id\": 3}]\n}", "ostiary.json:2:16: clients[0].client_id", "OST4200")]
    public async Task Tells_the_line_and_column_of_a_fault(string name, string text, string said, string code)
    {
        await using var served = new Served();
        var file = Path.Combine(served.Data, name);
        var data = Path.Combine(served.Data, "data");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        foreach (
            var command in (string[][])
                [
                    ["config", "validate", file],
                    ["config", "validate", file, "--data", data],
                    ["config", "apply", file, "--data", data],
                ]
        )
        {
            var run = await CliProgram.RunAsync(command);
            Assert.Equal((2, ""), (run.Exit, run.Output));
            Assert.Contains(said, run.Error, StringComparison.Ordinal);
            Assert.Contains(code, run.Error, StringComparison.Ordinal);
        }
    }
}
