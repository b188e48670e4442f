using System.CommandLine;

namespace Ostiary.Cli.Commands;

/// <summary>Options that mean the same everywhere.</summary>
internal static class CommonOptions
{
    public static readonly Option<bool> Help = new("--help", "-h", "-?") { Description = "Show this help", Recursive = true };
    public static readonly Option<string?> Output = Recursive(
        new Option<string?>("--output", "-o")
        {
            Description = "table (default), json, jsonl, yaml or id; TSV when stdout is not a terminal",
            HelpName = "FORM",
        }
    );
    public static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "Only ids, or the one value", Recursive = true };
    public static readonly Option<bool> NoColor = new("--no-color")
    {
        Description = "No colour (also NO_COLOR; CLICOLOR_FORCE=1 forces it)",
        Recursive = true,
    };
    public static readonly Option<string?> Debug = Recursive(
        new Option<string?>("--debug")
        {
            Description = "Show stack traces of unexpected failures; with http, every request and answer too, secrets masked",
            HelpName = "http",
            Arity = ArgumentArity.ZeroOrOne,
        }
    );

    // Which server is administered.
    public static readonly Option<string?> Data = new("--data")
    {
        Description = "The server on this data directory: over its socket when it runs, in this process when it does not",
        HelpName = "DIR",
    };
    public static readonly Option<string?> OfIssuer = new("--issuer")
    {
        Description = "Which issuer, where the data directory has several",
        HelpName = "URL",
    };
    public static readonly Option<string?> Server = new("--server")
    {
        Description = "A remote server over its administration API (also OSTIARY_SERVER; the token is read from OSTIARY_TOKEN)",
        HelpName = "URL",
    };
    public static readonly Option<string?> Timeout = new("--timeout")
    {
        Description = "Give up after this time, e.g. 30s (default)",
        HelpName = "TIME",
    };
    public static readonly Option<string?> Profile = new("--profile")
    {
        Description = "A named way to a server, from ~/.config/ostiary/profiles.json (also OSTIARY_PROFILE)",
        HelpName = "NAME",
    };
    public static readonly Option<bool> DryRun = new("--dry-run") { Description = "Show what would be changed, and change nothing" };
    public static readonly Option<string?> Fields = new("--fields")
    {
        Description = "Only these members, e.g. client_id,created_at",
        HelpName = "A,B.C",
    };
    public static readonly Option<string[]> Filter = new("--filter")
    {
        Description = "Only items with this value; the operators are eq, ne, contains, starts, ends, gt, lt",
        HelpName = "FIELD=[OP:]VALUE",
    };
    public static readonly Option<string?> Sort = new("--sort") { Description = "In the order of a member", HelpName = "FIELD[:desc]" };
    public static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Confirm" };
    public static readonly Option<int?> Limit = new("--limit") { Description = "At most so many (default 100)", HelpName = "N" };
    public static readonly Option<bool> All = new("--all") { Description = "All, however many pages it takes" };

    /// <summary>A verb that administers a server.</summary>
    public static Verb Administers(this Verb verb) => verb.With(Data, OfIssuer, Server, Profile, Timeout, Fields, DryRun);

    public static Verb Lists(this Verb verb) => verb.With(Data, OfIssuer, Server, Profile, Timeout, Fields, Filter, Sort, Limit, All);

    private static T Recursive<T>(T option)
        where T : Option
    {
        option.Recursive = true;
        return option;
    }
}
