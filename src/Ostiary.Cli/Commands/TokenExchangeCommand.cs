using System.CommandLine;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Remote;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary token exchange</c>: a service that was called gets a token for the next one. RFC 8693 §2.1</summary>
internal static class TokenExchangeCommand
{
    private const string TypePrefix = "urn:ietf:params:oauth:token-type:"; // RFC 8693 §3
    private static readonly Argument<string?> Source = new("-")
    {
        Description = "The token is read from standard input",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> Audience = new("--audience") { Description = "The API that the new token is for", HelpName = "URI" };
    private static readonly Option<string?> SubjectType = ChoiceOption.Create(
        "--subject-type",
        "What the token is (default access_token)",
        "access_token",
        "id_token"
    );
    private static readonly Option<string?> RequestedType = ChoiceOption.Create(
        "--requested-type",
        "What the new token shall be (default access_token)",
        "access_token",
        "jwt"
    );
    private static readonly Option<string?> ActorFile = new("--actor-file")
    {
        Description = "An access token of the client itself, whose subject then acts; without it the client acts",
        HelpName = "FILE",
    };

    public static Verb Create() =>
        new Verb("exchange", "Exchange the token of a caller for one to the next API, as the service that was called", RunAsync)
        {
            Examples =
            [
                "ostiary token exchange --issuer https://id.example --client orders --secret-file orders.secret --audience https://stock.example < token",
            ],
        }.With(
            Source,
            TokenCommands.Client,
            TokenCommands.Issuer,
            TokenCommands.Server,
            Audience,
            TokenCommands.Scope,
            SubjectType,
            RequestedType,
            ActorFile,
            TokenCommands.Dpop,
            Secrets.FromFile
        );

    private static async Task<int> RunAsync(Invocation invocation)
    {
        if (invocation.Optional(Source) is not (null or "-"))
            throw SecretArguments.Refused(
                "A token that is good until it expires would stand in the arguments of a process.",
                "pass it on standard input: ostiary token exchange … < FILE"
            );
        var (token, secret) = (Secrets.Input("token", invocation).Trim(), Secrets.FileOrVariable(invocation));
        if (secret is null)
            throw TokenCommands.SecretMissing("Token exchange");
        using var server = await TokenCommands.ServerAsync(invocation);
        var form = new List<(string, string)>
        {
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token),
            ("subject_token_type", TypePrefix + (invocation.Value(SubjectType) ?? "access_token")),
        };
        if (invocation.Value(RequestedType) is { } requested)
            form.Add(("requested_token_type", TypePrefix + requested));
        if (invocation.Value(Audience) is { } audience)
            form.Add(("audience", audience));
        if (invocation.Values(TokenCommands.Scope) is { Count: > 0 } scopes)
            form.Add(("scope", string.Join(' ', scopes)));
        if (invocation.Value(ActorFile) is { } actor)
            form.AddRange([("actor_token", Secrets.InFile(actor).Trim()), ("actor_token_type", TypePrefix + "access_token")]);
        using var prover = TokenCommands.ProverOf(invocation);
        var answer = await server.PostAsync("token_endpoint", invocation.Value(TokenCommands.Client)!, secret, form, invocation.Stop, prover);
        TokenCommands.Write(invocation, answer, prover);
        return ExitCode.Done;
    }
}
