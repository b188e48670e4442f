using System.CommandLine;
using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary config</c>: the configuration as code. Export after apply is the same file.</summary>
internal static class ConfigCommands
{
    private static readonly Argument<string> File = new("FILE") { Description = "The configuration (JSON)" };
    private static readonly Option<bool> Prune = new("--prune") { Description = "Delete what the file does not name (needs --yes)" };
    private static readonly Column[] Changes = [new("KIND", "kind"), new("ACT", "act"), new("ID", "id")];
    private static readonly Column[] Made = [new("CLIENT", "client_id"), new("SECRET", "client_secret")];

    public static Noun Create() =>
        new(
            "config",
            "Configuration as code",
            new Verb("validate", "Check a configuration file, changing nothing", ValidateAsync).With(File).Administers(),
            new Verb("apply", "Bring the server's configuration to what a file says", ApplyAsync).With(File, Prune, CommonOptions.Yes).Administers(),
            new Verb("export", "Print the server's configuration, without secrets", ExportAsync)
            {
                Examples = ["ostiary config export > ostiary.json"],
            }.Administers()
        );

    private static async Task<int> ValidateAsync(Invocation invocation)
    {
        var configuration = JsonInput.File(invocation.Value(File), "FILE");
        await using var channel = await invocation.ChannelAsync();
        await channel.SendAsync(HttpMethod.Post, "/config/validate", Request(configuration, null, prune: false), invocation.Stop);
        invocation.Terminal.Note($"{invocation.Value(File)} is valid");
        return 0;
    }

    private static async Task<int> ApplyAsync(Invocation invocation)
    {
        var prune = invocation.Value(Prune);
        if (prune && !invocation.Value(CommonOptions.Yes))
            throw new CliException(
                new(Reason.ConfirmationNeeded, "--prune deletes clients, APIs and users that the file does not name.")
                {
                    Try = $"ostiary config apply {invocation.Value(File)} --prune --yes",
                }
            );
        var configuration = JsonInput.File(invocation.Value(File), "FILE");
        var secrets = Lookup(configuration, Path.GetDirectoryName(Path.GetFullPath(invocation.Value(File)))!);
        await using var channel = await invocation.ChannelAsync();
        var answer = (await channel.SendAsync(HttpMethod.Post, "/config/apply", Request(configuration, secrets, prune), invocation.Stop))!.Value;
        Show(answer, invocation);
        return 0;
    }

    private static void Show(JsonElement answer, Invocation invocation)
    {
        if (invocation.Form is not OutputForm.Table)
        {
            invocation.Results.One(answer, "revision");
            return;
        }
        invocation.Results.Rows([.. Changes.Select(c => c.Heading)], Rows(answer.GetProperty("changes"), Changes));
        if (answer.GetProperty("client_secrets") is var made && made.GetArrayLength() > 0)
            invocation.Results.Rows([.. Made.Select(c => c.Heading)], Rows(made, Made));
        invocation.Terminal.Note($"revision {answer.GetProperty("revision")}, {answer.GetProperty("changes").GetArrayLength()} changes");
    }

    private static IReadOnlyList<IReadOnlyList<string>> Rows(JsonElement items, Column[] columns) =>
        [.. items.EnumerateArray().Select(i => (IReadOnlyList<string>)[.. columns.Select(c => c.Of(i))])];

    private static async Task<int> ExportAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        var answer = (await channel.SendAsync(HttpMethod.Get, "/config", null, invocation.Stop))!.Value;
        if (invocation.Form is OutputForm.Yaml)
            Yaml.Write(invocation.Terminal.Result, answer);
        else
            invocation.Terminal.Result.WriteLine(JsonForms.Indented(answer));
        return 0;
    }

    private static JsonElement Request(JsonElement configuration, IReadOnlyDictionary<string, string>? secrets, bool prune) =>
        JsonForms.Object(json =>
        {
            json.WritePropertyName("configuration");
            configuration.WriteTo(json);
            if (prune)
                json.WriteBoolean("prune", true);
            if (secrets is not { Count: > 0 })
                return;
            json.WriteStartObject("secrets");
            foreach (var (reference, secret) in secrets)
                json.WriteString(reference, secret);
            json.WriteEndObject();
        });

    /// <summary>The secrets that the file refers to, looked up here: the server reads no files and variables for others.</summary>
    private static Dictionary<string, string> Lookup(JsonElement configuration, string directory)
    {
        var local = new LocalSecrets(directory);
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var reference in References(configuration))
            found[reference.ToString()] = local.TryRead(reference, out var secret)
                ? secret
                : throw new CliException(
                    new(Reason.NotASecretSource, $"The secret {reference} cannot be read.")
                    {
                        Why = "the configuration refers to it, relative to its own directory",
                        Try = reference.Kind == "env" ? $"set the variable {reference.Name}" : $"make the file {reference.Name}",
                    }
                );
        return found;
    }

    private static IEnumerable<SecretReference> References(JsonElement configuration)
    {
        foreach (var (list, member) in new[] { ("clients", "client_secret"), ("users", "password") })
            if (configuration.ValueKind == JsonValueKind.Object && configuration.TryGetProperty(list, out var items) && items.ValueKind == JsonValueKind.Array)
                foreach (var item in items.EnumerateArray())
                    if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty(member, out var reference) && reference.ValueKind == JsonValueKind.Object)
                        foreach (var kind in new[] { "file", "env" })
                            if (reference.TryGetProperty(kind, out var name) && name.ValueKind == JsonValueKind.String)
                                yield return new(kind, name.GetString()!);
    }
}
