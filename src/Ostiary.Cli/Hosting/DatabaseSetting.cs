using System.CommandLine;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres;

namespace Ostiary.Cli.Hosting;

/// <summary>
/// Which PostgreSQL a server uses: from its arguments, from the environment, or as the data directory remembers it. A password comes from a file, the environment
/// or the user's <c>.pgpass</c>, never from an argument.
/// </summary>
internal static class DatabaseSetting
{
    public const string Variable = "OSTIARY_DATABASE";
    public const string PasswordFileVariable = "OSTIARY_DATABASE_PASSWORD_FILE";
    private const string Remembered = "database";

    public static readonly Option<string?> Address = new("--database")
    {
        Description = $"Where PostgreSQL is, without password (also {Variable})",
        HelpName = "URL",
    };
    public static readonly Option<string?> PasswordFile = new("--database-password-file")
    {
        Description = $"A file with its password (also {PasswordFileVariable})",
        HelpName = "FILE",
    };

    /// <summary>The store that was named, and where it is: <c>--store postgres://…</c> says both.</summary>
    public static (string Store, DatabaseAddress? Database) From(Invocation invocation, string store)
    {
        var argument = invocation.Value(Address);
        if (
            store.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
            || store.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase)
        )
            (store, argument) = ("postgres", argument ?? store);
        if (argument is not null && Parse(argument).HasPassword)
            throw new CliException(
                new(Reason.SecretInArguments, "The address of the database has a password in it.")
                {
                    Why = "arguments are visible to every process of the machine and stay in the shell's history",
                    Try = $"--database-password-file FILE, the environment variables {Variable} or PGPASSWORD, or ~/.pgpass",
                }
            );
        var text = argument ?? Environment.GetEnvironmentVariable(Variable);
        var file = invocation.Value(PasswordFile) ?? Environment.GetEnvironmentVariable(PasswordFileVariable);
        return (
            store,
            store == "postgres" && !string.IsNullOrEmpty(text) ? new(text, string.IsNullOrEmpty(file) ? null : Path.GetFullPath(file)) : null
        );
    }

    /// <summary>Of a data directory whose server used PostgreSQL, or null. What the environment says goes before.</summary>
    public static DatabaseAddress? Of(string data)
    {
        var file = Path.Combine(data, Remembered);
        if (!File.Exists(file))
            return null;
        var lines = File.ReadAllLines(file);
        var text = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } said ? said : lines.ElementAtOrDefault(0) ?? "";
        var password = Environment.GetEnvironmentVariable(PasswordFileVariable) is { Length: > 0 } named ? named : lines.ElementAtOrDefault(1);
        return new(text, password);
    }

    /// <summary>For the commands that work on the data directory while no server runs. Without the password.</summary>
    public static void Remember(string data, DatabaseAddress database)
    {
        string[] lines = [Parse(database.Text).WithoutPassword, .. database.PasswordFile is { } file ? [file] : Array.Empty<string>()];
        File.WriteAllLines(Path.Combine(data, Remembered), lines);
    }

    public static PostgresAddress Resolve(DatabaseAddress database)
    {
        var address = Parse(database.Text);
        if (database.PasswordFile is not { } file)
            return address;
        try
        {
            return address.WithPassword(File.ReadLines(file).FirstOrDefault() ?? "");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(Reason.SettingInvalid, $"The password file {file} cannot be read.", fault);
        }
    }

    private static PostgresAddress Parse(string text)
    {
        try
        {
            return PostgresAddress.Parse(text);
        }
        catch (StoreException fault)
        {
            throw new CliException(new(fault.Reason, fault.Message) { Exit = ExitCode.Usage, Try = "--database postgres://USER@HOST:5432/NAME" });
        }
    }
}
