using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Cli.Hosting;

/// <summary>A backup into an empty data directory, without a server.</summary>
internal static class Restoration
{
    public const string FencedSentence =
        "It is fenced: what may have been revoked after the backup is taken as revoked, so everybody signs in again and apps ask for new tokens; whoever was disabled since then must be disabled again.";

    public static async Task<BackupHead> RunAsync(string file, ServerOptions options, string? masterKey, CancellationToken ct)
    {
        var data = options.DataDirectory!;
        BackupFile.Check(file); // Before anything is made.
        var present = Path.Combine(data, "keys", "master.key");
        if (masterKey is null && !File.Exists(present))
            throw Unusable("The directory has no master key.", "--master-key FILE: the file keys/master.key of the server that made the backup");
        if (masterKey is not null && File.Exists(present))
            throw Unusable($"{present} is there already.", "--data DIR, with a directory that is new");
        using var directory = DataDirectory.Open(data);
        if (masterKey is not null)
            MasterKey.Import(masterKey, Path.Combine(data, "keys"));
        var master = MasterKey.Open(Path.Combine(data, "keys"));
        await using var stores = await Engines.OpenAsync(options, TimeProvider.System, ct);
        var since = await NextSecondAsync(ct);
        var head = await Restore.RunAsync(file, master, stores, since, ct);
        Partition.Remember(data, head.Issuer);
        if (options.Database is { } database)
            DatabaseSetting.Remember(data, database);
        return head;
    }

    /// <summary>The times in tokens are whole seconds: with the restore at the beginning of one, none of before can be of the same.</summary>
    private static async Task<DateTimeOffset> NextSecondAsync(CancellationToken ct)
    {
        var now = TimeProvider.System.GetUtcNow();
        var next = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds() + 1);
        await Task.Delay(next - now + TimeSpan.FromMilliseconds(1), TimeProvider.System, ct);
        return next;
    }

    private static CliException Unusable(string what, string next) =>
        new(new(Reason.DataDirectoryUnusable, what) { Exit = ExitCode.Usage, Try = next });
}
