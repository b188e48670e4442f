using System.CommandLine;
using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary client</c>: the registered clients. Member names are those of RFC 7591.</summary>
internal static class ClientCommands
{
    private static readonly string[] Types = [.. ClientNames.Types.Select(type => type.Name)];
    private static readonly string[] Methods = [.. ClientNames.Methods.Select(method => method.Name)];
    private static readonly Argument<string> Id = new("ID") { Description = "The client_id" };
    private static readonly Argument<string?> NewId = new("ID")
    {
        Description = "The client_id; made up when absent",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Argument<string> SecretId = new("SECRET") { Description = "The id of the secret, from 'secret list'" };
    private static readonly Option<string?> Type = ChoiceOption.Create("--type", "What kind of program it is; sets safe defaults", Types);
    private static readonly Option<string?> Name = new("--name") { Description = "Shown to people", HelpName = "TEXT" };
    private static readonly Option<string[]> RedirectUri = new("--redirect-uri")
    {
        Description = "Where answers may go, character by character",
        HelpName = "URI",
    };
    private static readonly Option<string[]> AddRedirectUri = new("--add-redirect-uri") { Description = "One more redirect URI", HelpName = "URI" };
    private static readonly Option<string[]> PostLogoutRedirectUri = new("--post-logout-redirect-uri")
    {
        Description = "Where people may go after logout",
        HelpName = "URI",
    };
    private static readonly Option<string[]> Grant = new("--grant") { Description = "A grant type it may use", HelpName = "TYPE" };
    private static readonly Option<string[]> Scope = new("--scope") { Description = "A scope it may ask for", HelpName = "SCOPE" };
    private static readonly Option<string?> Auth = ChoiceOption.Create("--auth", "How it authenticates", Methods);
    private static readonly Option<string?> Jwks = new("--jwks") { Description = "Its public keys (JWK Set)", HelpName = "FILE" };
    private static readonly Option<string[]> Set = new("--set") { Description = "Any further setting", HelpName = "NAME=JSON" };

    private static readonly Column[] Columns =
    [
        new("ID", "client_id"),
        new("NAME", "client_name"),
        new("TYPE", "type"),
        new("AUTH", "token_endpoint_auth_method"),
        new("REDIRECT URIS", "redirect_uris"),
        new("DISABLED", "disabled"),
    ];

    private static readonly Column[] SecretColumns =
    [
        new("ID", "id"),
        new("CREATED", "created_at"),
        new("EXPIRES", "expires_at"),
        new("LAST USED", "last_used_at"),
    ];

    public static Noun Create() =>
        new(
            "client",
            "Registered clients",
            new Verb("list", "List the clients", i => i.ListAsync("/clients", "client", Columns)).Lists(),
            new Verb("get", "Show a client", i => i.OneAsync(HttpMethod.Get, Path(i), null, "client_id")).With(Id).Administers(),
            new Verb("create", "Register a client; a secret that is made is printed this one time", CreateAsync)
            {
                Examples =
                [
                    "ostiary client create web-1 --type web --redirect-uri https://app.example/callback",
                    "ostiary client create ci --type service --scope read -o json",
                ],
            }
                .With(NewId, Type, Name, RedirectUri, PostLogoutRedirectUri, Grant, Scope, Auth, Jwks, Secrets.FromInput, Secrets.FromFile, Set)
                .Administers(),
            new Verb("update", "Change a client; what is not named stays", UpdateAsync)
                .With(Id, Name, RedirectUri, AddRedirectUri, PostLogoutRedirectUri, Grant, Scope, Auth, Jwks, Set)
                .Administers(),
            new Verb("disable", "Refuse a client from now on; its tokens end", i => SetAsync(i, "disable", "disabled")).With(Id).Administers(),
            new Verb("enable", "Let a disabled client in again", i => SetAsync(i, "enable", "enabled")).With(Id).Administers(),
            new Verb("delete", "Remove a client; its grants end", DeleteAsync).With(Id, CommonOptions.Yes).Administers(),
            new Noun(
                "secret",
                "Secrets of a client",
                new Verb("list", "List the secrets, never their values", i => i.ListAsync(Path(i) + "/secrets", "secret", SecretColumns))
                    .With(Id)
                    .Lists(),
                new Verb("add", "Add a secret beside the others", AddSecretAsync).With(Id, Secrets.FromInput, Secrets.FromFile).Administers(),
                new Verb(
                    "rotate",
                    "Replace all secrets by a new one",
                    i => i.OneAsync(HttpMethod.Post, Path(i) + "/secrets/rotate", null, "client_secret")
                )
                    .With(Id)
                    .Administers(),
                new Verb("revoke", "Remove a secret", RevokeSecretAsync).With(Id, SecretId).Administers()
            ),
            InitialTokenCommands.Create()
        );

    private static string Path(Invocation invocation) => "/clients/" + Uri.EscapeDataString(invocation.Value(Id));

    private static Task<int> CreateAsync(Invocation invocation)
    {
        if (invocation.Value(Type) is null)
            throw CliException.Usage("A client needs a type.", "--type " + string.Join('|', Types));
        var secret = Secrets.Given(invocation) ? Secrets.Client(invocation) : null;
        var body = JsonForms.Object(json =>
        {
            if (invocation.Optional(NewId) is { } id)
                json.WriteString("client_id", id);
            json.WriteString("type", invocation.Value(Type));
            WriteSettings(json, invocation);
            if (secret is not null)
                json.WriteString("client_secret", secret);
        });
        return invocation.OneAsync(HttpMethod.Post, "/clients", body, "client_id");
    }

    private static async Task<int> UpdateAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        IReadOnlyList<string> uris = [];
        if (invocation.Values(AddRedirectUri) is { Count: > 0 } added)
        {
            var present = await channel.SendAsync(HttpMethod.Get, Path(invocation), null, invocation.Stop);
            uris =
            [
                .. present!
                    .Value.GetProperty("redirect_uris")
                    .EnumerateArray()
                    .Select(u => u.GetString()!)
                    .Concat(added)
                    .Distinct(StringComparer.Ordinal),
            ];
        }
        var body = JsonForms.Object(json =>
        {
            WriteSettings(json, invocation);
            if (uris.Count > 0)
                WriteList(json, "redirect_uris", uris);
        });
        if (!body.EnumerateObject().Any())
            throw CliException.Usage("Nothing to change was named.", "ostiary client update --help");
        var answer = await channel.SendAsync(HttpMethod.Patch, Path(invocation), body, invocation.Stop);
        if (answer is { } changed)
            invocation.Results.One(changed, "client_id");
        return 0;
    }

