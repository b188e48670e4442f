using System.CommandLine;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary grant</c>: who allowed which client what.</summary>
internal static class GrantCommands
{
    private static readonly Argument<string> Id = new("ID") { Description = "The grant's id" };
    private static readonly Option<string?> Client = new("--client") { Description = "Only those of a client", HelpName = "ID" };
    private static readonly Option<string?> User = new("--user") { Description = "Only those of a user", HelpName = "NAME" };
    private static readonly Option<bool> Live = new("--live") { Description = "Only those in force" };

    private static readonly Column[] Columns =
    [
        new("ID", "id"),
        new("STATUS", "status"),
        new("CLIENT", "client_id"),
        new("USER", "username"),
        new("SCOPE", "scope"),
        new("CREATED", "created_at"),
        new("EXPIRES", "expires_at"),
    ];

    public static Noun Create() =>
        new(
            "grant",
            "Grants: who allowed which client what",
            new Verb("list", "List the grants", i => i.ListAsync("/grants" + Query(i), "grant", Columns)).With(Client, User, Live).Lists(),
            new Verb("get", "Show a grant", i => i.OneAsync(HttpMethod.Get, Path(i), null, "id")).With(Id).Administers(),
            new Verb(
                "end",
                "End a grant, with its tokens",
                i => i.DoAsync(HttpMethod.Post, Path(i) + "/end", null, $"grant '{i.Value(Id)}' has ended")
            )
                .With(Id)
                .Administers()
        );

    private static string Path(Invocation invocation) => "/grants/" + Uri.EscapeDataString(invocation.Value(Id));

    private static string Query(Invocation invocation) =>
        AdminQuery.Of(("client_id", invocation.Value(Client)), ("subject", invocation.Value(User)), ("live", invocation.Value(Live) ? "true" : null));
}

/// <summary>The query of a list: only what was asked for.</summary>
internal static class AdminQuery
{
    public static string Of(params ReadOnlySpan<(string Name, string? Value)> filters)
    {
        var query = "";
        foreach (var (name, value) in filters)
            if (value is not null)
                query += (query.Length == 0 ? "?" : "&") + name + "=" + Uri.EscapeDataString(value);
        return query;
    }
}
