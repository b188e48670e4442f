using System.Diagnostics;
using System.Globalization;

namespace Ostiary.Program.Tests.Cli;

/// <summary>How the program ends where it could not do what it was asked.</summary>
[Trait("Speed", "Slow")]
public sealed class FailureTests
{
    private static readonly Dictionary<string, string?> Token = new() { ["OSTIARY_TOKEN"] = "x.y.z" };

    [Theory]
    [InlineData("302 Found\r\nLocation: https://other.example/", 6, "OST8007")]
    [InlineData("307 Temporary Redirect\r\nLocation: /elsewhere", 6, "OST8007")]
    [InlineData("429 Too Many Requests", 6, "OST1005")]
    [InlineData("421 Misdirected Request", 6, "OST8006")]
    [InlineData("503 Service Unavailable", 6, "OST8006")]
    public async Task Says_why_a_server_did_not_do_it(string answer, int exit, string code)
    {
        using var stub = new StubServer(answer);

        var run = await Program.RunAsync(["client", "list", "--server", stub.Url], null, Token);

        Assert.Equal((exit, ""), (run.Exit, run.Output));
        Assert.Contains(code, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follows_no_redirect_of_an_issuer()
    {
        using var stub = new StubServer("302 Found\r\nLocation: https://other.example/");

        var run = await Program.RunAsync(["token", "verify", "--issuer", stub.Url], "x.y.z", null);

        Assert.Equal((6, ""), (run.Exit, run.Output));
        Assert.Contains("OST8007", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wants_a_yes_before_what_cannot_be_undone()
    {
        var data = Directory.CreateTempSubdirectory("ostiary-test-").FullName;
        try
        {
            var run = await Program.RunAsync("config", "apply", "file.json", "--prune", "--data", data);

            Assert.Equal((2, ""), (run.Exit, run.Output));
            Assert.Contains("OST8010", run.Error, StringComparison.Ordinal);
            Assert.Contains("--yes", run.Error, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFileSystemEntries(data));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Stops_when_it_is_interrupted_and_says_so()
    {
        using var stub = new StubServer(answer: null);
        using var process = Program.Start(["client", "list", "--server", stub.Url], Token);
        await stub.Asked.WaitAsync(TestContext.Current.CancellationToken);

        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, process.ExitCode);
        Assert.Equal("", await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Contains("OST8130", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_was_changed_does_not_verify()
    {
        await using var served = new Served();
        Assert.Equal(0, (await Program.RunAsync("api", "create", "https://api.example", "--data", served.Data)).Exit);
        var file = Assert.Single(Directory.GetFiles(served.Data, "*.jsonl", SearchOption.AllDirectories));
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            file,
            text.Replace("https://api.example", "https://api.exemple", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );

        var run = await Program.RunAsync("event", "verify", "--data", served.Data);

        Assert.Equal(10, run.Exit);
        Assert.Contains("OST5021", run.Error, StringComparison.Ordinal);
    }
}
