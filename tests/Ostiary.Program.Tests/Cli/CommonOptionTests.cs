using System.Text.Json;
using Ostiary.Cli.Administration;
using Ostiary.Cli.Output;

namespace Ostiary.Program.Tests.Cli;

/// <summary>The options that mean the same for every noun.</summary>
[Trait("Speed", "Slow")]
public sealed class CommonOptionTests : IAsyncLifetime
{
    private const string Secret = "0123456789abcdefghijklmnopqrstuvwxyz-ABC";
    private readonly Served _served = new();

    public async ValueTask InitializeAsync()
    {
        await _served.StartAsync();
        await DoAsync("api", "create", "https://api.example", "--scope", "read=Read", "--scope", "write=Write", "--default-scope", "read");
        await DoAsync("client", "create", "beta", "--type", "service", "--scope", "read");
        await DoAsync("client", "create", "alpha", "--type", "spa", "--redirect-uri", "https://app.example/cb");
        await DoAsync("client", "create", "gamma", "--type", "service", "--scope", "read");
    }

    public ValueTask DisposeAsync() => _served.DisposeAsync();

    [Fact]
    public async Task Filters_sorts_and_chooses_members_of_any_list()
    {
        var run = await DoAsync("client", "list", "--filter", "type=service", "--sort", "client_id:desc", "--fields", "client_id,type");
        Assert.Equal("gamma\tservice\nbeta\tservice\n", run.Output);
        Assert.Equal("beta\n", (await DoAsync("client", "list", "--filter", "client_id=lt:gamma", "--filter", "type=ne:spa", "-q")).Output);
        Assert.Equal("alpha\n", (await DoAsync("client", "list", "--sort", "client_id", "--limit", "1", "-q")).Output);
        var json = JsonDocument.Parse((await DoAsync("api", "get", "https://api.example", "--fields", "identifier,nothing", "-o", "json")).Output);
        Assert.Equal("""{"identifier":"https://api.example","nothing":null}""", JsonForms.Line(json.RootElement));
        Assert.Contains("\"default\": true", (await DoAsync("api", "get", "https://api.example", "-o", "json")).Output, StringComparison.Ordinal);
        foreach (
            var wrong in (string[][])
                [
                    ["--filter", "type"],
                    ["--sort", "a:up"],
                    ["--fields", "a;b"],
                ]
        )
            Assert.Equal(2, (await RunAsync(["client", "list", .. wrong])).Exit);
    }

    [Fact]
    public async Task A_dry_run_changes_nothing_and_says_what_it_would()
    {
        var run = await DoAsync("client", "delete", "beta", "--dry-run");
        Assert.Equal("", run.Output);
        Assert.Contains("DELETE /clients/beta", run.Error, StringComparison.Ordinal);
        await DoAsync("client", "get", "beta");
        run = await DoWithInputAsync(Secret, "client", "create", "delta", "--type", "service", "--secret-stdin", "--dry-run");
        Assert.Contains("\"client_secret\":\"***\"", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, run.Error, StringComparison.Ordinal);
        Assert.Equal(3, (await RunAsync(["client", "get", "delta"])).Exit);
    }

    [Fact]
    public async Task Shows_the_requests_without_their_secrets()
    {
        var run = await DoWithInputAsync(Secret, "client", "create", "delta", "--type", "service", "--secret-stdin", "--debug", "http");
        Assert.Contains("> POST ", run.Error, StringComparison.Ordinal);
        Assert.Contains("< 201 ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, run.Error + run.Output, StringComparison.Ordinal);
        run = await DoAsync("client", "create", "--type", "service", "--debug", "http", "-o", "json");
        var made = JsonDocument.Parse(run.Output).RootElement.GetProperty("client_secret").GetString()!;
        Assert.DoesNotContain(made, run.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(["client", "list", "--debug", "tcp"])).Exit);
        Assert.Equal("grant_type=x&code=***&client_secret=***", HttpTrace.OfForm("grant_type=x&code=abc&client_secret=def"));
    }

    [Fact]
    public async Task A_profile_names_the_server()
    {
        var home = Directory.CreateTempSubdirectory("ostiary-test-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(home, "ostiary"));
            await File.WriteAllTextAsync(
                Path.Combine(home, "ostiary", "profiles.json"),
                $$$"""{"here":{"data":"{{{_served.Data}}}"},"odd":{"token":"x"}}""",
                TestContext.Current.CancellationToken
            );
            var environment = new Dictionary<string, string?> { ["XDG_CONFIG_HOME"] = home, ["OSTIARY_PROFILE"] = "here" };
            var run = await Program.RunAsync(["client", "list", "-q"], null, environment);
            Assert.Equal("alpha\nbeta\ngamma\n", run.Output);
            foreach (var profile in (string[])["other", "odd"])
                Assert.Equal(2, (await Program.RunAsync(["client", "list", "--profile", profile], null, environment)).Exit);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public async Task What_is_deleted_is_confirmed()
    {
        var refused = await RunAsync(["client", "delete", "beta"]);
        Assert.Equal((2, ""), (refused.Exit, refused.Output));
        Assert.Contains("OST8010", refused.Error, StringComparison.Ordinal);
        await DoAsync("client", "get", "beta");
        await DoAsync("client", "delete", "beta", "--yes");
        Assert.Equal(3, (await RunAsync(["client", "get", "beta"])).Exit);
    }

    [Fact]
    public async Task A_secret_that_was_brought_is_not_shown_and_secrets_are_listed_as_they_came()
    {
        var run = await DoWithInputAsync(Secret, "client", "create", "delta", "--type", "service", "--secret-stdin", "-o", "json");
        Assert.False(JsonDocument.Parse(run.Output).RootElement.TryGetProperty("client_secret", out _));
        var added = new List<string> { (await DoAsync("client", "secret", "list", "delta", "-q")).Output.Trim() };
        for (var i = 0; i < 4; i++)
            added.Add(
                JsonDocument
                    .Parse((await DoAsync("client", "secret", "add", "delta", "-o", "json")).Output)
                    .RootElement.GetProperty("id")
                    .GetString()!
            );
        Assert.Equal(added, (await DoAsync("client", "secret", "list", "delta", "-q")).Lines);
    }

    [Fact]
    public async Task A_scope_that_no_api_defines_is_worth_a_warning()
    {
        var run = await DoAsync("client", "create", "later", "--type", "service", "--scope", "read", "--scope", "mail");
        Assert.Contains("no API defines 'mail' yet", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("'read'", run.Error, StringComparison.Ordinal);
    }

    private Task<Run> DoAsync(params string[] arguments) => DoWithInputAsync(null, arguments);

    private async Task<Run> DoWithInputAsync(string? input, params string[] arguments)
    {
        var run = await Program.RunAsync([.. arguments, "--data", _served.Data], input, null);
        Assert.True(run.Exit == 0, run.Error);
        return run;
    }

    private Task<Run> RunAsync(string[] arguments) => Program.RunAsync([.. arguments, "--data", _served.Data], null, null);
}
