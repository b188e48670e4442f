using System.Diagnostics.CodeAnalysis;
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
        channel.SendAsync(HttpMethod.Post, "/config/validate", ConfigurationRequest.Of(configuration, SuppliedSecrets.None, prune: false), ct);

    public static async Task<JsonElement> ApplyAsync(IAdminChannel channel, string file, bool prune, CancellationToken ct)
    {
        var secrets = new DemandedSecrets(new LocalSecrets(Path.GetDirectoryName(Path.GetFullPath(file))!));
        var request = ConfigurationRequest.Of(JsonInput.File(file, "FILE"), secrets, prune);
        return (await channel.SendAsync(HttpMethod.Post, "/config/apply", request, ct))!.Value;
    }

    /// <summary>Secrets of this machine: the server reads no files and variables for others. One that is missing is told before anything is sent.</summary>
    private sealed class DemandedSecrets(LocalSecrets local) : ISecretSource
    {
        public bool TryRead(SecretReference reference, [NotNullWhen(true)] out string? secret) =>
            local.TryRead(reference, out secret)
                ? true
                : throw new CliException(
                    new(Reason.NotASecretSource, $"The secret {reference} cannot be read.")
                    {
                        Why = "the configuration refers to it, relative to its own directory",
                        Try = reference.Kind == "env" ? $"set the variable {reference.Name}" : $"make the file {reference.Name}",
                    }
                );
    }
}
