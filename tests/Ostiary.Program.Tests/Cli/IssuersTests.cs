using System.Text.Json;

namespace Ostiary.Program.Tests.Cli;

/// <summary>Several issuers on one server and one data directory, through the real program.</summary>
[Trait("Speed", "Slow")]
public sealed class IssuersTests
{
    [Fact]
    public async Task Each_issuer_keeps_and_is_administered_alone()
    {
        await using var served = new Served { IssuerPath = "/red" };
        var (red, blue) = (served.Issuer, served.Address + "/blue");
        await served.StartAsync("--issuer", blue);

        var unsaid = await Program.RunAsync("client", "list", "--data", served.Data);
        await AddAsync(served.Data, red, "one");
        await AddAsync(served.Data, blue, "two");
        Assert.Equal(0, await served.StopAsync());
        var offline = await ClientsAsync(served.Data, red);
        var wrong = await Program.RunAsync("client", "list", "--data", served.Data, "--issuer", served.Address + "/green");
        var partition = Directory
            .EnumerateDirectories(Path.Combine(served.Data, "issuers"))
            .Single(d => d.EndsWith("blue", StringComparison.Ordinal));
        var doctor = await Program.RunAsync("doctor", "--data", partition);

        Assert.Equal(2, unsaid.Exit);
        Assert.Contains($"{blue}|{red}", unsaid.Error, StringComparison.Ordinal);
        Assert.Contains("one", offline);
        Assert.DoesNotContain("two", offline);
        Assert.Contains("two", await ClientsAsync(served.Data, blue));
        Assert.Equal(2, wrong.Exit);
        Assert.Equal(0, doctor.Exit);
        Assert.Contains("issuer " + red, served.Said, StringComparison.Ordinal);
        Assert.Contains("issuer " + blue, served.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_issuer_moves_nothing_of_the_first()
    {
        await using var served = new Served();
        await served.StartAsync();
        await AddAsync(served.Data, served.Issuer, "one");
        await served.StopAsync();
        await served.StartAsync("--issuer", served.Address + "/blue");

        var first = await ClientsAsync(served.Data, served.Issuer);
        var second = await ClientsAsync(served.Data, served.Address + "/blue");
        await served.StopAsync();
        await served.StartAsync();
        var alone = await Program.RunAsync("client", "get", "one", "--data", served.Data, "--issuer", served.Issuer);

        Assert.Contains("one", first);
        Assert.DoesNotContain("one", second);
        Assert.Equal(0, alone.Exit);
    }

    [Fact]
    public async Task One_configuration_file_has_a_part_for_each()
    {
        await using var served = new Served { IssuerPath = "/red" };
        await using var elsewhere = new Served();
        var (red, blue) = (served.Issuer, served.Address + "/blue");
        var file = Path.Combine(elsewhere.Data, "issuers.json");
        await WriteAsync(file, Part(red, "one"), Part(blue, "two"));
        await served.StartAsync("--issuer", blue, "--config", file);
        var clients = (await ClientsAsync(served.Data, red), await ClientsAsync(served.Data, blue));
        await served.StopAsync();
        await WriteAsync(file, Part(red, "one"));
        var missing = await Program.RunAsync([
            "serve",
            "--issuer",
            red,
            "--issuer",
            blue,
            "--listen",
            served.Address,
            "--data",
            served.Data,
            "--config",
            file,
        ]);

        Assert.Contains("one", clients.Item1);
        Assert.DoesNotContain("two", clients.Item1);
        Assert.Contains("two", clients.Item2);
        Assert.Equal(2, missing.Exit);
        Assert.Contains(blue, missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_for_several_is_checked_and_applied_whole_or_for_one()
    {
        await using var served = new Served { IssuerPath = "/red" };
        await using var elsewhere = new Served();
        var (red, blue) = (served.Issuer, served.Address + "/blue");
        var (file, broken) = (Path.Combine(elsewhere.Data, "issuers.json"), Path.Combine(elsewhere.Data, "broken.json"));
        await WriteAsync(file, Part(red, "one"), Part(blue, "two"));
        await WriteAsync(broken, Part(red, "three"), Part(blue, "four").Replace("spa", "nothing", StringComparison.Ordinal));
        await served.StartAsync("--issuer", blue);

        var alone = await Program.RunAsync("config", "validate", file);
        var wrongAlone = await Program.RunAsync("config", "validate", broken);
        var valid = await Program.RunAsync("config", "validate", file, "--data", served.Data);
        var tried = await Program.RunAsync("config", "apply", file, "--data", served.Data, "--dry-run");
        var wrong = await Program.RunAsync("config", "apply", broken, "--data", served.Data);
        var untouched = (await ClientsAsync(served.Data, red), await ClientsAsync(served.Data, blue));
        var ofOne = await Program.RunAsync("config", "apply", file, "--data", served.Data, "--issuer", blue);
        var afterOne = (await ClientsAsync(served.Data, red), await ClientsAsync(served.Data, blue));
        var ofAll = await Program.RunAsync("config", "apply", file, "--data", served.Data, "-o", "json");

        Assert.Equal([0, 2, 0, 0, 0, 0], new[] { alone, wrongAlone, valid, tried, ofOne, ofAll }.Select(run => run.Exit));
        Assert.All([wrongAlone, wrong], run => Assert.Contains(broken + ":1:", run.Error, StringComparison.Ordinal));
        Assert.NotEqual(0, wrong.Exit);
        Assert.DoesNotContain("three", untouched.Item1);
        Assert.DoesNotContain("two", untouched.Item2);
        Assert.DoesNotContain("one", afterOne.Item1);
        Assert.Contains("two", afterOne.Item2);
        Assert.Contains("one", await ClientsAsync(served.Data, red));
        using var json = JsonDocument.Parse(ofAll.Output);
        Assert.Equal([red, blue], json.RootElement.GetProperty("issuers").EnumerateArray().Select(i => i.GetProperty("issuer").GetString()));
    }

    [Fact]
    public async Task An_issuer_restored_below_a_new_directory_is_served_from_there()
    {
        await using var served = new Served { IssuerPath = "/red" };
        await using var restored = new Served { IssuerPath = "/red" };
        await served.StartAsync("--issuer", served.Address + "/blue");
        await AddAsync(served.Data, served.Issuer, "one");
        var part = Directory.EnumerateDirectories(Path.Combine(served.Data, "issuers")).Single(d => d.EndsWith("red", StringComparison.Ordinal));
        var backup = Path.Combine(served.Data, "red.jsonl");
        var made = await Program.RunAsync("server", "backup", backup, "--data", served.Data, "--issuer", served.Issuer);
        Assert.True(made.Exit == 0, made.Error);
        Assert.Equal(0, await served.StopAsync());
        var (there, key) = (Path.Combine(restored.Data, "issuers", Path.GetFileName(part)), Path.Combine(part, "keys", "master.key"));
        var restore = await Program.RunAsync("server", "restore", backup, "--data", there, "--master-key", key);
        Assert.True(restore.Exit == 0, restore.Error);

        await using var server = new Served { IssuerPath = "/red" };
        var serving = Program.Start(["serve", "--issuer", served.Issuer, "--listen", server.Address, "--data", restored.Data]);
        string? line;
        while (
            (line = await serving.StandardError.ReadLineAsync(TestContext.Current.CancellationToken)) is not null
            && !line.StartsWith("issuer ", StringComparison.Ordinal)
        ) { }
        var clients = line is null ? [] : await ClientsAsync(restored.Data, served.Issuer);
        serving.Kill();
        await serving.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Contains(there, line ?? "", StringComparison.Ordinal);
        Assert.Contains("one", clients);
    }

    private static string Part(string issuer, string client) =>
        $$$"""{"issuer":"{{{issuer}}}","configuration":{"clients":[{"client_id":"{{{client}}}","type":"spa","redirect_uris":["http://127.0.0.1:1/cb"]}]}}""";

    private static Task WriteAsync(string file, params string[] parts) =>
        File.WriteAllTextAsync(file, $$"""{"issuers":[{{string.Join(',', parts)}}]}""", TestContext.Current.CancellationToken);

    private static async Task AddAsync(string data, string issuer, string client)
    {
        var run = await Program.RunAsync([
            "client",
            "create",
            client,
            "--type",
            "spa",
            "--redirect-uri",
            "http://127.0.0.1:1/cb",
            "--data",
            data,
            "--issuer",
            issuer,
        ]);
        Assert.True(run.Exit == 0, run.Error);
    }

    private static async Task<List<string>> ClientsAsync(string data, string issuer)
    {
        var run = await Program.RunAsync("client", "list", "--data", data, "--issuer", issuer, "-o", "json");
        Assert.True(run.Exit == 0, run.Error);
        using var json = JsonDocument.Parse(run.Output);
        return [.. json.RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("client_id").GetString()!)];
    }
}
