using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ostiary.Cli.Administration;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Cli.Remote;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary login</c>, <c>whoami</c> and <c>logout</c>: a person at the command line. A person's token never administers.</summary>
internal static class LoginCommands
{
    /// <summary>An access token that ends so soon is not given away any more.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);
    private static readonly string[] Person = ["sub", "preferred_username"];
    private static readonly Argument<string?> Url = new("URL")
    {
        Description = "The issuer's URL (also OSTIARY_SERVER)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> Server = new("--server") { Description = "The same as URL", HelpName = "URL" };
    private static readonly Option<string?> Client = new("--client")
    {
        Description = "The client of type device to sign in with (default ostiary-cli)",
        HelpName = "ID",
    };
    private static readonly Option<string[]> Scope = new("--scope")
    {
        Description = "A scope to ask for (default openid profile offline_access)",
        HelpName = "SCOPE",
    };
    private static readonly Option<string?> Resource = new("--resource") { Description = "The API that the token is for", HelpName = "URI" };

    /// <summary>Under which name a sign-in is kept.</summary>
    public static readonly Option<string?> Name = new("--profile")
    {
        Description = "The name of the sign-in (also OSTIARY_PROFILE; default 'default')",
        HelpName = "NAME",
    };
    private static readonly Option<string?> Dpop = new("--dpop")
    {
        Description = "Bind the tokens to a key by DPoP: that of FILE, which is made where it is not there; without FILE one beside the tokens",
        HelpName = "FILE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Verb Login() =>
        new Verb("login", "Sign in: open a link, compare a code, agree", LoginAsync)
        {
            Examples = ["ostiary login https://id.example", "ostiary login https://id.example --scope openid --scope notes:read --dpop"],
        }.With(Url, Server, Client, Scope, Resource, Dpop, Name);

    public static Verb WhoAmI() => new Verb("whoami", "Who is signed in, as the server says it", WhoAmIAsync).With(Name);

    public static Verb Logout() => new Verb("logout", "Give the tokens of a sign-in back, and forget them", LogoutAsync).With(Name);

    /// <summary>The tokens of the sign-in, renewed where they are over.</summary>
    public static async Task<KeptLogin> PresentAsync(Invocation invocation)
    {
        using var alone = await KeptLogins.AloneAsync(invocation.Stop);
        var kept = Kept(invocation);
        var now = TimeProvider.System.GetUtcNow();
        if (now < kept.ExpiresAt - Margin)
            return kept;
        if (kept.RefreshToken is null)
            throw NotSignedIn($"The sign-in at {kept.Issuer} is over.", kept.Issuer);
        using var server = await AuthorizationServer.DiscoverAsync(kept.Issuer, "login", invocation.Stop);
        using var prover = ProverOf(kept);
        var form = new[] { ("grant_type", "refresh_token"), ("refresh_token", kept.RefreshToken) }; // RFC 6749 §6
        var (status, answer) = await server.AskAsync("token_endpoint", kept.ClientId, null, form, invocation.Stop, prover);
        if (AuthorizationServer.ErrorOf(answer) == "invalid_grant") // RFC 6749 §5.2
            throw NotSignedIn($"The sign-in at {kept.Issuer} has ended there.", kept.Issuer);
        if (status is not (>= 200 and < 300))
            throw new CliException(AuthorizationServer.Refusal("token_endpoint", status, answer));
        var renewed = KeptLogin.Of(answer, kept.Issuer, kept.ClientId, kept.KeyFile, kept, now);
        KeptLogins.Keep(NameOf(invocation), renewed);
        return renewed;
    }

    private static async Task<int> LoginAsync(Invocation invocation)
    {
        var issuer = invocation.Optional(Url) ?? invocation.Value(Server) ?? Environment.GetEnvironmentVariable("OSTIARY_SERVER");
        if (string.IsNullOrEmpty(issuer))
            throw CliException.Usage("Sign in where? No server was named.", "ostiary login https://id.example");
        // What cannot be kept is told before anybody is asked to agree.
        using (await KeptLogins.AloneAsync(invocation.Stop))
            KeptLogins.Find(NameOf(invocation));
        var client = invocation.Value(Client) ?? "ostiary-cli";
        IReadOnlyList<string> scopes = invocation.Values(Scope) is { Count: > 0 } named ? named : ["openid", "profile", "offline_access"];
        using var server = await AuthorizationServer.DiscoverAsync(issuer, "login", invocation.Stop);
        var keyFile = KeyFile(invocation);
        using var prover = keyFile is null ? null : ClientProver.Open(keyFile);
        var login = new DeviceLogin(server, client, prover, invocation.Stop);
        var prompt = await login.BeginAsync(scopes, invocation.Value(Resource));
        Show(invocation.Terminal, prompt);
        var answer = await login.WaitAsync(prompt);
        var kept = KeptLogin.Of(answer, issuer, client, keyFile, null, TimeProvider.System.GetUtcNow());
        using (await KeptLogins.AloneAsync(invocation.Stop))
            KeptLogins.Keep(NameOf(invocation), kept);
        var user = kept.Scope.Split(' ').Contains("openid") ? await server.UserAsync(kept.AccessToken, invocation.Stop, prover) : default;
        Tell(invocation, kept, user);
        return ExitCode.Done;
    }

    private static async Task<int> WhoAmIAsync(Invocation invocation)
    {
        var kept = await PresentAsync(invocation);
        using var server = await AuthorizationServer.DiscoverAsync(kept.Issuer, "login", invocation.Stop);
        using var prover = ProverOf(kept);
        var user = await server.UserAsync(kept.AccessToken, invocation.Stop, prover);
        invocation.Results.One(user, "sub");
        invocation.Terminal.Note($"at {kept.Issuer}, as {Printable.Of(kept.ClientId)}, for {Printable.Of(kept.Scope)}");
        return ExitCode.Done;
    }

    /// <summary>Forgotten here first, whatever the server answers then.</summary>
    private static async Task<int> LogoutAsync(Invocation invocation)
    {
        using var alone = await KeptLogins.AloneAsync(invocation.Stop);
        var kept = Kept(invocation);
        KeptLogins.Keep(NameOf(invocation), null);
        if (kept.KeyFile == OwnKeyFile(invocation))
            File.Delete(kept.KeyFile);
        using var server = await AuthorizationServer.DiscoverAsync(kept.Issuer, "login", invocation.Stop);
        var form = new[] { ("token", kept.RefreshToken ?? kept.AccessToken) }; // RFC 7009 §2.1
        await server.PostAsync("revocation_endpoint", kept.ClientId, null, form, invocation.Stop);
        invocation.Terminal.Note($"signed out of {kept.Issuer}: its tokens are revoked there and gone from here");
        return ExitCode.Done;
    }

    private static void Show(Terminal terminal, DevicePrompt prompt)
    {
        var ink = terminal.ErrorInk;
        terminal.Note("");
        terminal.Note($"  Open     {ink.Bold(Printable.Of(prompt.Page))}");
        terminal.Note($"  Enter    {ink.Bold(Printable.Of(prompt.UserCode))}");
        if (prompt.CompletePage is { } complete)
            terminal.Note($"  At once  {Printable.Of(complete)}");
        terminal.Note("");
        terminal.Note(
            $"Waiting for {prompt.Lifetime.TotalMinutes.ToString("0", CultureInfo.InvariantCulture)} minutes. Compare the code there with this one."
        );
    }

    /// <summary>What is told of a sign-in holds no token.</summary>
    private static void Tell(Invocation invocation, KeptLogin kept, JsonElement user)
    {
        var result = JsonForms.Object(json =>
        {
            json.WriteString("issuer", kept.Issuer);
            json.WriteString("client_id", kept.ClientId);
            foreach (var name in Person)
                if (user.ValueKind == JsonValueKind.Object && user.TryGetProperty(name, out var value))
                {
                    json.WritePropertyName(name);
                    value.WriteTo(json);
                }
            json.WriteString("scope", kept.Scope);
            json.WriteString("expires_at", kept.ExpiresAt);
            json.WriteBoolean("renewable", kept.RefreshToken is not null);
            json.WriteString("profile", NameOf(invocation));
        });
        invocation.Results.One(result, "sub");
        invocation.Terminal.Note($"Signed in to {kept.Issuer}. The tokens are in {KeptLogins.File}, for you alone.");
    }

    private static string NameOf(Invocation invocation) =>
        invocation.Value(Name) ?? (Environment.GetEnvironmentVariable("OSTIARY_PROFILE") is { Length: > 0 } name ? name : "default");

    private static KeptLogin Kept(Invocation invocation) =>
        KeptLogins.Find(NameOf(invocation)) ?? throw NotSignedIn($"Nobody is signed in as '{Printable.Of(NameOf(invocation))}'.", "URL");

    private static CliException NotSignedIn(string message, string issuer) =>
        new(new(Reason.NotSignedIn, message) { Exit = ExitCode.NotAllowed, Try = $"ostiary login {issuer}" });

    public static ClientProver? ProverOf(KeptLogin kept) => kept.KeyFile is { } file ? ClientProver.Open(file) : null;

    private static string? KeyFile(Invocation invocation)
    {
        if (!invocation.Has(Dpop))
            return null;
        if (invocation.Value(Dpop) is { Length: > 0 } file)
            return Path.GetFullPath(file);
        KeptLogins.MakeDirectory();
        return OwnKeyFile(invocation);
    }

    private static string OwnKeyFile(Invocation invocation) =>
        Path.Combine(Profile.Directory, $"{Uri.EscapeDataString(NameOf(invocation))}.dpop.jwk");
}
