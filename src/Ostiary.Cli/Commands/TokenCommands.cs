using System.CommandLine;
using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Cli.Remote;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary token</c>: tokens as a client or an API handles them. <c>decode</c> never sends anything.</summary>
internal static class TokenCommands
{
    private static readonly Argument<string?> Token = new("TOKEN")
    {
        Description = "The token; '-' or nothing reads it from standard input",
        Arity = ArgumentArity.ZeroOrOne,
    };
    public static readonly Option<string?> Issuer = new("--issuer") { Description = "The issuer's URL (also OSTIARY_SERVER)", HelpName = "URL" };
    public static readonly Option<string?> Client = new("--client")
    {
        Description = "The client_id to act as",
        HelpName = "ID",
        Required = true,
    };
    public static readonly Option<string?> Server = new("--server") { Description = "The same as --issuer", HelpName = "URL" };
    private static readonly Option<string?> ClientOrPerson = new("--client")
    {
        Description = "The client_id to act as; without it the token is the one of your sign-in (ostiary login)",
        HelpName = "ID",
    };
    public static readonly Option<string[]> Scope = new("--scope") { Description = "A scope to ask for", HelpName = "SCOPE" };
    private static readonly Option<string?> Resource = new("--resource") { Description = "The API that the token is for", HelpName = "URI" };
    public static readonly Option<string?> Dpop = new("--dpop")
    {
        Description = "Bind the token to a key by DPoP: that of FILE, which is made where it is not there; without FILE one that is gone afterwards",
        HelpName = "FILE",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> Audience = new("--audience") { Description = "The audience that the token must name", HelpName = "URI" };
    private static readonly Option<string?> Hint = ChoiceOption.Create("--type", "What kind of token it is", "access_token", "refresh_token");

    public static Noun Create() =>
        new(
            "token",
            "Tokens, as clients and APIs handle them",
            new Verb("get", "Get an access token with the client's own credentials, or that of your sign-in", GetAsync)
            {
                Examples =
                [
                    "ostiary token get --issuer http://localhost:9400 --client ci --scope read --secret-file ci.secret",
                    "curl -H \"Authorization: Bearer $(ostiary token get)\" https://api.example/notes",
                ],
            }.With(ClientOrPerson, Issuer, Server, Scope, Resource, Dpop, LoginCommands.Name, Secrets.FromInput, Secrets.FromFile),
            new Verb("decode", "Show what a token says, without checking or sending it", Decode)
            {
                Examples = ["ostiary token get … | ostiary token decode"],
            }.With(Token),
            new Verb("verify", "Check a JWT with the issuer's published keys", VerifyAsync).With(Token, Issuer, Server, Audience),
            new Verb("introspect", "Ask the issuer about a token, as the API that it is for", IntrospectAsync).With(
                Token,
                Client,
                Issuer,
                Server,
                Secrets.FromInput,
                Secrets.FromFile
            ),
            TokenExchangeCommand.Create(),
            new Verb("revoke", "Revoke a token, as the client that it was issued to", RevokeAsync).With(
                Token,
                Client,
                Issuer,
                Server,
                Hint,
                Secrets.FromInput,
                Secrets.FromFile
            )
        );

    private static async Task<int> GetAsync(Invocation invocation)
    {
        if (invocation.Value(ClientOrPerson) is not { } client)
            return await GetKeptAsync(invocation);
        var secret = Secrets.Client(invocation) ?? throw SecretMissing("The client credentials grant");
        using var server = await ServerAsync(invocation);
        var form = new List<(string, string)> { ("grant_type", "client_credentials") }; // RFC 6749 §4.4.2
        if (invocation.Values(Scope) is { Count: > 0 } scopes)
            form.Add(("scope", string.Join(' ', scopes)));
        if (invocation.Value(Resource) is { } resource)
            form.Add(("resource", resource)); // RFC 8707 §2
        using var prover = ProverOf(invocation);
        var answer = await server.PostAsync("token_endpoint", client, secret, form, invocation.Stop, prover);
        Write(invocation, answer, prover);
        return 0;
    }

    /// <summary>What was asked for when the person signed in cannot be asked for anew here.</summary>
    private static async Task<int> GetKeptAsync(Invocation invocation)
    {
        foreach (var option in new Option[] { Issuer, Server, Scope, Resource, Dpop, Secrets.FromInput, Secrets.FromFile })
            if (invocation.Has(option))
                throw CliException.Usage(
                    $"{option.Name} goes with --client; the token of your sign-in is what ostiary login asked for.",
                    "--client ID"
                );
        var kept = await LoginCommands.PresentAsync(invocation);
        using var prover = LoginCommands.ProverOf(kept);
        var answer = JsonForms.Object(json =>
        {
            json.WriteString("access_token", kept.AccessToken);
            json.WriteString("token_type", prover is null ? "Bearer" : "DPoP");
            json.WriteString("expires_at", kept.ExpiresAt);
            json.WriteString("scope", kept.Scope);
        });
        Write(invocation, answer, prover);
        return 0;
    }

    /// <summary>A token answer: the token alone, or all of it where a form was asked for.</summary>
    public static void Write(Invocation invocation, JsonElement answer, ClientProver? prover)
    {
        if (invocation.Form is OutputForm.Table or OutputForm.Id)
            invocation.Terminal.Result.WriteLine(Printable.Of(answer.GetProperty("access_token").GetString()!));
        else
            invocation.Results.One(answer, "access_token");
        if (prover is not null)
            invocation.Terminal.Note($"the token is bound to the key {prover.Thumbprint}");
    }

    /// <summary>The key of <c>--dpop</c>; null where it was not asked for.</summary>
    public static ClientProver? ProverOf(Invocation invocation) =>
        !invocation.Has(Dpop) ? null
        : invocation.Value(Dpop) is { Length: > 0 } file ? ClientProver.Open(file)
        : ClientProver.Ephemeral();

    public static CliException SecretMissing(string what) =>
        new(
            new(Reason.NotASecretSource, $"{what} needs the client's secret, and none was given.")
            {
                Try = $"--secret-stdin, --secret-file FILE, or the environment variable {Secrets.Variable}",
            }
        );

    private static Task<int> Decode(Invocation invocation)
    {
        DecodedToken.Write(Read(invocation), invocation);
        return Task.FromResult(0);
    }

    private static async Task<int> VerifyAsync(Invocation invocation)
    {
        var token = Read(invocation);
        using var server = await ServerAsync(invocation);
        var keys = await server.KeysAsync(invocation.Stop);
        var claims = TokenVerification.Verify(token, keys, server.Issuer, invocation.Value(Audience), TimeProvider.System.GetUtcNow());
        invocation.Results.One(claims, "sub");
        invocation.Terminal.Note("the signature, the issuer and the times hold" + (invocation.Has(Audience) ? ", and so does the audience" : ""));
        return 0;
    }

    private static async Task<int> IntrospectAsync(Invocation invocation)
    {
        var (token, secret) = Both(invocation);
        using var server = await ServerAsync(invocation);
        var answer = await server.PostAsync("introspection_endpoint", invocation.Value(Client)!, secret, [("token", token)], invocation.Stop); // RFC 7662 §2.1
        invocation.Results.One(answer, "active");
        return 0;
    }

    private static async Task<int> RevokeAsync(Invocation invocation)
    {
        var (token, secret) = Both(invocation);
        using var server = await ServerAsync(invocation);
        var form = new List<(string, string)> { ("token", token) }; // RFC 7009 §2.1
        if (invocation.Value(Hint) is { } hint)
            form.Add(("token_type_hint", hint));
        await server.PostAsync("revocation_endpoint", invocation.Value(Client)!, secret, form, invocation.Stop);
        invocation.Terminal.Note("the token is revoked, or was not valid before");
        return 0;
    }

    public static Task<AuthorizationServer> ServerAsync(Invocation invocation)
    {
        var issuer = invocation.Value(Issuer) ?? invocation.Value(Server) ?? Environment.GetEnvironmentVariable("OSTIARY_SERVER");
        return string.IsNullOrEmpty(issuer)
            ? throw CliException.Usage("Which issuer? None was named.", "--issuer URL")
            : AuthorizationServer.DiscoverAsync(issuer, "--issuer", invocation.Stop);
    }

    /// <summary>Only one of the token and the secret can stand on standard input.</summary>
    private static (string Token, string? Secret) Both(Invocation invocation)
    {
        if (invocation.Value(Secrets.FromInput) && invocation.Optional(Token) is null or "-")
            throw CliException.Usage("Both the token and the secret would be read from standard input.", "--secret-file FILE");
        return (Read(invocation), Secrets.Client(invocation));
    }

    private static string Read(Invocation invocation)
    {
        var token = invocation.Optional(Token) is { } text and not "-" ? text : Secrets.Input("token", invocation);
        return token.Trim();
    }
}
