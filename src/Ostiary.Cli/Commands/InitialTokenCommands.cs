using System.CommandLine;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary client initial-token</c>: permits with which clients register themselves. RFC 7591 §3</summary>
internal static class InitialTokenCommands
{
    private static readonly Argument<string> Id = new("ID") { Description = "The id of the token, from 'initial-token list'" };
    private static readonly Option<int?> Uses = new("--uses") { Description = "How many clients it registers; 1 when absent", HelpName = "NUMBER" };
    private static readonly Option<string?> Expires = new("--expires-in")
    {
        Description = "How long it is good; 1d when absent",
        HelpName = "DURATION",
    };

    private static readonly Column[] Columns =
    [
        new("ID", "id"),
        new("CREATED", "created_at"),
        new("EXPIRES", "expires_at"),
        new("USES LEFT", "uses_left"),
    ];

    public static Noun Create() =>
        new(
            "initial-token",
            "Permits with which clients register themselves",
            new Verb("list", "List the tokens, never their text", i => i.ListAsync("/initial-tokens", "initial access token", Columns)).Lists(),
            new Verb("create", "Make a token; it is printed this one time", CreateAsync).With(Uses, Expires).Administers(),
            new Verb("revoke", "Remove a token; what it registered stays", RevokeAsync).With(Id).Administers()
        );

    private static Task<int> CreateAsync(Invocation invocation)
    {
        var body = JsonForms.Object(json =>
        {
            if (invocation.Value(Uses) is { } uses)
                json.WriteNumber("uses", uses);
            if (invocation.Value(Expires) is { } expires)
                json.WriteString("expires_in", expires);
        });
        return invocation.OneAsync(HttpMethod.Post, "/initial-tokens", body, "initial_access_token");
    }

    private static Task<int> RevokeAsync(Invocation invocation) =>
        invocation.DoAsync(
            HttpMethod.Delete,
            $"/initial-tokens/{Uri.EscapeDataString(invocation.Value(Id))}",
            null,
            $"initial access token '{invocation.Value(Id)}' is revoked"
        );
}
