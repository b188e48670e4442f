using System.Text.Json;

namespace Ostiary.Program.Tests.Cli;

[Trait("Speed", "Slow")]
public sealed class ServeTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Says_where_it_listens_and_stops_gracefully(string signal)
    {
        await using var served = new Served();
        await served.StartAsync("--allow-loopback-fetch");

        Assert.Equal(0, await served.StopAsync(signal));
        Assert.Contains("listening on " + served.Issuer, served.Said, StringComparison.Ordinal);
        Assert.Contains("storage sqlite", served.Said, StringComparison.Ordinal);
        Assert.Contains("passwords by ", served.Said, StringComparison.Ordinal);
        Assert.Contains("--allow-loopback-fetch", served.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refuses_a_directory_and_an_address_that_are_taken()
    {
        await using var first = new Served();
        await using var second = new Served();
        await first.StartAsync();

        var directory = await Program.RunAsync("serve", "--issuer", second.Issuer, "--listen", second.Issuer, "--data", first.Data);
        var address = await Program.RunAsync("serve", "--issuer", first.Issuer, "--listen", first.Issuer, "--data", second.Data);

        Assert.Equal(2, directory.Exit);
        Assert.Contains("OST5006", directory.Error, StringComparison.Ordinal);
        Assert.Equal(2, address.Exit);
        Assert.Contains("OST9004", address.Error, StringComparison.Ordinal);
        Assert.Single(address.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Does_not_start_with_a_wrong_configuration()
    {
        await using var served = new Served();
        await using var elsewhere = new Served();
        var file = Path.Combine(elsewhere.Data, "wrong.json");
        await File.WriteAllTextAsync(file, """{"clents":[]}""", TestContext.Current.CancellationToken);

        var run = await Program.RunAsync("serve", "--issuer", served.Issuer, "--listen", served.Issuer, "--data", served.Data, "--config", file);

        Assert.Equal((2, ""), (run.Exit, run.Output));
        Assert.Contains("clients", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_finds_an_exposed_key_file()
    {
        await using var served = new Served();
        await served.StartAsync();
        await served.StopAsync();
        var healthy = await Program.RunAsync("doctor", "--data", served.Data);
        File.SetUnixFileMode(Path.Combine(served.Data, "keys", "master.key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var ill = await Program.RunAsync("doctor", "--data", served.Data, "-o", "json");

        Assert.Equal(0, healthy.Exit);
        Assert.Equal(10, ill.Exit);
        var finding = JsonDocument
            .Parse(ill.Output)
            .RootElement.GetProperty("items")
            .EnumerateArray()
            .Single(f => f.GetProperty("result").GetString() == "FAIL");
        Assert.StartsWith("chmod 600 ", finding.GetProperty("fix").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jose_answers_a_line_for_a_line()
    {
        var run = await Program.RunAsync(["jose"], "{\"id\":1,\"op\":\"verify\",\"jws\":\"x\",\"key\":{}}\nnonsense\n", null);

        Assert.Equal(0, run.Exit);
        Assert.Equal(2, run.Lines.Length);
        Assert.All(run.Lines, l => Assert.False(JsonDocument.Parse(l).RootElement.GetProperty("ok").GetBoolean()));
    }
}
