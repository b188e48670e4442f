using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Hosting;

/// <summary>Applies the configuration file that a server is started with, before it answers. Wrong in any point: the server does not start, and nothing is changed.</summary>
internal static class StartConfiguration
{
    private const int MaxNamed = 5;

    public static async Task ApplyAsync(string path, LiveConfiguration configuration, MasterKey master, IDecisionLog log, TimeProvider time, CancellationToken ct)
    {
        var file = ConfigurationFile.Read(await ReadAsync(path, ct), configuration.OnLoopback, out var faults);
        if (file is null)
            throw Invalid(path, faults);
        var secrets = new LocalSecrets(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var apply = new ConfigurationApply(file, secrets, new CredentialIntake(new ClientSecrets(master)), prune: false, time.GetUtcNow());
        var outcome = await configuration.TryChangeAsync(
            before =>
            {
                var draft = apply.To(before);
                return apply.Made is [var made, ..]
                    ? new ConfigurationFault($"clients.{made.ClientId}", Reason.ConfigurationInvalid, "needs a client_secret: {\"file\": …} or {\"env\": …}.", null)
                    : draft;
            },
            expectedRevision: null,
            ct
        );
        if (outcome.Snapshot is null)
            throw Invalid(path, outcome.Faults);
        log.Record(
            new DecisionRecord
            {
                At = time.GetUtcNow(),
                Flow = Flow.New(),
                Act = "config.apply",
                Change = outcome.Changes.Count == 0 ? null : "applied",
                Revision = outcome.Snapshot.Revision,
            }
        );
    }

    private static async Task<byte[]> ReadAsync(string path, CancellationToken ct)
    {
        try
        {
            return await File.ReadAllBytesAsync(path, ct);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartException(Reason.SettingInvalid, $"the configuration {path} cannot be read", "Check the path and its permissions.");
        }
    }

    private static StartException Invalid(string path, IReadOnlyList<ConfigurationFault> faults)
    {
        var named = faults.Take(MaxNamed).Select(fault => $"{fault.Path}: {fault.Message}{(fault.Hint is null ? "" : " " + fault.Hint)}");
        var more = faults.Count > MaxNamed ? $" (and {faults.Count - MaxNamed} more)" : "";
        return new(Reason.ConfigurationInvalid, $"the configuration {path} is wrong: {string.Join("; ", named)}{more}", $"ostiary config validate {path}");
    }
}
