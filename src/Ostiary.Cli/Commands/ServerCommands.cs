using System.CommandLine;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Hosting;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary server</c>: what is done with a server as a whole.</summary>
internal static class ServerCommands
{
    private static readonly Argument<string> File = new("FILE") { Description = "The backup" };
    private static readonly Option<string?> Data = new("--data")
    {
        Description = "The data directory: empty, or new",
        HelpName = "DIR",
        Required = true,
    };
    private static readonly Option<string?> Store = new("--store")
    {
        Description = "As for serve: any engine, whatever the backup was made of",
        HelpName = "STORE",
    };
    private static readonly Option<string?> MasterKey = new("--master-key")
    {
        Description = "The file keys/master.key of the server that made the backup",
        HelpName = "FILE",
    };
    private static readonly Option<string?> MigratedData = new("--data")
    {
        Description = $"The data directory (default {ServeCommand.DefaultData})",
        HelpName = "DIR",
    };
    private static readonly Option<bool> Check = new("--check") { Description = "Change nothing; exit 10 where there is something to migrate" };

    private static readonly Option<bool> Contract = new("--contract")
    {
        Description = "Also remove what nodes of the version before need (PostgreSQL): when none runs any more",
    };

    public static Noun Create() =>
        new(
            "server",
            "The server as a whole: status, backup, restore, migration",
            new Verb(
                "status",
                "Show the engine, the revision, and whether it is fenced",
                i => i.OneAsync(HttpMethod.Get, "/server", null, "issuer")
            ).Administers(),
            new Verb("backup", "Write everything it keeps to a new file, while it runs", BackupAsync)
            {
                Examples = ["ostiary server backup /var/backups/ostiary.jsonl --data /var/lib/ostiary"],
            }
                .With(File)
                .Administers(),
            new Verb("restore", "Put a backup into an empty data directory or database, behind a fence", RestoreAsync)
            {
                Examples =
                [
                    "ostiary server restore ostiary.jsonl --data /var/lib/ostiary --master-key master.key",
                    "ostiary server restore ostiary.jsonl --data /var/lib/ostiary --master-key master.key --store memory",
                ],
            }.With(File, Data, Store, DatabaseSetting.Address, DatabaseSetting.PasswordFile, MasterKey),
            new Verb("unfence", "Say that nothing was revoked after the backup: what is older than the restore lives again", UnfenceAsync)
                .With(CommonOptions.Yes)
                .Administers(),
            new Verb("migrate", "Bring the store to the format of this version", MigrateAsync).With(
                Check,
                Contract,
                MigratedData,
                Store,
                DatabaseSetting.Address,
                DatabaseSetting.PasswordFile
            )
        );

    private static Task<int> BackupAsync(Invocation invocation)
    {
        var file = Path.GetFullPath(invocation.Value(File));
        return invocation.DoAsync(
            HttpMethod.Post,
            "/server/backup",
            JsonForms.Object(json => json.WriteString("file", file)),
            $"backed up to {file}; it can be read with the master key only, which is not in it: keep keys/master.key elsewhere"
        );
    }

    private static async Task<int> RestoreAsync(Invocation invocation)
    {
        var data = Path.GetFullPath(invocation.Value(Data)!);
        var file = Path.GetFullPath(invocation.Value(File));
        if (!System.IO.File.Exists(file))
            throw new CliException(new(Reason.InputUnreadable, $"There is no file {file}.") { Exit = ExitCode.Usage });
        var head = await Restoration.RunAsync(file, Options(invocation, data), invocation.Value(MasterKey), invocation.Stop);
        invocation.Terminal.Note(
            $"restored the backup of {head.MadeAt:yyyy-MM-dd HH:mm:ss}Z of {head.Issuer}. {Restoration.FencedSentence} If nothing was: ostiary server unfence --data {data} --yes"
        );
        return ExitCode.Done;
    }

    private static Task<int> UnfenceAsync(Invocation invocation)
    {
        if (!invocation.Value(CommonOptions.Yes))
            throw new CliException(
                new(Reason.ConfirmationNeeded, "What was revoked after the backup was made would be accepted again.")
                {
                    Try =
                        "ostiary server unfence --yes, where the server had stopped before the backup, or you have ended again what was ended since",
                }
            );
        return invocation.DoAsync(HttpMethod.Post, "/server/unfence", null, "the fence is down: what is older than the restore lives again");
    }

    private static async Task<int> MigrateAsync(Invocation invocation)
    {
        var data = Path.GetFullPath(invocation.Value(MigratedData) ?? ServeCommand.DefaultData);
        var options = Options(invocation, data);
        if (invocation.Value(Contract) && !invocation.Value(Check))
            await Engines.ContractAsync(options, invocation.Stop);
        var found = await Migration.RunAsync(options, invocation.Value(Check), invocation.Stop);
        invocation.Results.One(
            JsonForms.Object(json =>
            {
                json.WriteString("engine", found.Engine);
                json.WriteNumber("format", found.Format);
                json.WriteNumber("newest", found.Newest);
                json.WriteBoolean("pending", found.IsPending);
            }),
            "format"
        );
        return found.IsPending && invocation.Value(Check) ? ExitCode.Findings : ExitCode.Done;
    }

    private static ServerOptions Options(Invocation invocation, string data)
    {
        var (store, database) = DatabaseSetting.From(invocation, invocation.Value(Store) ?? Engines.KindOf(data));
        var options = new ServerOptions
        {
            Issuer = Partition.IssuerOf(data) ?? Partition.IssuerNamedBy(data) ?? "http://localhost",
            Listen = [],
            DataDirectory = data,
            Store = store,
            Database = store == "postgres" ? database ?? DatabaseSetting.Of(data) : null,
        };
        if (store == "postgres" && options.Database is null)
            throw CliException.Usage("The PostgreSQL store needs the address of its database: --database postgres://USER@HOST/NAME");
        return options;
    }
}
