namespace Ostiary.Program.Tests.Cli;

public sealed class UsageTests
{
    public static TheoryData<int, string, string> Failures =>
        new()
        {
            { 2, "OST8001", "nonsense" },
            { 2, "OST8001", "client" },
            { 2, "OST8001", "client lst" },
            { 2, "OST8001", "client create --tpye web" },
            { 2, "OST8001", "flow run code" },
            { 2, "OST8001", "gateway run" },
            { 2, "OST8001", "config plan" },
            { 2, "OST8001", "token exchange" },
            { 2, "OST8001", "-o xml version" },
            { 2, "OST8001", "client create a --type web --redirect-uri https://a.example/cb --set redirect_uris=[]" },
            { 2, "OST8001", "client create a --type web --set consent=none --set consent=required" },
            { 2, "OST8001", "dev --port many" },
            { 2, "OST8001", "client list" },
            { 2, "OST8001", "client list --data a --server https://b" },
            { 2, "OST8001", "client create --data a --type robot" },
            { 2, "OST8001", "completion tcsh" },
            { 2, "OST8002", "config validate /nowhere/at/all.json" },
            { 2, "OST8011", "client create --secret hunter2hunter2" },
            { 2, "OST8011", "client create --data d --type web --set client_secret=hunter2hunter2" },
            { 2, "OST8011", "token get --client a --client-secret=hunter2hunter2" },
            { 2, "OST8011", "user create bob --password hunter2hunter2" },
            { 2, "OST8011", "token decode ost_cs_hunter2hunter2" },
            { 2, "OST8011", "client list --server https://admin:hunter2hunter2@id.example" },
            { 2, "OST8012", "token get --client a --issuer http://localhost:1" },
            { 2, "OST8020", "token decode abc" },
            { 2, "OST9002", "client list --server http://id.example" },
            { 2, "OST9002", "serve --issuer https://id.example --listen http://0.0.0.0:9499" },
            { 2, "OST9007", "serve --issuer http://id.example --listen http://127.0.0.1:9499" },
            { 2, "OST9008", "serve --issuer https://id.example --listen http://127.0.0.1:9499 --store oracle" },
            { 2, "OST9005", "serve --issuer https://id.example --listen https://127.0.0.1:9499" },
            { 2, "OST9001", "serve --issuer id.example --listen http://0.0.0.0:9499" },
            { 3, "OST4004", "explain nothing-of-the-kind" },
            { 6, "OST8006", "client list --server http://127.0.0.1:1" },
            { 6, "OST8006", "token introspect x.y.z --client a --issuer http://127.0.0.1:1" },
        };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Fails_with_its_exit_code_and_code_and_an_empty_stdout(int exit, string code, string arguments)
    {
        var run = await Program.RunAsync(arguments.Split(' '));

        Assert.Equal(exit, run.Exit);
        Assert.Equal("", run.Output);
        Assert.Contains($"\"code\":\"{code}\"", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_the_closest_command_and_option()
    {
        Assert.Contains("did you mean 'client'?", (await Program.RunAsync("clint", "list")).Error, StringComparison.Ordinal);
        Assert.Contains("did you mean '--type'?", (await Program.RunAsync("client", "create", "--tpye", "web")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reports_all_wrong_settings_at_once()
    {
        var run = await Program.RunAsync(
            "serve",
            "--issuer",
            "id.example",
            "--listen",
            "http://0.0.0.0:1,nonsense",
            "--tls-cert",
            "/nowhere",
            "--trusted-proxy",
            "x"
        );

        foreach (var setting in new[] { "--issuer", "--listen", "--tls-key", "--tls-cert", "--trusted-proxy" })
            Assert.Contains(setting, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tells_errors_to_people_in_lines_and_to_programs_as_one_json_object()
    {
        var people = await Program.OnTerminalAsync("explain nothing-of-the-kind", new() { ["NO_COLOR"] = "1" });
        var programs = await Program.RunAsync("explain", "nothing-of-the-kind");

        Assert.StartsWith("error OST4004  'nothing-of-the-kind'", people, StringComparison.Ordinal);
        Assert.Contains("  more   ostiary explain OST4004", people, StringComparison.Ordinal);
        using var json = System.Text.Json.JsonDocument.Parse(programs.Error);
        Assert.Equal("not_found", json.RootElement.GetProperty("error").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Does_not_read_arguments_from_files()
    {
        var run = await Program.RunAsync("explain", "@/etc/hostname");

        Assert.Equal(3, run.Exit);
    }
}
