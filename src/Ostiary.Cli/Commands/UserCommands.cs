using System.CommandLine;
using System.Text.Json;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary user</c>: the people who can sign in.</summary>
internal static class UserCommands
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The user name" };
    private static readonly Option<string?> Email = new("--email") { Description = "E-mail address", HelpName = "ADDRESS" };
    private static readonly Option<string[]> Claim = new("--claim") { Description = "A further claim", HelpName = "NAME=JSON" };

    private static readonly Column[] Columns =
    [
        new("NAME", "username"),
        new("EMAIL", "email"),
        new("SUBJECT", "sub"),
        new("CREATED", "created_at"),
        new("DISABLED", "disabled"),
    ];

    public static Noun Create() =>
        new(
            "user",
            "People who can sign in",
            new Verb("list", "List the users", i => i.ListAsync("/users", "user", Columns)).Lists(),
            new Verb("get", "Show a user", i => i.OneAsync(HttpMethod.Get, Path(i), null, "username")).With(Name).Administers(),
            new Verb("create", "Add a user", CreateAsync)
            {
                Examples = ["ostiary user create alice --email alice@example.test --password-stdin < password.txt"],
            }
                .With(Name, Email, Secrets.PasswordFromInput, Claim)
                .Administers(),
            new Verb("set-password", "Give a user a new password; sessions and grants end", SetPasswordAsync)
                .With(Name, Secrets.PasswordFromInput)
                .Administers(),
            new Verb("disable", "Keep a user out from now on; sessions and grants end", i => SetAsync(i, "disable", "disabled"))
                .With(Name)
                .Administers(),
            new Verb("enable", "Let a disabled user in again", i => SetAsync(i, "enable", "enabled")).With(Name).Administers(),
            new Verb("delete", "Remove a user; sessions and grants end", DeleteAsync).With(Name, CommonOptions.Yes).Administers()
        );

    private static string Path(Invocation invocation) => "/users/" + Uri.EscapeDataString(invocation.Value(Name));

    private static Task<int> CreateAsync(Invocation invocation)
    {
        var password = invocation.Value(Secrets.PasswordFromInput) ? Secrets.Input("password", invocation) : null;
        var claims = invocation.Values(Claim).Select(c => JsonInput.Member(c, "--claim")).ToList();
        var body = JsonForms.Object(json =>
        {
            json.WriteString("username", invocation.Value(Name));
            if (invocation.Value(Email) is { } email)
                json.WriteString("email", email);
            if (password is not null)
                json.WriteString("password", password);
            if (claims.Count > 0)
                WriteClaims(json, claims);
        });
        return invocation.OneAsync(HttpMethod.Post, "/users", body, "username");
    }

    private static void WriteClaims(Utf8JsonWriter json, IEnumerable<(string Name, JsonElement Value)> claims)
    {
        json.WriteStartObject("claims");
        foreach (var (name, value) in claims)
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private static Task<int> SetPasswordAsync(Invocation invocation)
    {
        var password = Secrets.Input("password", invocation);
        var body = JsonForms.Object(json => json.WriteString("password", password));
        return invocation.DoAsync(HttpMethod.Put, Path(invocation) + "/password", body, $"user '{invocation.Value(Name)}' has a new password");
    }

    private static Task<int> DeleteAsync(Invocation invocation)
    {
        Confirmation.Demand(invocation, $"User '{invocation.Value(Name)}' would be deleted, and sessions and grants end.");
        return invocation.DoAsync(HttpMethod.Delete, Path(invocation), null, $"user '{invocation.Value(Name)}' is deleted");
    }

    private static Task<int> SetAsync(Invocation invocation, string verb, string done) =>
        invocation.DoAsync(HttpMethod.Post, $"{Path(invocation)}/{verb}", null, $"user '{invocation.Value(Name)}' is {done}");
}
