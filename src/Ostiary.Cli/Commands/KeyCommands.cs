using System.CommandLine;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary key</c>: the signing keys.</summary>
internal static class KeyCommands
{
    private static readonly Argument<string> Id = new("KID") { Description = "The key's id" };
    private static readonly Option<string?> Algorithm = new("--alg") { Description = "Only the keys of this algorithm", HelpName = "ALG" };
    private static readonly Option<bool> Now = new("--now") { Description = "Sign with the new key at once, before verifiers can have fetched it" };

    private static readonly Column[] Columns =
    [
        new("KID", "kid"),
        new("ALG", "alg"),
        new("STATE", "state"),
        new("PUBLISHED", "published_at"),
        new("ACTIVE FROM", "active_at"),
        new("GONE AT", "gone_at"),
    ];

    public static Noun Create() =>
        new(
            "key",
            "Signing keys",
            new Verb("list", "List the keys and their states", i => i.ListAsync("/keys", "key", Columns)).Lists(),
            new Verb("rotate", "Publish new keys; they sign once verifiers can know them", Rotate).With(Algorithm, Now).Administers(),
            new Verb("retire", "Sign with a key no more; what it signed stays valid", Retire).With(Id).Administers(),
            new Verb("revoke", "Withdraw a key at once: what it signed is refused from now on", Revoke).With(Id, CommonOptions.Yes).Administers()
        );

    private static string Path(Invocation invocation) => "/keys/" + Uri.EscapeDataString(invocation.Value(Id));

    private static Task<int> Rotate(Invocation invocation)
    {
        var body = JsonForms.Object(json =>
        {
            if (invocation.Value(Algorithm) is { } algorithm)
                json.WriteString("alg", algorithm);
            if (invocation.Value(Now))
                json.WriteBoolean("force", true);
        });
        return invocation.DoAsync(
            HttpMethod.Post,
            "/keys/rotate",
            body,
            invocation.Value(Now) ? "new keys sign from now on" : "new keys are published; they sign once every verifier can know them"
        );
    }

    private static Task<int> Retire(Invocation invocation) =>
        invocation.DoAsync(HttpMethod.Post, Path(invocation) + "/retire", null, $"key '{invocation.Value(Id)}' signs no more");

    private static Task<int> Revoke(Invocation invocation)
    {
        // A script that names the key means it.
        if (invocation.Terminal.ErrorIsTerminal && !invocation.Value(CommonOptions.Yes))
            throw new CliException(
                new(Reason.ConfirmationNeeded, $"Every token signed by key '{invocation.Value(Id)}' would be refused at once.")
                {
                    Try = $"ostiary key revoke {invocation.Value(Id)} --yes",
                }
            );
        return invocation.DoAsync(HttpMethod.Post, Path(invocation) + "/revoke", null, $"key '{invocation.Value(Id)}' is revoked");
    }
}
