using System.Text.Json;

namespace Ostiary.Program.Tests.Cli;

[Trait("Speed", "Slow")]
public sealed class AdministrationTests
{
    private static readonly string[] Questions =
    [
        "client list",
        "client list -o json",
        "client get web-1 -o yaml",
        "client get nobody",
        "client secret list web-1 -o id",
        "client create web-1 --type web --redirect-uri https://app.example/cb",
        "client create evil --type web --redirect-uri https://*.example/cb",
        "api get https://api.example -o json",
        "api delete https://other.example --yes",
        "client list --filter type=web --sort client_id:desc --fields client_id,type -o jsonl",
        "client disable web-1 --dry-run",
        "user list",
        "user get ALICE -o json",
        "grant list",
        "grant get nothing",
        "session list",
        "key list -o id",
        "config export",
    ];

    [Theory]
    [InlineData("")]
    [InlineData("/tenant")]
    public async Task Gives_the_same_result_in_process_over_the_socket_and_remote(string path)
    {
        await using var served = new Served { IssuerPath = path };
        await served.StartAsync();
        var token = await MakeAsync(served);

        var remote = await AskAsync(["--server", served.Issuer], new() { ["OSTIARY_TOKEN"] = token });
        var socket = await AskAsync(["--data", served.Data], null);
        Assert.Equal(0, await served.StopAsync());
        var inProcess = await AskAsync(["--data", served.Data], null);

        Assert.Equal(remote, socket);
        Assert.Equal(remote, inProcess);
        Assert.Contains(remote, r => r.Contains("exit 3", StringComparison.Ordinal));
        Assert.Contains(remote, r => r.Contains("exit 5", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Remote_needs_a_token_that_may_administer()
    {
        await using var served = new Served();
        await served.StartAsync();
        await MakeAsync(served);
        var reader = await TokenAsync(served, "reader", "read");

        var nothing = await Program.RunAsync("client", "list", "--server", served.Issuer);
        var other = await Program.RunAsync(["client", "list", "--server", served.Issuer], null, new() { ["OSTIARY_TOKEN"] = reader });

        Assert.Equal((4, ""), (nothing.Exit, nothing.Output));
        Assert.Contains("OST4001", nothing.Error, StringComparison.Ordinal);
        Assert.Equal((4, ""), (other.Exit, other.Output));
        Assert.Contains("OST4003", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_after_apply_is_the_same_file()
    {
        await using var served = new Served();
        var file = Path.Combine(served.Data, "..", Path.GetFileName(served.Data) + ".json");
        try
        {
            await MakeAsync(served, withToken: false);
            var exported = await Program.RunAsync("config", "export", "--data", served.Data);
            await File.WriteAllTextAsync(file, exported.Output, TestContext.Current.CancellationToken);

            Assert.Equal(0, (await Program.RunAsync("config", "validate", file)).Exit);
            Assert.Equal(0, (await Program.RunAsync("config", "apply", file, "--data", served.Data)).Exit);
            Assert.Equal(exported.Output, (await Program.RunAsync("config", "export", "--data", served.Data)).Output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §4.4.2")]
    [Trait("Spec", "RFC 8707 §2")]
    [Trait("Spec", "OIDC Discovery §4")]
    [Trait("Spec", "RFC 7662 §2.1")]
    [Trait("Spec", "RFC 7009 §2.1")]
    [Trait("Spec", "RFC 9068 §4")]
    public async Task A_token_is_got_verified_introspected_and_revoked()
    {
        await using var served = new Served();
        await served.StartAsync();
        await MakeAsync(served);
        var token = await TokenAsync(served, "reader", "read");
        var secret = new Dictionary<string, string?> { ["OSTIARY_CLIENT_SECRET"] = await SecretAsync(served, "reader") };
        string[] asReader = ["--client", "reader", "--issuer", served.Issuer];

        var verified = await Program.RunAsync(
            ["token", "verify", "--issuer", served.Issuer, "--audience", "https://api.example", "-o", "json"],
            token,
            null
        );
        var foreign = await Program.RunAsync(["token", "verify", "--issuer", served.Issuer, "--audience", "https://other.example"], token, null);
        var tampered = await Program.RunAsync(["token", "verify", "--issuer", served.Issuer], token[..^4] + "AAAA", null);
        var revoked = await Program.RunAsync(["token", "revoke", "-", .. asReader], token, secret);
        var introspected = await Program.RunAsync(["token", "introspect", "-", .. asReader, "-o", "json"], token, secret);
        var wrong = await Program.RunAsync(["token", "get", .. asReader], null, new() { ["OSTIARY_CLIENT_SECRET"] = "wrong" });

        Assert.Equal("https://api.example", JsonDocument.Parse(verified.Output).RootElement.GetProperty("aud").GetString());
        Assert.Equal((7, ""), (foreign.Exit, foreign.Output));
        Assert.Contains("OST6015", foreign.Error, StringComparison.Ordinal);
        Assert.Equal((7, ""), (tampered.Exit, tampered.Output));
        Assert.Contains("OST6011", tampered.Error, StringComparison.Ordinal);
        Assert.Equal(0, revoked.Exit);
        Assert.False(JsonDocument.Parse(introspected.Output).RootElement.GetProperty("active").GetBoolean());
        Assert.Equal((7, ""), (wrong.Exit, wrong.Output));
        Assert.Contains("OST3008", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RFC 9449 §5")]
    [Trait("Spec", "RFC 9449 §8")]
    public async Task A_token_is_bound_to_the_key_of_a_file_or_to_one_that_is_gone()
    {
        await using var served = new Served();
        await served.StartAsync();
        await MakeAsync(served);
        var secret = new Dictionary<string, string?> { ["OSTIARY_CLIENT_SECRET"] = await SecretAsync(served, "reader") };
        string[] get = ["token", "get", "--client", "reader", "--issuer", served.Issuer, "--scope", "read", "-o", "json"];
        var file = Path.Combine(Directory.CreateTempSubdirectory("ostiary-dpop-").FullName, "dpop.jwk");

        var first = await Program.RunAsync([.. get, "--dpop", file], null, secret);
        var second = await Program.RunAsync([.. get, "--dpop", file], null, secret);
        var lost = await Program.RunAsync([.. get, "--dpop"], null, secret);
        await File.WriteAllTextAsync(file, "{}", TestContext.Current.CancellationToken);
        var wrong = await Program.RunAsync([.. get, "--dpop", file], null, secret);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);

        async Task<string> KeyAsync(string output)
        {
            var answer = JsonDocument.Parse(output).RootElement;
            Assert.Equal("DPoP", answer.GetProperty("token_type").GetString());
            var decoded = await Program.RunAsync(["token", "decode", "-o", "json"], answer.GetProperty("access_token").GetString(), null);
            return JsonDocument.Parse(decoded.Output).RootElement.GetProperty("payload").GetProperty("cnf").GetProperty("jkt").GetString()!;
        }
        var key = await KeyAsync(first.Output);
        Assert.Equal(key, await KeyAsync(second.Output));
        Assert.NotEqual(key, await KeyAsync(lost.Output));
        Assert.Contains(key, first.Error, StringComparison.Ordinal);
        Assert.Equal((2, ""), (wrong.Exit, wrong.Output));
        Assert.Contains("OST8002", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "OIDC Discovery §4.3")]
    public async Task A_server_that_calls_itself_otherwise_is_not_used()
    {
        await using var served = new Served();
        await served.StartAsync();

        var run = await Program.RunAsync(["token", "verify", "--issuer", served.Issuer + "/"], "x.y.z", null);

        Assert.Equal(6, run.Exit);
        Assert.Contains("OST6020", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_are_listed_exported_and_verified()
    {
        await using var served = new Served();
        await MakeAsync(served, withToken: false);

        var list = await Program.RunAsync("event", "list", "--act", "client", "--data", served.Data);
        var export = await Program.RunAsync("event", "export", "--data", served.Data);
        var verify = await Program.RunAsync("event", "verify", "--data", served.Data, "-o", "json");

        Assert.Contains(list.Lines, l => l.Contains("client.create", StringComparison.Ordinal));
        Assert.All(export.Lines, l => JsonDocument.Parse(l).Dispose());
        Assert.True(export.Lines.Length >= 3);
        Assert.True(JsonDocument.Parse(verify.Output).RootElement.GetProperty("intact").GetBoolean());
    }

    /// <summary>The answers, without what differs by nature: flow references and times.</summary>
    private static async Task<List<string>> AskAsync(string[] where, Dictionary<string, string?>? environment)
    {
        var answers = new List<string>();
        foreach (var question in Questions)
        {
            var run = await Program.RunAsync([.. question.Split(' '), .. where], null, environment);
            var error = System.Text.RegularExpressions.Regex.Replace(run.Error, "\"flow_id\":\"[^\"]*\"", "");
            answers.Add($"{question}: exit {run.Exit}\n{run.Output}\n{error}");
        }
        return answers;
    }

    /// <summary>An API, clients, a user; returns a token that may administer.</summary>
    private static async Task<string> MakeAsync(Served served, bool withToken = true)
    {
        string[][] commands =
        [
            ["api", "create", "https://api.example", "--scope", "read=Read your data"],
            ["client", "create", "web-1", "--type", "web", "--redirect-uri", "https://app.example/cb"],
            ["client", "create", "admin-1", "--type", "service", "--scope", "ostiary:admin"],
            ["client", "create", "reader", "--type", "service", "--scope", "read"],
        ];
        foreach (var command in commands)
        {
            var run = await Program.RunAsync([.. command, "--data", served.Data, "-o", "json"], null, null);
            Assert.True(run.Exit == 0, run.Error);
            if (JsonDocument.Parse(run.Output).RootElement.TryGetProperty("client_secret", out var secret))
                await File.WriteAllTextAsync(
                    Path.Combine(served.Data, command[2] + ".secret"),
                    secret.GetString(),
                    TestContext.Current.CancellationToken
                );
        }
        var user = await Program.RunAsync(
            ["user", "create", "alice", "--password-stdin", "--data", served.Data],
            "correct horse battery staple\n",
            null
        );
        Assert.True(user.Exit == 0, user.Error);
        return withToken ? await TokenAsync(served, "admin-1", "ostiary:admin") : "";
    }

    private static Task<string> SecretAsync(Served served, string client) =>
        File.ReadAllTextAsync(Path.Combine(served.Data, client + ".secret"), TestContext.Current.CancellationToken);

    private static async Task<string> TokenAsync(Served served, string client, string scope)
    {
        var run = await Program.RunAsync(
            [
                "token",
                "get",
                "--client",
                client,
                "--scope",
                scope,
                "--issuer",
                served.Issuer,
                "--secret-file",
                Path.Combine(served.Data, client + ".secret"),
            ],
            null,
            null
        );
        Assert.True(run.Exit == 0, run.Error);
        return run.Output.Trim();
    }
}
