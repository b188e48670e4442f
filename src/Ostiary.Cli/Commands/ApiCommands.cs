using System.CommandLine;
using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary api</c>: the protected APIs, their scopes and what their tokens look like.</summary>
internal static class ApiCommands
{
    private static readonly Argument<string> Identifier = new("IDENTIFIER") { Description = "The resource identifier, an absolute URI" };
    private static readonly Option<string?> Name = new("--name") { Description = "Shown to people", HelpName = "TEXT" };
    private static readonly Option<string[]> Scope = new("--scope")
    {
        Description = "A scope and the sentence that people read on the consent page",
        HelpName = "'NAME=SENTENCE'",
    };
    private static readonly Option<string[]> DefaultScope = new("--default-scope")
    {
        Description = "A scope of --scope that a request without scopes gets",
        HelpName = "NAME",
    };
    private static readonly Option<string?> Format = ChoiceOption.Create("--token-format", "What its access tokens are", "jwt", "opaque");
    private static readonly Option<string?> Lifetime = new("--token-lifetime")
    {
        Description = "Lifetime of its access tokens, e.g. 10m",
        HelpName = "TIME",
    };
    private static readonly Option<string?> Algorithm = ChoiceOption.Create(
        "--signing-alg",
        "How its access tokens are signed",
        [.. SigningAlgorithms.All]
    );
    private static readonly Option<string[]> ResourceServer = new("--resource-server-client")
    {
        Description = "A client that may introspect its tokens",
        HelpName = "ID",
    };

    private static readonly Option<bool> McpServer = new("--mcp")
    {
        Description = "It is an MCP server: clients connect that nobody registered, where people consent",
    };

    private static readonly Option<string?> Delay = new("--delay")
    {
        Description = "When tokens begin to be signed with it (default 10m), so that the API can learn it first",
        HelpName = "TIME",
    };

    private static readonly Column[] Columns =
    [
        new("IDENTIFIER", "identifier"),
        new("NAME", "name"),
        new("SCOPES", "scopes"),
        new("FORMAT", "token_format"),
        new("LIFETIME", "token_lifetime"),
        new("SIGNED", "signing_alg"),
    ];

    public static Noun Create() =>
        new(
            "api",
            "Protected APIs",
            new Verb("list", "List the APIs", i => i.ListAsync("/apis", "API", Columns)).Lists(),
            new Verb("get", "Show an API", i => i.OneAsync(HttpMethod.Get, Path(i), null, "identifier")).With(Identifier).Administers(),
            new Verb("create", "Register an API", i => i.OneAsync(HttpMethod.Post, "/apis", Body(i, withIdentifier: true), "identifier"))
            {
                Examples = ["ostiary api create https://api.example --scope 'read=Read your data' --token-lifetime 10m"],
            }
                .With(Identifier, Name, Scope, DefaultScope, Format, Lifetime, Algorithm, ResourceServer, McpServer)
                .Administers(),
            new Verb(
                "update",
                "Change an API; what is not named stays",
                i => i.OneAsync(HttpMethod.Patch, Path(i), Body(i, withIdentifier: false), "identifier")
            )
                .With(Identifier, Name, Scope, DefaultScope, Format, Lifetime, Algorithm, ResourceServer, McpServer)
                .Administers(),
            new Verb("delete", "Remove an API", DeleteAsync).With(Identifier, CommonOptions.Yes).Administers(),
            new Noun(
                "secret",
                "The secret that an API of --signing-alg HS256 shares with the server",
                new Verb("rotate", "Make a new secret; it is printed this one time", RotateAsync).With(Identifier, Delay).Administers()
            )
        );

    private static Task<int> DeleteAsync(Invocation invocation)
    {
        Confirmation.Demand(invocation, $"API '{invocation.Value(Identifier)}' would be deleted; nobody gets tokens for it any more.");
        return invocation.DoAsync(HttpMethod.Delete, Path(invocation), null, $"API '{invocation.Value(Identifier)}' is deleted");
    }

    private static Task<int> RotateAsync(Invocation invocation)
    {
        var delay = invocation.Value(Delay);
        Durations.Parse(delay, "--delay");
        var body = JsonForms.Object(json =>
        {
            if (delay is not null)
                json.WriteString("delay", delay);
        });
        return invocation.OneAsync(HttpMethod.Post, Path(invocation) + "/secret/rotate", body, "api_secret");
    }

    private static string Path(Invocation invocation) => "/apis/" + Uri.EscapeDataString(invocation.Value(Identifier));

    private static JsonElement Body(Invocation invocation, bool withIdentifier) =>
        JsonForms.Object(json =>
        {
            if (withIdentifier)
                json.WriteString("identifier", invocation.Value(Identifier));
            if (invocation.Value(Name) is { } name)
                json.WriteString("name", name);
            WriteScopes(json, invocation.Values(Scope), invocation.Values(DefaultScope));
            if (invocation.Value(Format) is { } format)
                json.WriteString("token_format", format);
            if (invocation.Value(Lifetime) is { } lifetime && Durations.Parse(lifetime, "--token-lifetime") is not null)
                json.WriteString("token_lifetime", lifetime);
            if (invocation.Value(Algorithm) is { } algorithm)
                json.WriteString("signing_alg", algorithm);
            if (invocation.Value(McpServer))
                json.WriteBoolean("mcp_server", true);
            if (invocation.Values(ResourceServer) is { Count: > 0 } clients)
            {
                json.WriteStartArray("resource_server_clients");
                foreach (var client in clients)
                    json.WriteStringValue(client);
                json.WriteEndArray();
            }
        });

    /// <summary>A scope without a sentence is described by its name.</summary>
    private static void WriteScopes(Utf8JsonWriter json, IReadOnlyList<string> scopes, IReadOnlyList<string> defaults)
    {
        var names = scopes.Select(s => s.Split('=', 2)[0]).ToList();
        if (defaults.FirstOrDefault(d => !names.Contains(d)) is { } missing)
            throw CliException.Usage(
                $"--default-scope '{Printable.Of(missing)}' is not among the scopes.",
                $"--scope '{missing}=…' --default-scope {missing}"
            );
        if (scopes.Count == 0)
            return;
        json.WriteStartArray("scopes");
        foreach (var scope in scopes)
        {
            var parts = scope.Split('=', 2);
            json.WriteStartObject();
            json.WriteString("name", parts[0]);
            json.WriteString("description", parts.Length > 1 ? parts[1] : parts[0]);
            if (defaults.Contains(parts[0]))
                json.WriteBoolean("default", true);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
