using System.Diagnostics;
using System.Text.Json;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>
/// Other people's libraries sign in, refresh, ask, revoke and sign out against the real program, each from one script in <c>tests/foreign</c>: discovery,
/// code with PKCE through the sign-in and consent forms, an ID token that the library verifies, and the end of everything.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class ForeignClientTests(ServedProgram served) : IClassFixture<ServedProgram>
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

    [Fact, Trait("Spec", "RFC 6749 §2.3.1")]
    public Task Openid_client_completes() => CompletesAsync("node", "openid-client.mjs", "app");

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public Task Openid_client_completes_with_a_private_key() => CompletesAsync("node", "openid-client.mjs", "app-key");

    [Fact, Trait("Spec", "RFC 6749 §2.3.1")]
    public Task Oauth4webapi_completes() => CompletesAsync("node", "oauth4webapi.mjs", "app");

    [Fact, Trait("Spec", "RFC 8414 §3")]
    public Task Oauth4webapi_completes_from_the_metadata_of_oauth() => CompletesAsync("node", "oauth4webapi.mjs", "app", ("discovery", "oauth2"));

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public Task Oauth4webapi_completes_with_a_private_key() => CompletesAsync("node", "oauth4webapi.mjs", "app-key");

    [Fact, Trait("Spec", "RFC 6749 §2.3.1")]
    public Task Authlib_completes() => CompletesAsync("/usr/bin/python3", "authlib_client.py", "app");

    /// <summary>Authlib names the token endpoint as audience, so its client is registered with <c>"assertion_audience": "any"</c>.</summary>
    [Fact, Trait("Spec", "RFC 7523 §3")]
    public Task Authlib_completes_with_a_private_key() => CompletesAsync("/usr/bin/python3", "authlib_client.py", "app-key-any");

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task Authlib_is_refused_where_only_the_issuer_is_an_audience()
    {
        var (code, steps, errors) = await RunAsync("/usr/bin/python3", "authlib_client.py", "app-key");
        Assert.NotEqual(0, code);
        Assert.Equal(["discovery", "authorize"], steps);
        Assert.Contains("invalid_client", errors, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 6749 §2.3.1")]
    public Task Requests_oauthlib_completes() => CompletesAsync("/usr/bin/python3", "requests_oauthlib_client.py", "app");

    private async Task CompletesAsync(string runtime, string script, string client, params (string Name, string Value)[] more)
    {
        var (code, steps, errors) = await RunAsync(runtime, script, client, more);
        Assert.True(code == 0, $"{script} ended with {code} after [{string.Join(", ", steps)}]: {errors}");
        Assert.Equal(Story, steps);
    }

    private async Task<(int Code, IReadOnlyList<string> Steps, string Errors)> RunAsync(
        string runtime,
        string script,
        string client,
        params (string Name, string Value)[] more
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
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(JsonSerializer.Serialize(Settings(client, more)).AsMemory(), cancelled);
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
        };
        if (client == "app")
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
