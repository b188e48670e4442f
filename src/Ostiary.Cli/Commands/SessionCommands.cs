using System.CommandLine;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary session</c>: the signed-in browsers.</summary>
internal static class SessionCommands
{
    private static readonly Argument<string> Id = new("ID") { Description = "The session's id" };
    private static readonly Option<string?> User = new("--user") { Description = "Only those of a user", HelpName = "NAME" };

    private static readonly Column[] Columns =
    [
        new("ID", "id"),
        new("USER", "username"),
        new("SIGNED IN", "authenticated_at"),
        new("LAST SEEN", "seen_at"),
        new("EXPIRES", "expires_at"),
    ];

    public static Noun Create() =>
        new(
            "session",
            "Signed-in browsers",
            new Verb("list", "List the sessions", i => i.ListAsync("/sessions" + AdminQuery.Of(("subject", i.Value(User))), "session", Columns))
                .With(User)
                .Lists(),
            new Verb("get", "Show a session", i => i.OneAsync(HttpMethod.Get, Path(i), null, "id")).With(Id).Administers(),
            new Verb("end", "End a session, with the grants that live by it", End).With(Id).Administers()
        );

    private static string Path(Invocation invocation) => "/sessions/" + Uri.EscapeDataString(invocation.Value(Id));

    private static Task<int> End(Invocation invocation) =>
        invocation.DoAsync(HttpMethod.Post, Path(invocation) + "/end", null, $"session '{invocation.Value(Id)}' has ended");
}
