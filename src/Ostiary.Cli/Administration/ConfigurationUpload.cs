using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Ostiary.Cli.ConfigurationFiles;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Administration;

/// <summary>Sends a configuration file to a server, with the secrets that it refers to.</summary>
internal static class ConfigurationUpload
{
    public static Task<JsonElement> ValidateAsync(IAdminChannel channel, ConfigurationText configuration, CancellationToken ct) =>
        SendAsync(channel, "/config/validate", configuration, ConfigurationRequest.Of(configuration.Root, SuppliedSecrets.None, prune: false), ct);

    public static Task<JsonElement> ApplyAsync(IAdminChannel channel, ConfigurationText configuration, bool prune, CancellationToken ct)
    {
        var secrets = new DemandedSecrets(new LocalSecrets(Path.GetDirectoryName(Path.GetFullPath(configuration.File))!));
        return SendAsync(channel, "/config/apply", configuration, ConfigurationRequest.Of(configuration.Root, secrets, prune), ct);
    }

    private static async Task<JsonElement> SendAsync(
        IAdminChannel channel,
        string path,
        ConfigurationText configuration,
        JsonElement request,
        CancellationToken ct
    )
    {
        try
        {
            return (await channel.SendAsync(HttpMethod.Post, path, request, ct))!.Value;
        }
        catch (CliException refused) when (refused.Error.Faults is { Count: > 0 } faults)
        {
            var located = faults.Select(f => configuration.Locate(f.Path, f.Text)).ToList();
            throw new CliException(
                located.Count == 1
                    ? refused.Error with
                    {
                        Message = configuration.Locate(faults[0].Path, refused.Error.Message),
                    }
                    : refused.Error with
                    {
                        Message = $"{configuration.File} is not valid: {located.Count} faults.",
                        Details = located,
                    }
            );
        }
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