    private static void WriteSettings(Utf8JsonWriter json, Invocation invocation)
    {
        if (invocation.Value(Name) is { } name)
            json.WriteString("client_name", name);
        WriteList(json, "redirect_uris", invocation.Values(RedirectUri));
        WriteList(json, "post_logout_redirect_uris", invocation.Values(PostLogoutRedirectUri));
        WriteList(json, "grant_types", invocation.Values(Grant));
        if (invocation.Values(Scope) is { Count: > 0 } scopes)
            json.WriteString("scope", string.Join(' ', scopes));
        if (invocation.Value(Auth) is { } method)
            json.WriteString("token_endpoint_auth_method", method);
        if (invocation.Value(Jwks) is { } file)
        {
            json.WritePropertyName("jwks");
            JsonInput.File(file, "--jwks").WriteTo(json);
        }
        foreach (var (member, value) in FurtherSettings(invocation))
        {
            json.WritePropertyName(member);
            value.WriteTo(json);
        }
    }

    /// <summary>What <c>--set</c> names; each setting once, and none that another option has set.</summary>
    private static Dictionary<string, JsonElement> FurtherSettings(Invocation invocation)
    {
        var settings = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var text in invocation.Values(Set))
        {
            var (member, value) = JsonInput.Member(text, "--set");
            if (OptionOf(member) is { } option && invocation.Has(option))
                throw CliException.Usage($"'{member}' is given twice: by {option.Name} and by --set.", $"leave out {option.Name}");
            if (!settings.TryAdd(member, value))
                throw CliException.Usage($"--set gives '{member}' twice.", $"give --set {member}=… once");
        }
        return settings;
    }

    private static Option? OptionOf(string member) =>
        member switch
        {
            "type" => Type,
            "client_name" => Name,
            "redirect_uris" => RedirectUri,
            "post_logout_redirect_uris" => PostLogoutRedirectUri,
            "grant_types" => Grant,
            "scope" => Scope,
            "token_endpoint_auth_method" => Auth,
            "jwks" => Jwks,
            _ => null,
        };

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static Task<int> SetAsync(Invocation invocation, string verb, string done) =>
        invocation.DoAsync(HttpMethod.Post, $"{Path(invocation)}/{verb}", null, $"client '{invocation.Value(Id)}' is {done}");

    private static Task<int> DeleteAsync(Invocation invocation)
    {
        Confirmation.Demand(invocation, $"Client '{invocation.Value(Id)}' would be deleted, and its grants and tokens end.");
        return invocation.DoAsync(HttpMethod.Delete, Path(invocation), null, $"client '{invocation.Value(Id)}' is deleted");
    }

    private static Task<int> AddSecretAsync(Invocation invocation)
    {
        var secret = Secrets.Given(invocation) ? Secrets.Client(invocation) : null;
        var body = JsonForms.Object(json =>
        {
            if (secret is not null)
                json.WriteString("client_secret", secret);
        });
        return invocation.OneAsync(HttpMethod.Post, Path(invocation) + "/secrets", body, "client_secret");
    }

    private static Task<int> RevokeSecretAsync(Invocation invocation) =>
        invocation.DoAsync(
            HttpMethod.Delete,
            $"{Path(invocation)}/secrets/{Uri.EscapeDataString(invocation.Value(SecretId))}",
            null,
            $"secret '{invocation.Value(SecretId)}' of client '{invocation.Value(Id)}' is revoked"
        );
}
