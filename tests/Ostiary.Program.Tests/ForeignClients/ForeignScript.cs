using System.Diagnostics;
using System.Text.Json;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>
/// Runs a script of <c>tests/foreign</c> against a served program: it reads its settings from standard input and writes one JSON line per step.
/// </summary>
internal sealed class ForeignScript(ServedProgram served)
{
    private static readonly string[] Story =
    [
        "discovery",
        "authorize",
        "token",
        "id-token",
        "refresh",
        "userinfo",
        "introspection",
        "revocation",
        "logout",
    ];

    public async Task CompletesAsync(string runtime, string script, string client, params (string Name, string Value)[] more)
    {
        await TellsAsync(Story, runtime, script, client, more);
    }

    public async Task TellsAsync(string[] story, string runtime, string script, string client, params (string Name, string Value)[] more)
    {
        var (code, steps, errors) = await RunAsync(runtime, script, client, more);
        Assert.True(code == 0, $"{script} ended with {code} after [{string.Join(", ", steps)}]: {errors}");
        Assert.Equal(story, steps);
    }

    public Task<(int Code, IReadOnlyList<string> Steps, string Errors)> RunAsync(
        string runtime,
        string script,
        string client,
        params (string Name, string Value)[] more
    ) => RunAsync(runtime, script, Settings(client, more), served.CertificateFile);

    public static async Task<(int Code, IReadOnlyList<string> Steps, string Errors)> RunAsync(
        string runtime,
        string script,
        Dictionary<string, string> settings,
        string? trusted = null
    )
    {
        var cancelled = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo(runtime, [Path.Combine(Checkout.Root, "tests", "foreign", script)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        if (trusted is not null)
            start.Environment["NODE_EXTRA_CA_CERTS"] = trusted;
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(JsonSerializer.Serialize(settings).AsMemory(), cancelled);
        process.StandardInput.Close();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        patience.CancelAfter(TimeSpan.FromSeconds(90));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, [.. (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(StepOf)], await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private Dictionary<string, string> Settings(string client, (string Name, string Value)[] more)
    {
        var settings = new Dictionary<string, string>
        {
            ["issuer"] = served.Issuer,
            ["clientId"] = client,
            ["redirectUri"] = ServedProgram.RedirectUri,
            ["postLogoutRedirectUri"] = ServedProgram.PostLogoutRedirectUri,
            ["scope"] = "openid email offline_access",
            ["username"] = ServedProgram.Username,
            ["password"] = served.Password,
            ["email"] = ServedProgram.Email,
            ["api"] = ServedProgram.Api,
            ["idTokenAlg"] = "RS256",
        };
        if (!client.StartsWith("app-key", StringComparison.Ordinal))
            settings["clientSecret"] = served.ClientSecret;
        else
            settings["privateKey"] = served.PrivateKey;
        foreach (var (name, value) in more)
            settings[name] = value;
        return settings;
    }

    private static string StepOf(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("step").GetString()!;
    }
}
