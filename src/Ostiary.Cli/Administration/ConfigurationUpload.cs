using System.Text.Json;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Administration;

/// <summary>Sends a configuration file to a server, with the secrets that it refers to.</summary>
internal static class ConfigurationUpload
{
    public static Task ValidateAsync(IAdminChannel channel, JsonElement configuration, CancellationToken ct) =>
        channel.SendAsync(HttpMethod.Post, "/config/validate", Request(configuration, null, prune: false), ct);

    public static async Task<JsonElement> ApplyAsync(IAdminChannel channel, string file, bool prune, CancellationToken ct)
    {
        var configuration = JsonInput.File(file, "FILE");
        var secrets = Lookup(configuration, Path.GetDirectoryName(Path.GetFullPath(file))!);
        return (await channel.SendAsync(HttpMethod.Post, "/config/apply", Request(configuration, secrets, prune), ct))!.Value;
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
            if (
                configuration.ValueKind == JsonValueKind.Object
                && configuration.TryGetProperty(list, out var items)
                && items.ValueKind == JsonValueKind.Array
            )
                foreach (var item in items.EnumerateArray())
                    if (
                        item.ValueKind == JsonValueKind.Object
                        && item.TryGetProperty(member, out var reference)
                        && reference.ValueKind == JsonValueKind.Object
                    )
                        foreach (var kind in new[] { "file", "env" })
                            if (reference.TryGetProperty(kind, out var name) && name.ValueKind == JsonValueKind.String)
                                yield return new(kind, name.GetString()!);
    }
}
