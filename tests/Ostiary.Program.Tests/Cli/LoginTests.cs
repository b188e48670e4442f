using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ostiary.Program.Tests.Cli;

/// <summary><c>ostiary login</c> against the real server, and what later commands do with the sign-in; <c>ostiary token exchange</c>.</summary>
[Trait("Speed", "Slow")]
public sealed partial class LoginTests : IAsyncLifetime
{
    private const string Password = "a long pass phrase of ada";
    private readonly Served _served = new();
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("ostiary-home-");

    public async ValueTask InitializeAsync()
    {
        await _served.StartAsync();
        await MakeAsync("api", "create", "https://notes.example", "--scope", "notes:read=Read your notes");
        await MakeAsync("api", "create", "https://bills.example", "--scope", "bills:read=Read your bills");
        await MakeAsync(
            "client",
            "create",
            "ostiary-cli",
            "--type",
            "device",
            "--scope",
            "openid",
            "--scope",
            "profile",
            "--scope",
            "offline_access"
        );
        await MakeAsync(["user", "create", "ada", "--email", "ada@example.test", "--password-stdin", "--data", _served.Data], Password);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Signs_in_keeps_the_tokens_for_its_owner_alone_and_gives_them_back(bool bound)
    {
        var login = await SignInAsync("allow", bound ? ["--dpop"] : []);
        Assert.True(login.Exit == 0, login.Error);
        Assert.DoesNotMatch(Secret(), login.Output + login.Error);
        using var told = JsonDocument.Parse(login.Output);
        Assert.Equal("ada", told.RootElement.GetProperty("preferred_username").GetString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Credentials));

        var who = await RunAsync("whoami", "-o", "json");
        Assert.True(who.Exit == 0, who.Error);
        Assert.Contains("\"preferred_username\": \"ada\"", who.Output, StringComparison.Ordinal);
        var token = await RunAsync("token", "get", "-o", "json");
        Assert.Contains(bound ? "\"DPoP\"" : "\"Bearer\"", token.Output, StringComparison.Ordinal);
        var before = await File.ReadAllTextAsync(Credentials, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Credentials,
            Expiry().Replace(before, "$1 \"2020-01-01T00:00:00+00:00\""),
            TestContext.Current.CancellationToken
        );
        Assert.NotEqual(token.Output, (await RunAsync("token", "get", "-o", "json")).Output);

        Assert.Equal(0, (await RunAsync("logout")).Exit);
        Assert.Equal("{}", (await File.ReadAllTextAsync(Credentials, TestContext.Current.CancellationToken)).Trim());
        var after = await RunAsync("token", "get");
        Assert.Equal((4, ""), (after.Exit, after.Output));
        Assert.Contains("ostiary login", after.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Somebody_who_declines_is_not_signed_in()
    {
        var login = await SignInAsync("deny");

        Assert.Equal((11, ""), (login.Exit, login.Output));
        Assert.Contains("OST2085", login.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Credentials));
    }

    [Fact]
    public async Task Tokens_that_others_can_read_are_not_used()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Credentials)!);
        await File.WriteAllTextAsync(Credentials, "{}", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(Credentials, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var run = await RunAsync("whoami");

        Assert.Equal((2, ""), (run.Exit, run.Output));
        Assert.Contains("chmod 600", run.Error, StringComparison.Ordinal);
        var doctor = await RunAsync("doctor", "-o", "json");
        Assert.Equal(10, doctor.Exit);
        Assert.Contains("\"Sign-ins\"", doctor.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_can_be_kept_it_says_so_before_anybody_is_asked()
    {
        var file = Path.Combine(_home.FullName, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Credentials + ".lock");

        foreach (var home in new[] { file, _home.FullName })
        foreach (var command in new string[][] { ["login", _served.Issuer], ["whoami"] })
        {
            var run = await Program.RunAsync(command, "", new() { ["XDG_CONFIG_HOME"] = home });

            Assert.Equal((2, ""), (run.Exit, run.Output));
            Assert.Contains("cannot be kept", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Spec", "RFC 6749 §5.2")]
    public async Task A_sign_in_that_has_ended_at_the_server_asks_for_a_new_one()
    {
        Assert.Equal(0, (await SignInAsync("allow")).Exit);
        var kept = await File.ReadAllTextAsync(Credentials, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await RunAsync("logout")).Exit);
        await File.WriteAllTextAsync(Credentials, Expiry().Replace(kept, "$1 \"2020-01-01T00:00:00+00:00\""), TestContext.Current.CancellationToken);

        var after = await RunAsync("token", "get");

        Assert.Equal((4, ""), (after.Exit, after.Output));
        Assert.Contains("ostiary login " + _served.Issuer, after.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keeps_its_sign_in_beside_the_one_that_another_process_writes()
    {
        using var login = Program.Start(["login", _served.Issuer, "--debug", "http"], Home);
        login.StandardInput.Close();
        var said = await ReadUntilCodeAsync(login);
        using (new FileStream(Credentials + ".lock", FileMode.OpenOrCreate, FileAccess.Write, FileShare.None))
        {
            await AnswerAsync(Code().Match(said).Groups[1].Value, "allow");
            Assert.True(await SaysAsync(login, "< 200 OK"));
            await Task.Delay(300, TestContext.Current.CancellationToken);
            Assert.False(File.Exists(Credentials));
        }

        await login.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await login.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, login.ExitCode);
        Assert.True(File.Exists(Credentials));
    }

    [Fact, Trait("Spec", "RFC 8628 §3.5")]
    public async Task Waits_on_while_the_server_is_away()
    {
        using var login = Program.Start(["login", _served.Issuer, "--debug", "http"], Home);
        login.StandardInput.Close();
        var said = await ReadUntilCodeAsync(login);
        await _served.StopAsync();
        Assert.True(await SaysAsync(login, "/token"));
        await _served.StartAsync();
        await AnswerAsync(Code().Match(said).Groups[1].Value, "allow");

        var error = await login.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await login.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(login.ExitCode == 0, error);
    }

    [Fact]
    public async Task A_service_exchanges_a_token_and_is_told_what_it_may_not()
    {
        const string exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
        var secret = Path.Combine(_home.FullName, "service.secret");
        await File.WriteAllTextAsync(
            secret,
            Convert.ToHexString(Guid.NewGuid().ToByteArray()) + "exchange-secret",
            TestContext.Current.CancellationToken
        );
        await MakeAsync(
            "client",
            "create",
            "service",
            "--type",
            "service",
            "--secret-file",
            secret,
            "--scope",
            "notes:read",
            "--grant",
            "client_credentials",
            "--grant",
            exchange,
            "--set",
            """token_exchange=[{"from":["service"],"audiences":["https://notes.example"],"scope":"notes:read"}]"""
        );
        string[] caller = ["--issuer", _served.Issuer, "--client", "service", "--secret-file", secret];
        var own = await RunAsync(["token", "get", "--scope", "notes:read", .. caller]);

        var exchanged = await RunAsync(["token", "exchange", .. caller, "--audience", "https://notes.example", "-o", "json"], own.Output);
        var refused = await RunAsync(["token", "exchange", .. caller, "--audience", "https://bills.example"], own.Output);
        var argument = await RunAsync(["token", "exchange", own.Output.Trim(), .. caller], "");
        var bare = await RunAsync(["token", "exchange", "--issuer", _served.Issuer, "--client", "service"], own.Output);

        Assert.True(exchanged.Exit == 0, exchanged.Error);
        Assert.Contains("issued_token_type", exchanged.Output, StringComparison.Ordinal);
        Assert.Equal((7, ""), (refused.Exit, refused.Output));
        Assert.Contains("OST2095", refused.Error, StringComparison.Ordinal);
        Assert.Equal((2, ""), (bare.Exit, bare.Output));
        Assert.Equal((2, ""), (argument.Exit, argument.Output));
        Assert.DoesNotMatch(Secret(), argument.Error);
    }

    public async ValueTask DisposeAsync()
    {
        await _served.DisposeAsync();
        _home.Delete(recursive: true);
    }

    private string Credentials => Path.Combine(_home.FullName, "ostiary", "credentials.json");

    private Dictionary<string, string?> Home => new() { ["XDG_CONFIG_HOME"] = _home.FullName };

    private Task<Run> RunAsync(params string[] arguments) => Program.RunAsync(arguments, null, Home);

    private Task<Run> RunAsync(string[] arguments, string input) => Program.RunAsync(arguments, input, Home);

    private Task MakeAsync(params string[] arguments) => MakeAsync([.. arguments, "--data", _served.Data], null);

    private static async Task MakeAsync(string[] arguments, string? input)
    {
        var run = await Program.RunAsync(arguments, input, null);
        Assert.True(run.Exit == 0, run.Error);
    }

    /// <summary>The program shows a code; the person answers it; the program ends.</summary>
    private async Task<Run> SignInAsync(string decision, params string[] more)
    {
        using var process = Program.Start(["login", _served.Issuer, "-o", "json", .. more], Home);
        process.StandardInput.Close();
        var said = await ReadUntilCodeAsync(process);
        await AnswerAsync(Code().Match(said).Groups[1].Value, decision);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new(process.ExitCode, output, said + await error);
    }

    private static async Task<string> ReadUntilCodeAsync(Process process)
    {
        var said = "";
        while (!Code().IsMatch(said) && await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            said += line + "\n";
        return said;
    }

    private static async Task<bool> SaysAsync(Process process, string text)
    {
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            if (line.Contains(text, StringComparison.Ordinal))
                return true;
        return false;
    }

    private async Task AnswerAsync(string code, string decision)
    {
        using var http = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(_served.Issuer) };
        http.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        var login = await (await http.GetAsync($"/device?user_code={code}", TestContext.Current.CancellationToken)).Content.ReadAsStringAsync(
            TestContext.Current.CancellationToken
        );
        var action = WebUtility.HtmlDecode(Action().Match(login).Groups[1].Value);
        var form = await PostAsync(http, action, login, ("username", "ada"), ("password", Password));
        var confirm = await PostAsync(http, "/device", form, ("user_code", code));
        await PostAsync(http, "/device", confirm, ("user_code", code), ("decision", decision));
    }

    private static async Task<string> PostAsync(HttpClient http, string path, string page, params (string Name, string Value)[] fields)
    {
        var csrf = WebUtility.HtmlDecode(Csrf().Match(page).Groups[1].Value);
        using var content = new FormUrlEncodedContent([new("csrf", csrf), .. fields.Select(f => KeyValuePair.Create(f.Name, f.Value))]);
        using var answer = await http.PostAsync(path, content, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }

    [GeneratedRegex("Enter +([A-Z]{4}-[A-Z]{4})")]
    private static partial Regex Code();

    [GeneratedRegex("action=\"([^\"]+)\"")]
    private static partial Regex Action();

    [GeneratedRegex("name=\"csrf\" value=\"([^\"]+)\"")]
    private static partial Regex Csrf();

    [GeneratedRegex("(\"expires_at\":) \"[^\"]+\"")]
    private static partial Regex Expiry();

    [GeneratedRegex("ost_(rt|dc|at)_[A-Za-z0-9_-]{4}|eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.")]
    private static partial Regex Secret();
}
